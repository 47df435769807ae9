"""A circuit breaker for each tool: who fails again and again is left alone for a while, then tried by one call."""

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from agents.runtime import database
from agents.runtime.clock import boot
from agents.runtime.database import Statement
from agents.runtime.text import storable
from agents.tools.types import ToolResult

FAILURES = 5  # in a row
WINDOW_SECONDS = 60.0  # a failure that comes later begins a new row
REST_SECONDS = 30.0  # the first rest; each further failure doubles it
MAX_REST_SECONDS = 300.0
LOOK_SECONDS = 1.0  # so old may a process's knowledge be
MAX_MESSAGE = 300
log = logging.getLogger(__name__)

_FAILED = Statement("""
INSERT INTO agents_breaker AS breaker (workspace_id, tool, failures, last_error)
VALUES (%(workspace)s, %(tool)s, 1, %(error)s)
ON CONFLICT (workspace_id, tool) DO UPDATE SET last_error = excluded.last_error, failed_at = now(),
  failures = CASE WHEN breaker.open_until IS NULL AND breaker.failed_at < now() - %(window)s * interval '1 s' THEN 1
    ELSE breaker.failures + 1 END,
  open_until = CASE WHEN breaker.failures + 1 >= %(most)s AND (breaker.open_until IS NOT NULL
      OR breaker.failed_at >= now() - %(window)s * interval '1 s')
    THEN now() + least(%(longest)s, %(rest)s * 2 ^ least(breaker.failures + 1 - %(most)s, 10)) * interval '1 s' END
RETURNING failures, open_until IS NOT NULL AS is_open
""")
_SUCCEEDED = Statement("DELETE FROM agents_breaker WHERE workspace_id = %(workspace)s AND tool = %(tool)s RETURNING id")
_KNOWN = Statement("""
SELECT tool, failures, last_error, open_until IS NOT NULL AS is_open,
  greatest(0, extract(epoch FROM open_until - now()))::float8 AS seconds
FROM agents_breaker WHERE workspace_id = %(workspace)s
""")

# One call tries whether the tool works again; until it has an outcome, or can have none any more, others stay away.
_TRY = Statement("""
UPDATE agents_breaker SET open_until = now() + %(seconds)s * interval '1 s'
WHERE workspace_id = %(workspace)s AND tool = %(tool)s AND open_until <= now() RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Broken:
    """A tool that is left alone."""

    failures: int
    last_error: str
    seconds: float

    @property
    def error(self) -> dict[str, Any]:
        """What the model is told."""
        message = (
            f"This tool has failed {self.failures} times in a row, last with: {self.last_error} It is not called for "
            f"the next {max(1, round(self.seconds))} s. Go on without it, or try again later."
        )
        return {"type": "tool_unavailable", "message": message, "retryable": True}


@dataclass(slots=True)
class _Known:
    """What this process has read of a workspace."""

    read_at: float = float("-inf")
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)


class Breakers:
    """The breakers of all workspaces, as this process last read them."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._lock = threading.Lock()

    def broken(self, workspace_id: int, tool: str, seconds: float) -> Broken | None:
        """Why the tool is not to be called now; None also for the one call, of so many seconds, that tries it again."""
        found = self._tools(workspace_id).get(tool)
        if found is None or not found["is_open"]:
            return None
        if database.rows(_TRY, workspace=workspace_id, tool=tool, seconds=seconds):
            log.info("A call tries whether %s works again.", tool)
            return None
        return Broken(found["failures"], found["last_error"], found["seconds"])

    def note(self, workspace_id: int, tool: str, result: ToolResult) -> None:
        """Take note of how a call of the tool ended."""
        if is_breakage(result):
            self._failed(workspace_id, tool, result)
        elif tool in self._tools(workspace_id):
            database.rows(_SUCCEEDED, workspace=workspace_id, tool=tool)
            self._forget(workspace_id)

    def _failed(self, workspace_id: int, tool: str, result: ToolResult) -> None:
        said = storable(str((result.error or {}).get("message") or "no answer"))[:MAX_MESSAGE]
        limits = {"window": WINDOW_SECONDS, "most": FAILURES, "rest": REST_SECONDS, "longest": MAX_REST_SECONDS}
        found = database.row(_FAILED, workspace=workspace_id, tool=tool, error=said, **limits)
        self._forget(workspace_id)
        if found and found["is_open"]:
            log.warning("The tool %s has failed %s times in a row: it is left alone.", tool, found["failures"])

    def _tools(self, workspace_id: int) -> dict[str, dict[str, Any]]:
        with self._lock:
            known = self._known.setdefault(workspace_id, _Known())
            is_fresh = boot() - known.read_at < LOOK_SECONDS
        if not is_fresh:
            tools = {row["tool"]: row for row in database.rows(_KNOWN, workspace=workspace_id)}
            known.read_at, known.tools = boot(), tools
        return known.tools

    def _forget(self, workspace_id: int) -> None:
        with self._lock:
            self._known.pop(workspace_id, None)


def is_breakage(result: ToolResult) -> bool:
    """Whether the tool itself is to blame, and not what it was asked: no outcome, or a failure that may pass."""
    return result.kind == "unknown" or bool(result.error and result.error.get("retryable"))


breakers = Breakers()
