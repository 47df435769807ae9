"""What a model says while it says it, for pages that are open: never stored, and replaced by the commit of the turn."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from agents.tools.growing import settled
from agents.tools.legible import legible
from workspaces import hints

MERGE_SECONDS = 0.05


@dataclass(slots=True)
class Streaming:
    """Takes the deltas of one model call and sends them on, merged; a lost piece costs nothing but its words."""

    workspace_id: int
    run_id: UUID
    position: str
    publish: Callable[[str], object] = hints.publish_text
    clock: Callable[[], float] = time.monotonic
    attempt: int = 1
    offset: int = 0
    unsent: str = ""
    tool: str = ""
    sent_at: float = field(default=float("-inf"))

    def __call__(self, delta: dict[str, Any]) -> None:
        """One more piece of the reply, as the gateway names them (`gateway/types.py`)."""
        match delta["type"]:
            case "restart":
                self.attempt, self.offset, self.unsent, self.tool = self.attempt + 1, 0, "", ""
            case "text" | "thinking":
                self.unsent, self.tool = self.unsent + delta["text"], ""
            case "tool" if delta["name"] != self.tool:
                self.tool = delta["name"]
                self.unsent += f"\n\n→ {self.tool}\n"
        if self.unsent and self.clock() - self.sent_at >= MERGE_SECONDS:
            self._send()

    def _send(self) -> None:
        """Send what can be told from a credential, as the page of the run will show it; the rest waits."""
        self.sent_at = self.clock()  # also where nothing is: what is held back is not read again with each piece
        end = settled(self.unsent)
        if not end:
            return
        text = legible(self.unsent[:end], "\n\t")
        said = {"w": self.workspace_id, "run": str(self.run_id), "position": self.position, "attempt": self.attempt}
        self.publish(json.dumps(said | {"offset": self.offset, "text": text}))
        units = len(text.encode("utf-16-le")) // 2  # in which browsers count
        self.offset, self.unsent = self.offset + units, self.unsent[end:]
