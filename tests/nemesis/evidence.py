"""What checks look at, and what they find."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.models import Agent, Run, ToolCall
from tests.nemesis.history import History
from tests.nemesis.house import House


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that does not hold, with the evidence."""

    invariant: str
    sentence: str


type Check = Callable[[], Iterator[Violation]]


class Evidence:
    """What the checks of one house look at; `checked` counts what was looked at."""

    def __init__(self, history: History, house: House):
        self.history, self.house, self.workspace = history, house, house.workspace
        self.checked: Counter[str] = Counter()
        self.runs = {str(run.pk): run for run in Run.objects.filter(workspace=self.workspace)}
        self.agents = dict(Agent.objects.filter(workspace=self.workspace).values_list("pk", "name"))
        self.calls = {str(call.pk): call for call in ToolCall.objects.filter(workspace=self.workspace)}

    def checks(self) -> list[Check]:
        """What this part looks at."""
        raise NotImplementedError
