"""The call on a card: its arguments as they were stored, each read for what a person might overlook."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from agents import blobs
from agents.runtime.text import loads
from agents.runtime.version import catalogue
from agents.tools.spec import ToolSpec
from agents.tools.summary import parts
from agents.tools.title import amount, title
from console import facts, prose, risk_factors, schema_form, sources
from console.done_before import DoneBefore
from console.facts import Fact
from console.prose import Line
from console.schema_form import Field
from console.truth import Reading
from reviews import repeating
from reviews.models import ApprovalRequest
from workspaces.models import Workspace

LARGE = 10_000


@dataclass(frozen=True)
class Argument:
    """One argument as it is, and as the agent proposed it where a person changed it."""

    field: Field
    before: str | None
    money: str = ""

    @cached_property
    def label(self) -> Reading:
        """Its name, which the agent may have made up."""
        return Reading(".".join(self.field.path))

    @cached_property
    def now(self) -> Reading:
        """What will run."""
        return Reading(plainly(self.field))

    @cached_property
    def was(self) -> Reading | None:
        """What was proposed."""
        return None if self.before is None else Reading(self.before)

    @property
    def remarks(self) -> list[str]:
        """What a reader would overlook in name and value."""
        return [*(f"The name: {remark}" for remark in self.label.remarks), *self.now.remarks]

    @property
    def unit(self) -> str:
        """An amount as money, and a large number with separators."""
        value = self.field.value
        return self.money or (f"{value:,}" if type(value) in (int, float) and abs(value) >= LARGE else "")


class Proposal:
    """A tool call that people decide about; nothing of it is the model's own account."""

    def __init__(self, approval: ApprovalRequest, workspace: Workspace):
        self.approval, self.call, self.workspace = approval, approval.tool_call, workspace

    @cached_property
    def _spec(self) -> ToolSpec | None:
        return catalogue(self.workspace.pk, self.workspace.switch.rules_epoch).get(self.call.tool)

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of the tool's arguments; empty where any object is taken."""
        return self._spec.schema if self._spec else {}

    @cached_property
    def args(self) -> dict[str, Any]:
        """The arguments that will run."""
        found: dict[str, Any] = loads(bytes(self.call.args))
        return found

    @cached_property
    def proposed(self) -> dict[str, Any] | None:
        """The arguments that the agent proposed, where a person changed them."""
        return loads(bytes(self.call.proposed_args)) if self.call.proposed_args is not None else None

    @property
    def title(self) -> list[Line]:
        """The title in pieces: what an edit took away (d), and what it put there (a)."""
        if self.proposed is None or self._spec is None:
            return [Line(self.approval.title)]
        return list(_compared(title(self._spec, self.proposed, self.call.facts), self.approval.title))

    @cached_property
    def fields(self) -> list[Field]:
        """The form."""
        return schema_form.fields(self.schema, self.args)

    @cached_property
    def arguments(self) -> list[Argument]:
        """The arguments, each beside what it was."""
        old = {one.path: one for one in schema_form.fields(self.schema, self.proposed or self.args)}
        before = {path: one.text for path, one in old.items()}
        shown = [one for one in self.fields if one.value is not schema_form.ABSENT or before.get(one.path)]
        return [
            Argument(
                one,
                None if before.get(one.path) == one.text else plainly(old.get(one.path)),
                self.as_money(one, one.value),
            )
            for one in shown
        ]

    def as_money(self, field: Field, value: Any) -> str:
        """A value of that field as the tool's summary writes it, where it is an amount."""
        path = ".".join(field.path)
        return amount(self._spec, path, value, self.args, self.call.facts or {}) if self._spec else ""

    @property
    def remarked(self) -> list[Argument]:
        """Those with something to overlook."""
        return [one for one in self.arguments if one.remarks]

    @property
    def risk_factors(self) -> list[str]:
        """What sets the call apart from earlier ones of its tool."""
        return risk_factors.factors(self.fields, risk_factors.earlier_args(self.call), self.as_money)

    @cached_property
    def done_before(self) -> DoneBefore | None:
        """An earlier call that this one repeats."""
        if self._spec is None or self.call.effect == "read":
            return None
        has_same = getattr(self.approval, "has_same", True)
        found = repeating.repetition(self.call, self._spec, self.args, has_same=has_same)
        return DoneBefore(found) if found else None

    @property
    def must_be_opened(self) -> bool:
        """Whether a person has to open a long value before approving."""
        return self.approval.risk == "high" and any(one.now.is_long for one in self.arguments)

    @property
    def changes(self) -> int:
        """How many arguments people changed."""
        return sum(one.before is not None for one in self.arguments)

    @property
    def difference(self) -> list[Line]:
        """From the proposal to what will run."""
        return prose.difference(self.proposed, self.args) if self.proposed is not None else []

    @property
    def bytes(self) -> str:
        """The canonical bytes, which are all ASCII or UTF-8."""
        return bytes(self.call.args).decode()

    @cached_property
    def facts(self) -> list[Fact]:
        """What trusted lookups found, the first of it."""
        found = self.call.facts or {}
        shown = next(iter(found.values())) if len(found) == 1 else found
        return list(islice(facts.flat(shown), facts.MAX_FACTS)) if found else []

    @cached_property
    def sorted_facts(self) -> tuple[list[Fact], list[Fact]]:
        """Those that rules or arguments use, and the rest."""
        read = [name for rule in self.approval.explanation.get("rules", []) for name in rule["read"]]
        named = [path for _, path, _ in parts(self._spec.summary) if path] if self._spec else []
        values = {text for one in self.fields if (text := sources.searched(one.value))}
        return facts.sorted_out(self.facts, {*read, *named}, values)

    @property
    def has_more_facts(self) -> bool:
        """Whether there is more than that."""
        return len(self.facts) == facts.MAX_FACTS or any(reading.is_long for _, reading in self.facts)

    @property
    def all_facts(self) -> list[Line]:
        """Everything, as JSON."""
        return prose.lines(self.call.facts)

    @property
    def report(self) -> list[Line]:
        """What a worker learned too late."""
        return prose.lines(self.call.late_report) if self.call.report else []

    @cached_property
    def result(self) -> list[Fact]:
        """What came of the call, as pairs; a single text stands alone."""
        if self.call.seq is None:
            return []
        step = self.approval.run.checkpoints.get(seq=self.call.seq)
        said = loads(blobs.read(step.outcome))
        error = said.get("error") or {}
        found = said["value"] if "value" in said else error.get("message", error)
        return list(islice(facts.flat(found), facts.MAX_FACTS))

    @property
    def answer(self) -> list[Fact]:
        """What the result says beyond the arguments that ran; everything where it says nothing else."""
        own = {one.label: one.text for one in self.fields} | {"currency": ""}
        return [(label, read) for label, read in self.result if own.get(label) not in (read.said, "")] or self.result


def plainly(field: Field | None) -> str:
    """A value as it is read: a text is shown as it is, also where it would be edited as JSON."""
    if field is None:
        return ""
    return field.value if field.kind == "json" and isinstance(field.value, str) else field.text


def _compared(old: str, new: str) -> Iterator[Line]:
    """Word by word."""
    was, now = old.split(" "), new.split(" ")
    for kind, a, b, c, d in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Line(" ".join(was[a:b]))
            continue
        if was[a:b]:
            yield Line(" ".join(was[a:b]), "d")
        if now[c:d]:
            yield Line(" ".join(now[c:d]), "a")
