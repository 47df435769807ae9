"""Conditions of rules, in CEL: the only module that knows which library evaluates them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from reviews.exceptions import ConditionRefused

VARIABLES = ("args", "tool", "agent", "run", "actor", "facts", "taint")
MAX_LENGTH = 2000
MAX_SHOWN = 200

_ENVIRONMENT = cel.NewEnv(variables=dict.fromkeys(VARIABLES, cel.Type.DYN) | {"now": cel.Type.TIMESTAMP})
_MISSING = re.compile(r'Key not found in map : "([^"]*)"')
_PLACE = re.compile(r"<input>:(\d+):(\d+)")
_SYNTAX = [  # what the parser says, and what people are told
    (re.compile(r"missing '(.)' at '<EOF>'"), r"\1 is missing at the end"),
    (re.compile(r"mismatched input '<EOF>'"), "something is missing at the end"),
    (re.compile(r"token recognition error at: '="), "= stands alone, and == is what compares"),
    (re.compile(r"token recognition error at: '['\"]"), "a text is opened here and not closed"),
    (re.compile(r"token recognition error at: '(\S+) ?'"), r"\1 means nothing here"),
    (re.compile(r"missing '([^']+)' at '([^']*)'"), r"\1 is missing before \2"),
    (re.compile(r"(?:extraneous|mismatched) input '([^']*)'"), r"\1 does not belong here"),
]
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_PATH = re.compile(rf"\b({'|'.join(VARIABLES)})((?:\.[A-Za-z_]\w*(?![\w(]))+)")


class ConditionFailed(Exception):
    """A condition has no answer for these values; `str()` says why."""


def check_condition(text: str) -> None:
    """Raise ConditionRefused with a sentence unless `text` is a condition: CEL that can say yes or no."""
    if len(text) > MAX_LENGTH:
        raise _refused(f"A condition may have {MAX_LENGTH} characters at most.")
    try:
        kind = _compiled(text).return_type().name()
    except RuntimeError as error:
        raise _refused(f"This condition cannot be read: {_sentence(error)}", _place(error)) from error
    if kind not in ("BOOL", "DYN"):
        raise _refused(f"A condition says true or false; this one gives {kind}.")


def holds(text: str, values: Mapping[str, Any]) -> bool:
    """Whether the condition is true; raises ConditionFailed for everything that is neither true nor false."""
    try:
        answer = _compiled(text).eval(data=dict(values))
    except RuntimeError as error:
        raise ConditionFailed(_sentence(error)) from error
    if answer.type() != cel.Type.BOOL:  # errors are values here, and a message would count as true
        raise ConditionFailed(_explained(answer))
    return bool(answer.plain_value())


def values_read(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the condition mentions, by path, cut to what can be shown; what is not there is left out."""
    paths = {match[0] for match in _PATH.finditer(_STRING.sub("", text))}
    found = {path: _dig(path.split("."), values) for path in sorted(paths)}
    return {path: _short(value) for path, value in found.items() if value is not _ABSENT}


_ABSENT = object()


@lru_cache(maxsize=2048)
def _compiled(text: str) -> Any:
    return _ENVIRONMENT.compile(text)


def _refused(sentence: str, place: tuple[int, int] | None = None) -> ConditionRefused:
    refusal = ConditionRefused(sentence, [{"path": "/condition", "message": sentence}])
    refusal.place = place
    return refusal


def _place(error: Exception) -> tuple[int, int] | None:
    """Line and column, both from 1, where the library names them."""
    found = _PLACE.search(str(error))
    return (int(found[1]), int(found[2])) if found else None


def _sentence(error: Exception) -> str:
    """The library's first line, without its code words."""
    line = str(error).partition("\n")[0].removesuffix(" [INVALID_ARGUMENT]")
    line = re.sub(r"^[A-Z_]+: (ERROR: <input>:\d+:(?P<column>\d+): )?", r"", line)
    line = re.sub(r" \(in container ''\)", "", line)
    for pattern, words in _SYNTAX if line.startswith("Syntax error") else ():
        if found := pattern.search(line):
            return f"{found.expand(words)}."
    if "undeclared reference" in line:
        line += f". Conditions know {', '.join(VARIABLES)} and now; write args.amount for the argument amount"
    return line[:400] + "."


def _explained(answer: Any) -> str:
    if answer.type() != cel.Type.ERROR:
        return f"it gave {answer.type().name()}, which is neither true nor false."
    text = str(answer.plain_value())
    if missing := _MISSING.search(text):
        return f"there is no {missing[1]!r} here: guard it, as in has(args.{missing[1]}) && …"
    return text[:MAX_SHOWN]


def _dig(path: list[str], value: Any) -> Any:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
