"""Which recorded result answers a call of a run that plays a recording."""

from agents.runtime.drive import Drive
from agents.runtime.text import dumps
from agents.runtime.version import recording
from agents.tools.types import ToolResult


def recorded_index(drive: Drive, position: str) -> int:
    """Which call of the conversation this is: all calls of earlier turns, and its place in its own."""
    turn, _, place = position.rpartition(".")
    earlier = [entry for entry in drive.run.messages.entries if isinstance(entry, list)]
    before = [place for entry in earlier for place in entry if is_tool_position(drive, place)]
    return len(before) + int(place if turn else 0)


def is_tool_position(drive: Drive, position: str) -> bool:
    """Whether the outcome at this position is a tool's."""
    return "status" in drive.run.outcomes[position].value


def recorded_result(recording_id: int | None, index: int) -> ToolResult:
    """What the recording says that its call number `index` came to."""
    results = recording(recording_id)[1] if recording_id else []
    if index < len(results):
        return ToolResult("succeeded", dumps(results[index]))
    message = "The recording has no result for this call."
    return ToolResult("failed", error={"type": "not_recorded", "message": message, "retryable": False})
