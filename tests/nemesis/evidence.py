"""What checks look at, and what they find."""

from collections import Counter
from dataclasses import dataclass

from agents.models import Run, ToolCall
from tests.nemesis.history import History
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that does not hold, with the evidence."""

    invariant: str
    sentence: str


class Evidence:
    """What the checks of one workspace look at; `checked` counts what was looked at."""

    def __init__(self, history: History, workspace: Workspace):
        self.history, self.workspace = history, workspace
        self.checked: Counter[str] = Counter()
        self.runs = {str(run.pk): run for run in Run.objects.filter(workspace=workspace)}
        self.calls = {str(call.pk): call for call in ToolCall.objects.filter(workspace=workspace)}
