"""What a docstring tells the model: the first paragraph, and a line for each parameter."""

import inspect
import re

_SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns|Yields|Raises|Example|Examples|Note|Notes):\s*$")
_PARAMETER = re.compile(r"^\s+(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def parse(docstring: str | None) -> tuple[str, dict[str, str]]:
    """The description, and the parameters' descriptions by name (Google style)."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    return _first_paragraph(lines), _parameters(lines)


def _first_paragraph(lines: list[str]) -> str:
    paragraph = []
    for line in lines:
        if not line.strip() or _SECTION.match(line):
            break
        paragraph.append(line.strip())
    return " ".join(paragraph)


def _parameters(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name, indent = "", 0
    for line in _argument_lines(lines):
        depth = len(line) - len(line.lstrip())
        starts = _PARAMETER.match(line)
        if starts and (not name or depth <= indent):
            name, indent = starts[1], depth
            found[name] = starts[2].strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _argument_lines(lines: list[str]) -> list[str]:
    """The indented lines of the Args section."""
    inside, kept = False, []
    for line in lines:
        if section := _SECTION.match(line):
            inside = section[1] in ("Args", "Arguments", "Parameters")
        elif inside and line[:1].isspace():
            kept.append(line)
        elif inside and line.strip():
            inside = False
    return kept
