"""Texts that still grow: how much of one can be shown before its credentials can be told from the rest."""

import re

from agents.tools.credentials import FORMS, known

MARKS = tuple(mark for _, mark, _ in FORMS)
INTRODUCES = re.compile(r"\S*(?:[Bb]earer|assword[=:]) \Z")  # what follows is a credential by the word before it
KEY_BEGINS, KEY_ENDS = "-----BEGIN ", re.compile(r"-----END [A-Z ]*-----")
SEEN = "".join(map(chr, range(33, 127)))


def settled(text: str) -> int:
    """How many characters can be shown; what follows them is, or may become, part of a credential."""
    begun, end = text.rfind(KEY_BEGINS), _last_word(text)
    ended = KEY_ENDS.search(text, max(0, begun))
    if begun >= 0 and not (ended and ended.end() <= end):
        return begun
    return min([end, *(_before(one, text, end) for one in known())])


def _last_word(text: str) -> int:
    """Where the word begins that is not yet complete, with the one that introduces it."""
    start = max(map(text.rfind, (" ", "\n", "\t", "\r"))) + 1
    if introduced := INTRODUCES.search(text[max(0, start - 100) : start]):
        return start - len(introduced.group())
    if any(mark in text[start:] for mark in MARKS):
        return start
    return max(start, len(text.rstrip(SEEN)))  # languages without spaces: only what forms are made of is held back


def _before(secret: str, text: str, end: int) -> int:
    """Where a known secret begins that reaches beyond `end`, or may."""
    places = range(max(0, end - len(secret)), end)
    return next((at for at in places if secret.startswith(text[at : at + len(secret)])), end)
