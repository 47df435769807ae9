"""Which recorded result answers a call of a run that plays a recording."""

from agents.runtime.drive import Drive


def recorded_index(drive: Drive, position: str) -> int:
    """Which call of the conversation this is: all calls of earlier turns, and its place in its own."""
    turn, _, place = position.rpartition(".")
    earlier = [entry for entry in drive.run.messages.entries if isinstance(entry, list)]
    before = [place for entry in earlier for place in entry if is_tool_position(drive, place)]
    return len(before) + int(place if turn else 0)


def is_tool_position(drive: Drive, position: str) -> bool:
    """Whether the outcome at this position is a tool's."""
    return "status" in drive.run.outcomes[position].value
