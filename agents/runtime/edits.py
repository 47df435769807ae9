"""What a fork changes in the flow's state and messages, just before the outcome of its first step is handed in."""

from typing import Any

from pydantic import BaseModel, ValidationError

from agents.exceptions import Diverged
from agents.runtime.conversation import Entry
from agents.runtime.flow import FlowRun


def apply(run: FlowRun, edit: dict[str, Any], seq: int) -> None:
    """Make the change in place, for the flow may hold the state; raises Diverged where it does not fit."""
    if edit.get("state") and run.state is not None:
        _write_state(run.state, edit["state"], seq)
    if "messages" in edit:
        run.conversation("").rewrite(edit["messages"])
    if "said" in edit:
        _say_otherwise(run, edit["said"])


def stated(state: BaseModel, change: dict[str, Any]) -> BaseModel:
    """The state with these fields changed; raises ValidationError."""
    return type(state).model_validate(state.model_dump(mode="json") | change)


def _write_state(state: BaseModel, change: dict[str, Any], seq: int) -> None:
    try:
        changed = stated(state, change)
    except ValidationError as error:
        raise Diverged(f"a change of the state at step {seq}", [str(error)], seq) from None
    for name in change:
        setattr(state, name, getattr(changed, name))


def _say_otherwise(run: FlowRun, content: Any) -> None:
    """Put other words in the place of the user's last message."""
    talk = run.conversation("")
    entries = list(talk.entries)
    for index in reversed(range(len(entries))):
        if is_of_the_user(run, entries[index]):
            entries[index] = {"role": "user", "content": content}
            return talk.rewrite(entries)
    return talk.rewrite([{"role": "user", "content": content}, *entries])


def is_of_the_user(run: FlowRun, entry: Entry) -> bool:
    """Whether a person said this, and not the model or a tool."""
    if isinstance(entry, list):
        return "content" in run.outcomes[entry[0]].value
    return entry is not None and entry.get("role") == "user"
