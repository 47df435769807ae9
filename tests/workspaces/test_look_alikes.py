"""Letters that pass for others are named; honest words of other alphabets are left alone."""

import pytest

from workspaces.look_alikes import remarks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pаypal.com", "Mixes alphabets within a word: “pаypal” (U+0430)."),
        ("tо", "Mixes alphabets within a word: “tо” (U+043E)."),
        ("аррӏе.com", "CYRILLIC letters that look like Latin ones: “аррӏе”"),
        ("1２３4", "plainly it reads: 1234"),
        ("ｐａｙ Marta", "plainly it reads: pay Marta"),
        ("𝐩𝐚𝐲", "plainly it reads: pay"),
        ("٣٠", "Holds letters or digits in an unusual form"),
    ],
)
def test_what_poses_is_named(text: str, said: str) -> None:
    assert said in " ".join(remarks(text))


@pytest.mark.parametrize(
    "text",
    ["paypal.com", "Привет, сер", "сер Иван", "Ελλάδα", "東京Tower", "naïve café", "12 m²", "Müller & Søn", "5 €"],
)
def test_what_is_honest_is_left_alone(text: str) -> None:
    assert list(remarks(text)) == []
