"""How figures, JSON and conversations read."""

from typing import Any

import pytest

from console.figures import dollars, duration, initials
from console.prose import MAX_LINES, difference, lines, unwrapped
from console.talk import result, turns


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (-1, "0 ms"),
        (0.2124, "212 ms"),
        (4.862, "4.86 s"),
        (12.94, "12.9 s"),
        (59.96, "1 m 00 s"),
        (1124, "18 m 44 s"),
        (7500, "2 h 05 m"),
        (604800, "7 d 0 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "$0.00"), (19, "$0.00002"), (19_100, "$0.019"), (995_000, "$0.99"), (1_234_500_000, "$1,234.50")],
)
def test_money(amount: int, words: str) -> None:
    assert dollars(amount) == words


@pytest.mark.parametrize(("name", "letters"), [("Jonas Hartmann", "JH"), ("olga", "O"), ("a. b. c", "AC"), ("", "")])
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_json_shows_what_is_in_it() -> None:
    assert [line.text for line in lines({"a": "x\u202ey", "b": "\ud800"})] == [
        "{",
        '  "a": "x⟨U+202E⟩y",',
        '  "b": "⟨U+D800⟩"',
        "}",
    ]


def test_long_json_says_how_much_is_missing() -> None:
    shown = lines(list(range(1000)))

    assert len(shown) == MAX_LINES + 1
    assert shown[-1].text == f"… {1002 - MAX_LINES} more lines"


def test_a_difference_has_signs() -> None:
    shown = difference({"a": 1, "b": 2}, {"a": 1, "b": 3})

    assert [line.text for line in shown if line.kind] == ['-  "b": 2', '+  "b": 3']
    assert difference({"a": 1}, {"a": 1}) == []


BLOCKS: list[Any] = [
    {"type": "text", "text": "hello"},
    {"type": "thinking", "thinking": "hm"},
    {"type": "tool_use", "id": "1", "name": "find", "input": {"a": 1}},
    {"type": "image", "source": "x"},
    "bare text",
]


def test_every_kind_of_message_can_be_shown() -> None:
    shown = turns(
        [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": BLOCKS},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True}],
            },
            {"role": "user"},
        ],
        "desk",
    )

    assert [turn.who for turn in shown] == ["User", "desk", "Tools", "User"]
    assert [piece.label for piece in shown[1].pieces] == ["", "thinking", "calls find", "", ""]
    assert shown[2].pieces[0].label == "error"
    assert [(label, reading.said) for label, reading in shown[1].pieces[2].pairs] == [("a", "1")]


@pytest.mark.parametrize(
    ("text", "pairs"), [('{"paid": {"by": "Ana"}}', [("paid.by", "Ana")]), ('{"a": 1, "a": 2}', []), ("plain", [])]
)
def test_a_result_folds_where_it_is_json_that_says_one_thing(text: str, pairs: list[tuple[str, str]]) -> None:
    found = result({"content": text})

    assert [(label, reading.said) for label, reading in found.pairs] == pairs
    assert pairs or [line.text for line in found.lines] == [text]


def test_a_text_that_was_broken_to_fit_a_file_flows_again() -> None:
    full = "x" * 80
    assert (
        unwrapped(f"{full}\ngoes on\nnew line\n\n{full}\n\nnew part")
        == f"{full} goes on\nnew line\n\n{full}\n\nnew part"
    )
    assert (
        unwrapped(f"1. {full}\n   goes on\n2. next {full}\n - inner") == f"1. {full} goes on\n2. next {full}\n - inner"
    )
    assert [unwrapped(text) for text in ("", "\n", " a\n b ")] == ["", "\n", " a\n b "]
