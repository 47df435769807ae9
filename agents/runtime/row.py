"""One line of a journal."""

from dataclasses import dataclass
from datetime import datetime

from agents.runtime.effects import Outcome


@dataclass(slots=True)
class Row:
    """One line of the journal: what was asked where, what came of it, and what the flow made of it."""

    position: str
    kind: str
    request: bytes
    outcome: Outcome
    seq: int = 0
    state: str | None = None
    messages: str | None = None
    keyframe: str | None = None
    started_at: datetime | None = None
    name: str = ""
    tokens: int = 0
    is_inherited: bool = False
    """It is of a run that this one was forked from."""
    is_whole: bool = False
    """State and messages are kept with it as they are, so that nobody has to read what was before."""

    @property
    def is_first(self) -> bool:
        """Whether its run, or fork, begins with it."""
        return self.is_whole or self.kind == "start"
