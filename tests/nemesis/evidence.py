"""What checks look at, and what they find."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from agents.models import Agent, Run, ToolCall
from tests.nemesis import outside
from tests.nemesis.history import History
from tests.nemesis.house import House
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that does not hold, with the evidence."""

    invariant: str
    sentence: str


type Check = Callable[[], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Known:
    """What all checks look at, read once: rows, and what happened outside."""

    runs: dict[str, Run]
    agents: dict[int, str]
    calls: dict[str, ToolCall]
    lines: list[dict[str, Any]]
    effects: list[dict[str, Any]]

    @classmethod
    def of(cls, workspace: Workspace) -> "Known":
        runs, lines = Run.objects.filter(workspace=workspace), list(outside.lines())
        return cls(
            {str(run.pk): run for run in runs.order_by("pk")},
            dict(Agent.objects.filter(workspace=workspace).values_list("pk", "name")),
            {str(call.pk): call for call in ToolCall.objects.filter(workspace=workspace)},
            lines,
            [line for line in lines if line["what"] in outside.EFFECTS],
        )


class Evidence:
    """What the checks of one house look at; `checked` counts what was looked at."""

    def __init__(self, history: History, house: House, known: Known | None = None):
        self.history, self.house, self.workspace = history, house, house.workspace
        self.checked: Counter[str] = Counter()
        self.known = known or Known.of(house.workspace)
        self.runs, self.agents, self.calls = self.known.runs, self.known.agents, self.known.calls

    def checks(self) -> list[Check]:
        """What this part looks at."""
        raise NotImplementedError

    def found(self) -> Iterator[Violation]:
        """All that these checks find; one that cannot be carried out is a finding as well, and ends no other."""
        for check in self.checks():
            try:
                yield from check()
            except Exception:  # noqa: BLE001  # the outermost loop: what the others find must not be lost
                yield Violation("checker", f"{check.__name__} could not be carried out:\n{traceback.format_exc()}")
