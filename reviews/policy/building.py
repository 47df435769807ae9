"""Conditions as a few lines of path, operator and value: into CEL, and back where it says no more than such lines."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviews.exceptions import ConditionRefused

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "gt": "is more than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
    "in": "is one of",
    "contains": "contains",
    "startsWith": "begins with",
    "endsWith": "ends with",
    "matches": "matches the pattern",
    "has": "is there",
    "has_not": "is not there",
}
COMPARED = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
JOINED = {"all": " && ", "any": " || "}
MAYBE_MISSING = ("args", "facts", "run.labels")  # everything else is always there
PATH = re.compile(r"\A(?:args|facts|run|agent|actor|tool)(?:\.[A-Za-z_]\w*)+\Z")
_TEXT = r'"(?:[^"\\]|\\.)*"'
_GUARD = r"(?:has\([\w.]+\) && )*"
_SHAPES = {
    rf"string\((?P<path>[\w.]+)\) == (?P<value>{_TEXT})": "is",
    rf"string\((?P<path>[\w.]+)\) != (?P<value>{_TEXT})": "is_not",
    rf"string\((?P<path>[\w.]+)\) in \[(?P<values>{_TEXT}(?:, {_TEXT})*)\]": "in",
    rf"string\((?P<path>[\w.]+)\)\.(?P<call>contains|startsWith|endsWith|matches)\((?P<value>{_TEXT})\)": "",
    r"double\((?P<path>[\w.]+)\) (?P<sign>>=|<=|>|<) (?P<number>-?[\d.e+-]+)": "",
    r"!\((?P<path>has\([\w.]+\)(?: && has\([\w.]+\))*)\)": "has_not",
    r"has\((?P<path>[\w.]+)\)": "has",
}
_CLAUSE = re.compile(
    rf'\A\((?P<first>(?:[^"()]|{_TEXT}|\((?:[^"()]|{_TEXT}|\([^"()]*\))*\))*)\)(?:(?P<join> && | \|\| )|\Z)'
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the form."""

    path: str
    operator: str
    value: str = ""


def compiled(lines: Sequence[Line], join: str = "all") -> str:
    """The condition that these lines say together; none: an empty one, which always holds. Raises ConditionRefused."""
    clauses = [_clause(line) for line in lines]
    return clauses[0] if len(clauses) == 1 else JOINED[join].join(f"({clause})" for clause in clauses)


def lines_of(condition: str) -> tuple[list[Line], str] | None:
    """The lines that a condition was made of; None where it says something else."""
    clauses, join = _split(condition)
    lines = [_line(clause) for clause in clauses]
    found = [line for line in lines if line]
    try:
        is_same = len(found) == len(lines) and compiled(found, join) == condition
    except ConditionRefused:
        return None
    return (found, join) if is_same else None


def _clause(line: Line) -> str:
    if not PATH.match(line.path) or line.operator not in OPERATORS:
        raise _refused(f"“{line.path}” is no path: write args.amount for the argument amount.")
    guards = _guards(line.path)
    if line.operator == "has":
        return " && ".join(guards or [f"has({line.path})"])
    if line.operator == "has_not":
        return f"!({' && '.join(guards or [f'has({line.path})'])})"
    return " && ".join([*guards, _comparison(line)])


def _comparison(line: Line) -> str:
    if line.operator in COMPARED:
        return f"double({line.path}) {COMPARED[line.operator]} {_number(line.value)}"
    if line.operator == "in":
        values = [part.strip() for part in line.value.split(",") if part.strip()]
        return f"string({line.path}) in [{', '.join(map(_quoted, values))}]"
    if line.operator in ("is", "is_not"):
        return f"string({line.path}) {'==' if line.operator == 'is' else '!='} {_quoted(line.value)}"
    return f"string({line.path}).{line.operator}({_quoted(line.value)})"


def _guards(path: str) -> list[str]:
    """A has() for each step that may be missing."""
    root = next((root for root in MAYBE_MISSING if path.startswith(f"{root}.")), None)
    if root is None:
        return []
    steps = path.removeprefix(f"{root}.").split(".")
    return [f"has({root}.{'.'.join(steps[: n + 1])})" for n in range(len(steps))]


def _number(text: str) -> str:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refused(f"“{text}” is no number.")
    return repr(number)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _split(condition: str) -> tuple[list[str], str]:
    """Clauses in brackets with one kind of join between them, or the whole as one."""
    clauses, joins, rest = [], set(), condition
    while match := _CLAUSE.match(rest):
        clauses.append(match["first"])
        joins.add(match["join"])
        rest = rest[match.end() :]
    if rest or len(clauses) < 2:
        return ([condition] if condition else []), "all"
    return clauses, "any" if " || " in joins else "all"


def _line(clause: str) -> Line | None:
    for shape, operator in _SHAPES.items():
        guard = "" if operator == "has_not" else _GUARD
        if match := re.fullmatch(guard + shape, clause):
            return _read(match.groupdict(), operator)
    return None


def _read(found: dict[str, str], operator: str) -> Line | None:
    path = found["path"].rpartition("has(")[2].rstrip(")")
    if "number" in found:
        operator = next(name for name, sign in COMPARED.items() if sign == found["sign"])
        return Line(path, operator, re.sub(r"\.0\Z", "", found["number"]))
    try:
        texts = [json.loads(text) for text in re.findall(_TEXT, found.get("values") or found.get("value") or "")]
    except ValueError:
        return None
    return Line(path, operator or found["call"], ", ".join(texts))


def _refused(sentence: str) -> ConditionRefused:
    return ConditionRefused(sentence, [{"path": "/condition", "message": sentence}])
