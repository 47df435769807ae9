"""All kinds of faults."""

from tests.nemesis.faults.broker import OfTheBroker
from tests.nemesis.faults.database import OfTheDatabase
from tests.nemesis.faults.processes import OfProcesses


class Faults(OfProcesses, OfTheBroker, OfTheDatabase):
    """Carries out whatever the schedule names."""
