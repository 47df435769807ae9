from typing import Any

import pytest

from agents.gateway import ModelFailure, ModelReply, ModelRequest, recorded

HELLO = {"role": "user", "content": "Hello"}
TURNS = [[{"type": "text", "text": "One."}], [{"type": "tool_use", "id": "call_7", "name": "pay", "input": {}}]]


def ask(turns_so_far: int, **extra: Any) -> ModelReply:
    said = [{"role": "assistant", "content": "…"}, HELLO] * turns_so_far
    return recorded.complete(ModelRequest(model="gpt-4o", messages=[HELLO, *said], extra=extra))


def test_the_recording_is_played_turn_by_turn() -> None:
    assert [ask(turn, recording=TURNS).blocks for turn in (0, 1)] == TURNS


def test_a_recording_that_is_over_says_so() -> None:
    with pytest.raises(ModelFailure, match="ends after 2 turns") as failure:
        ask(2, recording=TURNS)
    assert (failure.value.kind, failure.value.retryable) == ("recording_ended", False)


def test_without_a_recording_there_is_nothing_to_play() -> None:
    with pytest.raises(ModelFailure) as failure:
        ask(0)
    assert failure.value.kind == "no_recording"
