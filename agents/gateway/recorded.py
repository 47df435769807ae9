"""A model that says what was said before: it plays a journal or an imported transcript."""

from agents.gateway.playing import play
from agents.gateway.types import ModelFailure, ModelReply, ModelRequest, OnDelta


def complete(request: ModelRequest, on_delta: OnDelta | None = None) -> ModelReply:
    """The n-th turn of `request.extra["recording"]` (a list of turns, each a list of blocks) after n turns."""
    turns = request.extra.get("recording")
    if turns is None:
        raise ModelFailure("There is no recording to play.", kind="no_recording", retryable=False)
    if request.turns_so_far >= len(turns):
        message = f"The recording ends after {len(turns)} turns of the model."
        raise ModelFailure(message, kind="recording_ended", retryable=False)
    return play(turns[request.turns_so_far], request, "recorded", on_delta)
