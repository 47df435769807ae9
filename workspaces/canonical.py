"""One value, one byte string (RFC 8785): what is hashed is what is shown, approved, stored and executed."""

import hashlib
import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

import rfc8785

from workspaces.exceptions import CanonicalError, CanonicalTooLarge

MAX_BYTES = 1_048_576
MAX_DEPTH = 100
MAX_VALUES = 100_000  # a body of millions of them would hold the interpreter for many seconds
MAX_SAFE_INTEGER = 2**53 - 1
EXPONENT_FROM = 1e21  # from here RFC 8785 writes floats with an exponent, so they are not read back as integers

_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_REFUSED_IN_TEXT = re.compile("[\x00\ud800-\udfff]")


def parse(raw: bytes | str, max_bytes: int = MAX_BYTES) -> Any:
    """The value in `raw`, which must be JSON that every parser reads alike."""
    text = _decode(raw, max_bytes)
    _check_size(text)
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise CanonicalError(f"This is not JSON: {error.msg} at character {error.pos}.") from error
    check(value)
    return value


def dumps(value: Any) -> bytes:
    """The canonical bytes of `value`."""
    check(value)
    return rfc8785.dumps(value)


def digest(raw: bytes) -> bytes:
    """SHA-256 of `raw`: 32 bytes."""
    return hashlib.sha256(raw).digest()


def check(value: Any, depth: int = 0) -> None:
    """Raise CanonicalError unless `value` is JSON with exactly one canonical form."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_members(value, depth)
    elif isinstance(value, list | tuple):
        _check_items(value, depth)
    elif isinstance(value, int | float):
        _check_number(value)
    elif value is not None:
        raise CanonicalError(f"A {type(value).__name__} is not JSON.")


def _check_members(members: dict[Any, Any], depth: int) -> None:
    _check_nesting(depth)
    for name, member in members.items():
        if not isinstance(name, str):
            raise CanonicalError("Names in an object must be strings.")
        _check_text(name)
        try:
            check(member, depth + 1)
        except CanonicalError as error:
            error.path = f"/{name.replace('~', '~0').replace('/', '~1')}{error.path}"
            raise


def _check_items(items: list[Any] | tuple[Any, ...], depth: int) -> None:
    _check_nesting(depth)
    for index, item in enumerate(items):
        try:
            check(item, depth + 1)
        except CanonicalError as error:
            error.path = f"/{index}{error.path}"
            raise


def _check_nesting(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise CanonicalError(f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def _check_text(text: str) -> None:
    if text.isascii() and "\x00" not in text:
        return
    if found := _REFUSED_IN_TEXT.search(text):
        what = "the character NUL" if found[0] == "\x00" else "half of a surrogate pair"
        raise CanonicalError(f"A text contains {what}.")


def _check_number(number: float) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise CanonicalError("NaN and Infinity are not JSON.")
    is_integral = isinstance(number, int) or abs(number) < EXPONENT_FROM
    if is_integral and abs(number) > MAX_SAFE_INTEGER:
        raise CanonicalError("An integer beyond 2^53 loses digits in other programs: use a string.")


def _decode(raw: bytes | str, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        raise CanonicalTooLarge(f"The JSON is longer than {max_bytes} bytes.")
    try:
        return raw if isinstance(raw, str) else raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CanonicalError(f"This is not UTF-8: byte {error.start} cannot be read.") from error


def _check_size(text: str) -> None:
    if text.count(",") > MAX_VALUES and _TEXT.sub("", text).count(",") > MAX_VALUES:
        raise CanonicalTooLarge(f"The JSON has more than {MAX_VALUES:,} values.")


def _check_depth(text: str) -> None:
    """Counted before parsing, because the parser itself gives up on deep input in its own way."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise CanonicalError(f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise CanonicalError(f"The name {twice[:80]!r} appears twice in one object.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > 17:  # 2^53 has 16 digits, and a sign; Python refuses very long integers in its own way
        raise CanonicalError("An integer beyond 2^53 loses digits in other programs: use a string.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise CanonicalError(f"The number {digits[:40]} is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise CanonicalError(f"{name} is not JSON.")
