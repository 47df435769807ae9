"""The values that rules are made of and judged on: no database, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Self

from workspaces import canonical

Effect = Literal["deny", "ask", "allow"]
Mode = Literal["enforce", "warn", "shadow"]
Risk = Literal["low", "medium", "high"]
Expiry = Literal["stop_run", "reject", "respond", "keep_waiting"]
Result = Literal["matched", "other_tool", "other_agent", "other_labels", "false", "error"]

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Seat:
    """So many people of a review group, or of any approvers."""

    count: int = 1
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What asking people means: who has to agree, by when and how, and what may be done."""

    seats: tuple[Seat, ...] = (Seat(),)
    deadline_seconds: int = HOUR
    on_expiry: Expiry = "reject"
    on_expiry_text: str = ""
    channels: tuple[str, ...] = ("web",)
    edit_allowed: bool = True
    undo_seconds: int = 0
    risk: Risk = "medium"
    batchable: bool = False

    def as_json(self) -> dict[str, Any]:
        """For storage, in the shape that `read` takes; digests of earlier ones know no `batchable`."""
        said = {name: getattr(self, name) for name in self.__slots__ if name != "batchable" or self.batchable}
        places = [{"count": seat.count, "group": seat.group} for seat in self.seats]
        return said | {"seats": places, "channels": list(self.channels)}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """The requirement that was stored."""
        return cls(**{**stored, "seats": seats(stored["seats"]), "channels": tuple(stored["channels"])})

    def digest(self, tool_digest: bytes) -> bytes:
        """What an approval was given for: another requirement, or another declaration of the tool, needs another."""
        return requirement_digest(self, tool_digest)


@lru_cache(maxsize=1024)
def requirement_digest(requirement: Requirement, tool_digest: bytes) -> bytes:
    """SHA-256 of both, as canonical bytes."""
    return canonical.digest(canonical.dumps(requirement.as_json() | {"tool": tool_digest.hex()}))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an active policy: what it matches, what it says, and what it demands."""

    name: str
    effect: Effect
    policy: str = ""
    revision_id: int = 0
    tool: str = "*"
    agent: str = "*"
    labels: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
    mode: Mode = "enforce"
    requirement: Requirement = field(default_factory=Requirement)


@dataclass(frozen=True, slots=True)
class Context:
    """What a call is judged on; conditions see each field under its name."""

    args: Mapping[str, Any]
    tool: Mapping[str, Any]
    agent: Mapping[str, Any]
    run: Mapping[str, Any]
    actor: Mapping[str, Any]
    facts: Mapping[str, Any]
    taint: list[str]
    now: datetime

    def values(self) -> dict[str, Any]:
        """By name, for conditions."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that was considered, and what came of it."""

    rule: Rule
    result: Result
    read: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def is_hit(self) -> bool:
        """The rule speaks about this call: it matches, or nobody can tell."""
        return self.result in ("matched", "error")

    @property
    def effect(self) -> Effect:
        """What the rule says; one that cannot be evaluated asks."""
        return "ask" if self.result == "error" else self.rule.effect

    def as_json(self) -> dict[str, Any]:
        """For the record of a verdict."""
        rule = self.rule
        said = {"policy": rule.policy, "revision_id": rule.revision_id, "rule": rule.name, "effect": rule.effect}
        return said | {"mode": rule.mode, "result": self.result, "read": dict(self.read), "error": self.error}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about a call. `requirement` is what asking means, now or should it come to doubt."""

    decision: Effect
    why: str
    requirement: Requirement
    findings: tuple[Finding, ...] = ()

    def explanation(self) -> dict[str, Any]:
        """Everything that was considered, for the record."""
        hits = [finding for finding in self.findings if finding.is_hit]
        return {
            "decision": self.decision,
            "why": self.why,
            "rules": [finding.as_json() for finding in self.findings],
            "warnings": [hit.rule.name for hit in hits if hit.rule.mode == "warn"],
            "requirement": self.requirement.as_json(),
        }


def seats(stored: Iterable[Mapping[str, Any]]) -> tuple[Seat, ...]:
    """Seats as they are stored, {count, group}."""
    return tuple(Seat(seat["count"], seat.get("group")) for seat in stored)
