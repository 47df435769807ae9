"""An agent's text as it really is: what cannot be seen is written out and counted, what imitates something is named,
long texts show head, tail and length, and what is encoded in them can be read; only credentials are hidden."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from agents.tools import credentials
from agents.tools.legible import is_unseen
from console import decoding
from console.prose import Line
from workspaces import look_alikes

LONG, LONG_LINES = 1_000, 15
HEAD, TAIL = 400, 200
MAX_WORD = 18
MAX_MARKS = 4
GAPS = re.compile(
    rf"(?P<space>[ \t\n\r\u00a0\u2000-\u200a\u202f\u3000]{{21,}})|(?P<marks>[\u0300-\u036f]{{{MAX_MARKS + 1},}})"
)
VISIBLE = "\n\t"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text; `x` stands for a character that cannot be seen, or a credential, `gap` for what was left out."""

    text: str
    kind: Literal["", "x", "gap"] = ""


@dataclass(frozen=True)
class Reading:
    """One text, read for a person who has to decide about it."""

    said: str

    @cached_property
    def text(self) -> str:
        """What is shown of it: all but its credentials."""
        return credentials.hidden(self.said)

    @cached_property
    def hidden(self) -> list[str]:
        """What stands for its credentials."""
        return [credentials.stand_in(*one) for one in credentials.found(self.said).items()]

    @cached_property
    def unseen(self) -> str:
        """The characters in it that cannot be seen, each once."""
        return "".join(one for one in sorted(set(self.text)) if one not in VISIBLE and is_unseen(one))

    @property
    def parts(self) -> list[Part]:
        """All of it."""
        return list(self._parts(self.text))

    @property
    def head(self) -> list[Part]:
        """How a long one begins."""
        return list(self._parts(self.text[:HEAD]))

    @property
    def tail(self) -> list[Part]:
        """How it ends."""
        return list(self._parts(self.text[-TAIL:]))

    @property
    def length(self) -> str:
        """In characters and lines."""
        lines = self.text.count("\n") + 1
        return f"{len(self.text):,} characters" + (f", {lines:,} lines" if lines > 1 else "")

    @property
    def is_long(self) -> bool:
        """Whether it has to be opened to be read."""
        return len(self.text) > LONG or self.text.count("\n") >= LONG_LINES

    @property
    def is_unbroken(self) -> bool:
        """Whether a word of it, such as an address, is longer than half a card is wide."""
        return any(len(word) > MAX_WORD for word in self.text.split())

    @property
    def inner(self) -> tuple[str, list[Line]] | None:
        """What is encoded in it: how, and what it says."""
        return decoding.inner(self.said)

    @cached_property
    def remarks(self) -> list[str]:
        """What a reader would not notice."""
        return list(self._remarks())

    def _remarks(self) -> Iterator[str]:
        for name in sorted(set(credentials.found(self.said).values())):
            yield f"Holds what looks like a credential ({name}); it is hidden here, but it is in the call."
        if hidden := sum(self.text.count(one) for one in self.unseen):
            yield f"Holds {counted(hidden, 'character')} that cannot be seen, written out as {escape(self.unseen[0])}."
        for gap in GAPS.finditer(self.text):
            what = "spaces and line breaks" if gap["space"] else "marks on one letter"
            yield f"Holds {len(gap[0]):,} {what} in a row."
            break
        yield from look_alikes.remarks(self.text)

    def _parts(self, text: str) -> Iterator[Part]:
        place = 0
        for gap in GAPS.finditer(text):
            yield from self._visible(text[place : gap.start()])
            yield from collapsed(gap)
            place = gap.end()
        yield from self._visible(text[place:])

    def _visible(self, text: str) -> Iterator[Part]:
        """The text between the gaps, with what cannot be seen written out."""
        strange = [*self.hidden, *self.unseen]
        if not strange:
            yield Part(text)
            return
        for piece in re.split(f"({'|'.join(map(re.escape, strange))})", text):
            if piece:
                yield Part(escape(piece) if len(piece) == 1 else piece, "x") if piece in strange else Part(piece)


def collapsed(gap: re.Match[str]) -> Iterator[Part]:
    """The beginning of a gap, and how much more of it there is."""
    if gap["marks"]:
        yield Part(gap[0][:MAX_MARKS])
        yield Part(f"⟨+{len(gap[0]) - MAX_MARKS:,} marks⟩", "gap")
        return
    lines = gap[0].count("\n")
    yield Part("\n" if lines else " ")
    words = f"{lines:,} line breaks" if lines else f"{len(gap[0]):,} spaces"
    yield Part(f"⟨{words} left out⟩", "gap")
    yield Part("\n" if lines else " ")


def escape(character: str) -> str:
    """⟨U+202E⟩."""
    return f"⟨U+{ord(character):04X}⟩"


def counted(number: int, thing: str) -> str:
    """1 character, 2,000 characters."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
