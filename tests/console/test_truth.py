"""Text of an agent as a card shows it: nothing hidden, nothing that poses as something else, nothing left unread."""

import pytest

from console.truth import Reading


def shown(text: str) -> str:
    return "".join(part.text for part in Reading(text).parts)


def strange(text: str) -> list[str]:
    return [part.text for part in Reading(text).parts if part.kind]


UNSEEN = "\u202e\u2066\u200b\u200d\U000e0041\u3164\u2800\ufeff\u00ad\x00\x1b\u2028\r\x08"


@pytest.mark.parametrize("hidden", UNSEEN)
def test_what_cannot_be_seen_is_written_out_and_counted(hidden: str) -> None:
    text = f"pay{hidden} Marta{hidden}"
    escaped = f"⟨U+{ord(hidden):04X}⟩"

    assert shown(text) == f"pay{escaped} Marta{escaped}" and strange(text) == [escaped, escaped]
    assert Reading(text).remarks == [f"Holds 2 characters that cannot be seen, written out as {escaped}."]


def test_an_escape_that_the_agent_wrote_is_told_from_ours() -> None:
    assert strange("⟨U+202E⟩") == [] and strange("\u202e") == ["⟨U+202E⟩"]


@pytest.mark.parametrize("text", ["Two panels\n\tare cracked", "Łódź, naïve, Ελλάδα, Привет", "a b", "👍 fine", ""])
def test_plain_text_stays_as_it_is(text: str) -> None:
    reading = Reading(text)

    assert (shown(text), reading.remarks, reading.inner, reading.is_long) == (text, [], None, False)


@pytest.mark.parametrize(
    ("text", "left", "said"),
    [
        ("a" + " " * 3_000 + "payload", "a ⟨3,000 spaces left out⟩ payload", "3,000 spaces and line breaks"),
        ("a" + "\n" * 3_000 + "payload", "a\n⟨3,000 line breaks left out⟩\npayload", "3,000 spaces and line breaks"),
        ("Za" + "\u0301" * 500 + "go", "Za" + "\u0301" * 4 + "⟨+496 marks⟩go", "500 marks on one letter"),
    ],
)
def test_a_gap_is_collapsed_with_its_size(text: str, left: str, said: str) -> None:
    assert shown(text) == left
    assert said in Reading(text).remarks[0]


def test_a_long_text_shows_head_tail_and_length() -> None:
    reading = Reading("begin " + "x" * 20_000 + " and pay Mallory\u202e")

    assert reading.is_long and reading.length == "20,023 characters"
    assert "".join(part.text for part in reading.head).startswith("begin ")
    assert "".join(part.text for part in reading.tail).endswith(" and pay Mallory⟨U+202E⟩")
    assert Reading("line\n" * 20).is_long and Reading("line\n" * 20).length == "100 characters, 21 lines"


def test_a_megabyte_is_read_whole() -> None:
    text = "я" * 500_000 + "\u200b" + "z" * 500_000
    assert Reading(text).remarks[0].startswith("Holds 1 character that cannot be seen")
    assert shown(text) == text.replace("\u200b", "⟨U+200B⟩")
