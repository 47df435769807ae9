"""What a text carries inside: JSON, base64, or URL-encoded text, offered to be read in plain."""

import base64
import binascii
import json
import re
from urllib.parse import unquote

from agents.tools.legible import clip
from console.prose import Line, lines

BASE64 = re.compile(r"\A[A-Za-z0-9+/_-]{24,}={0,2}\Z")
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
MIN_ESCAPES = 3
WRAPPED = 32  # characters of a line, at least, where a code is wrapped
MAX_SHOWN = 20_000


def inner(text: str) -> tuple[str, list[Line]] | None:
    """How it is encoded, and the lines of what it says; None where it is plain."""
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        return _json(stripped)
    if (joined := _unbroken(stripped)) and BASE64.match(joined) and (found := _base64(joined)):
        return found
    if len(ESCAPED.findall(text)) >= MIN_ESCAPES:
        return "URL-encoded", _plain(unquote(text))
    return None


def _unbroken(text: str) -> str:
    """A text without the line breaks that wrap long codes; empty where it is words."""
    lines = text.split()
    return "".join(lines) if len(lines) == 1 or all(len(line) >= WRAPPED for line in lines[:-1]) else ""


def _json(text: str) -> tuple[str, list[Line]] | None:
    try:
        return "JSON in a text", lines(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _base64(text: str) -> tuple[str, list[Line]] | None:
    """Text or bytes; letters that merely happen to be of that alphabet decode to neither."""
    if not re.search(r"[0-9+/=_-]", text) or re.fullmatch(r"[0-9a-fA-F-]+", text):
        return None
    try:
        raw = base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_" if "-" in text else None
        )
        return "base64", _plain(raw.decode())
    except UnicodeDecodeError:
        return "base64", [Line(f"{len(raw):,} bytes that are no text: {raw[:24].hex(' ')} …")]
    except (binascii.Error, ValueError):
        return None


def _plain(text: str) -> list[Line]:
    return [Line(line) for line in clip(text, MAX_SHOWN).split("\n")]
