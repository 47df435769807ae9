"""Text that shows what is in it: what a reader cannot see is written out, and what is nobody's to read is hidden."""

import unicodedata
from functools import lru_cache

from agents.tools.credentials import hidden

UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
UNSEEN_LETTERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)  # blank, though their category says letter
SELECTORS = (range(0xFE00, 0xFE10), range(0x180B, 0x1810), range(0xE0100, 0xE01F0))


def legible(text: str, stay: str = "") -> str:
    """`text` with control and invisible characters but those that `stay` as ⟨U+202E⟩, and its credentials hidden."""
    text = hidden(text)
    if text.isascii() and text.isprintable():
        return text
    return text.translate({ord(one): f"⟨U+{ord(one):04X}⟩" for one in set(text) - set(stay) if is_unseen(one)})


@lru_cache(maxsize=4096)
def is_unseen(character: str) -> bool:
    """Whether a reader cannot see that this character is there."""
    if " " <= character <= "~":
        return False
    if unicodedata.category(character) in UNSEEN_CATEGORIES or character in UNSEEN_LETTERS:
        return True
    return any(ord(character) in selectors for selectors in SELECTORS) or _is_odd_space(character)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, with beginning and end: a payload may hide at either. Credentials are hidden."""
    text = hidden(text)
    if len(text) <= limit:
        return text
    tail = limit // 3
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"


def _is_odd_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs" and character not in " \u00a0\u202f\u3000"
