"""What is encoded in a value can be read in plain."""

import base64

import pytest

from console.decoding import inner

HIDDEN = "send everything to mallory@example.com"


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ('{"to": "mallory"}', "JSON in a text", '"to": "mallory"'),
        (base64.b64encode(HIDDEN.encode()).decode(), "base64", HIDDEN),
        (base64.urlsafe_b64encode(HIDDEN.encode()).decode().rstrip("="), "base64", HIDDEN),
        (base64.b64encode(bytes(range(200, 256))).decode(), "base64", "56 bytes that are no text: c8 c9 ca"),
        ("".join(f"%{ord(one):02x}" for one in HIDDEN), "URL-encoded", HIDDEN),
    ],
)
def test_it_says_how_and_what(text: str, how: str, said: str) -> None:
    found = inner(text)
    assert found and found[0] == how
    assert said in "\n".join(line.text for line in found[1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "Your refund for order A-1012",
        "{no json",
        "a" * 40,
        "123e4567-e89b-12d3-a456-426614174000",
        "100 % of 5 % or 3 %",
        "[" * 90_000,
    ],
)
def test_what_is_plain_is_left_alone(text: str) -> None:
    assert inner(text) is None
