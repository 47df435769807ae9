"""JSON text that loses nothing: integers of any size and lone surrogates come back as they were."""

import json
from typing import Any

import orjson

TITLE_LENGTH = 120
_DIGITS_ALIKE = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19  # shorter ones fit what orjson reads as integers


def dumps(value: Any) -> str:
    """JSON text with sorted keys, the same bytes for the same value in every process."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL, and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def loads(text: str | bytes) -> Any:
    """The value of JSON text; big integers stay integers."""
    content = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if _LONG_NUMBER not in content.translate(_DIGITS_ALIKE):  # a fifteenth of what a regular expression takes
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass  # numbers beyond any float, lone surrogates
    return json.loads(text if isinstance(text, str) else text.decode())


def headline(input: object) -> str:
    """The first line of the input's text, for lists."""
    text = input if isinstance(input, str) else dumps(input)
    lines = text.strip().splitlines() or [""]
    return lines[0] if len(lines[0]) <= TITLE_LENGTH else lines[0][: TITLE_LENGTH - 1] + "…"
