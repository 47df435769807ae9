"""The rules that were considered for a request: their conditions as they read then, and what decided."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reviews import suspicion
from reviews.models import ApprovalRequest, Rule

SPOKE = {"matched", "error", "false"}
CONVERTED = re.compile(r"\b(?:double|int|uint|string)\(([^()]*)\)")
OWN = re.compile(r"\b(?:args|facts)\.")
OURS = re.compile(r"^(?:args|facts)\.")
WHOLE = re.compile(r"(\d)\.0+\b")


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule and what came of it; `stored` is as the verdict kept it."""

    stored: Mapping[str, Any]
    condition: str
    has_decided: bool
    risk: str = ""

    @property
    def plain_condition(self) -> str:
        """The condition as people read it."""
        return plain(self.condition)

    @property
    def read(self) -> list[tuple[str, str]]:
        """What it looked at, by the end of its name."""
        named = {OURS.sub("", name): str(value) for name, value in self.stored["read"].items()}
        return [(".".join(name.split(".")[-2:]), value) for name, value in named.items()]


def plain(condition: str) -> str:
    """A condition without what only the language of rules needs; one that quotes texts stays as it is."""
    if '"' in condition or "'" in condition:
        return condition
    return WHOLE.sub(r"\1", OWN.sub("", CONVERTED.sub(r"\1", condition)))


class Considered:
    """The rules about one request, those that spoke first."""

    def __init__(self, approval: ApprovalRequest):
        self.explanation: Mapping[str, Any] = approval.explanation
        self.revisions = approval.policy_revisions

    @cached_property
    def all(self) -> list[Ruling]:
        """About this tool, agent and labels."""
        about = [rule for rule in self.explanation.get("rules", []) if rule["result"] in SPOKE]
        found = [self._ruling(rule) for rule in about]
        return sorted(found, key=lambda one: (not one.has_decided, one.stored["result"] == "false"))

    @property
    def making_it_risky(self) -> list[str]:
        """The rules that say that it is of high risk."""
        return [one.stored["rule"] for one in self.all if one.has_decided and one.risk == "high"]

    @property
    def suspicions(self) -> list[str]:
        """What makes it so whatever they say."""
        return suspicion.words(self.explanation)

    @property
    def others(self) -> int:
        """How many are about something else."""
        return len(self.explanation.get("rules", [])) - len(self.all)

    @property
    def policies(self) -> list[str]:
        """The policies that they are of."""
        return sorted({one.stored["policy"] for one in self.all})

    def _ruling(self, rule: Mapping[str, Any]) -> Ruling:
        speaks = rule["result"] != "false" and rule["mode"] == "enforce"
        condition, risk = self._said.get((rule["revision_id"], rule["rule"]), ("", ""))
        return Ruling(rule, condition, speaks and rule["effect"] == self.explanation.get("decision"), risk)

    @cached_property
    def _said(self) -> dict[tuple[int, str], tuple[str, str]]:
        """By revision and name: a revision that was in force never changes."""
        rules = Rule.objects.filter(revision__in=self.revisions).values_list("revision", "name", "condition", "risk")
        return {(revision, name): (condition, risk) for revision, name, condition, risk in rules}
