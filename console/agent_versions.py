"""What one version of an agent does differently from another."""

import difflib
from typing import Any

from agents.models import AgentVersion
from agents.tools.legible import legible
from console import prose
from console.prose import Line

LIMITS = ("max_steps", "max_tokens", "max_cost", "max_seconds", "max_calls_in_turn", "max_parallel_calls", "max_depth")


def difference(old: AgentVersion, new: AgentVersion) -> dict[str, list[Line]]:
    """The parts that differ, by name, as lines with signs."""
    parts = {name: words(before, after) for name, before, after in texts(old, new)}
    parts |= {name: prose.difference(before, after) for name, before, after in values(old, new) if before != after}
    return {name: lines for name, lines in parts.items() if lines}


def texts(old: AgentVersion, new: AgentVersion) -> list[tuple[str, str, str]]:
    """What is compared line by line."""
    return [
        ("Instructions", old.instructions, new.instructions),
        ("Flow", flow(old), flow(new)),
        ("Tools", "\n".join(old.tools), "\n".join(new.tools)),
        ("Limits", limits(old), limits(new)),
    ]


def values(old: AgentVersion, new: AgentVersion) -> list[tuple[str, Any, Any]]:
    """What is compared as JSON."""
    return [("Models", old.chain, new.chain), ("Settings", old.model_settings, new.model_settings)]


def flow(version: AgentVersion) -> str:
    """Flow and revision."""
    return f"{version.flow}, revision {version.revision}"


def limits(version: AgentVersion) -> str:
    """Its limits, one a line."""
    return "\n".join(f"{name}: {getattr(version, name):,}" for name in LIMITS)


def words(old: str, new: str) -> list[Line]:
    """Two texts, line by line."""
    before, after = ([legible(line) for line in text.split("\n")] for text in (old, new))
    changes = list(difflib.unified_diff(before, after, n=2, lineterm=""))[3:]
    return [prose.marked(change) for change in changes[: prose.MAX_LINES] if change]
