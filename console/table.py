"""Calls of one kind as a table: what is the same for all is said once, and what is unusual comes first."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from statistics import median
from typing import Any

from agents.runtime.text import loads
from console import risk_factors, schema_form
from console.prospect import Prospect
from console.schema_form import Field
from console.truth import Reading
from reviews import repeating
from reviews.models import ApprovalRequest
from reviews.repeating import DONE_BEFORE
from reviews.suspicion import INSTRUCTS
from workspaces.models import Switch

NAMING = re.compile(r"(?=\S*\d)(?=\S*[^\d.,\s])\S+")  # a number of an order, an id: no amount and no prose
FAR = 3.0  # so many times the usual distance from the middle is far


@dataclass(frozen=True)
class Cell:
    """One value; `is_rare` where few others have it, `is_far` where it is a number far from theirs."""

    reading: Reading
    is_rare: bool
    is_far: bool
    money: str = ""


@dataclass(frozen=True)
class Row:
    """One request."""

    approval: ApprovalRequest
    cells: list[Cell]
    labels: list[str]
    remarks: list[str]
    rules_now: str
    is_repeated: bool = False

    @property
    def named(self) -> list[tuple[str, Cell]]:
        """The values, each under its column."""
        return list(zip(self.labels, self.cells, strict=True))

    @property
    def oddness(self) -> float:
        """How unusual it is among the others."""
        return (
            3.0 * (self.instructs + self.is_repeated)
            + 1.5 * bool(self.remarks or self.rules_now)
            + sum(2.0 * cell.is_far + cell.is_rare + 3.0 * bool(cell.reading.remarks) for cell in self.cells)
        )

    @property
    def is_odd(self) -> bool:
        """Whether to look at it first."""
        is_marked = self.instructs or self.remarks or self.rules_now
        return bool(is_marked) or any(cell.is_far or cell.reading.remarks for cell in self.cells)

    @cached_property
    def instructs(self) -> bool:
        """Whether what its agent read seems to instruct it; a hint."""
        return INSTRUCTS in self.approval.explanation


class Table:
    """The arguments of some calls of one tool, a column each."""

    def __init__(
        self,
        schema: dict[str, Any],
        approvals: Sequence[ApprovalRequest],
        switch: Switch | None = None,
        as_money: Callable[[ApprovalRequest], risk_factors.Shown] = lambda one: lambda field, value: "",
    ):
        self.approvals, self.switch, self.as_money = approvals, switch, as_money
        self._fields = [self._by_label(schema, one) for one in approvals]
        self.labels = list(dict.fromkeys(label for fields in self._fields for label in fields))
        self._texts = {label: [self._text(fields, label) for fields in self._fields] for label in self.labels}
        self._money = {label: [self._paid(n, label) for n in range(len(approvals))] for label in self.labels}

    @staticmethod
    def _by_label(schema: dict[str, Any], approval: ApprovalRequest) -> dict[str, Field]:
        found = schema_form.fields(schema, loads(bytes(approval.tool_call.args)))
        return {field.label: field for field in found if field.is_given}

    @staticmethod
    def _text(fields: dict[str, Field], label: str) -> str:
        return fields[label].text if label in fields else ""

    def _paid(self, n: int, label: str, instead: str = "") -> str:
        """A value as money, or another one in its place; empty where it is no amount."""
        field = self._fields[n].get(label)
        return self.as_money(self.approvals[n])(field, instead or field.value) if field else ""

    @cached_property
    def nothing(self) -> dict[str, str]:
        """How a sum is written, by its column: in the currency that all have, or as a plain number."""
        zeros = {label: {self._paid(n, label, "0.00") for n in range(len(self.approvals))} for label in self.labels}
        return {label: zero.pop() if len(zero) == 1 else "" for label, zero in zeros.items()}

    @property
    def totals(self) -> dict[str, str]:
        """What comes together, of amounts of money in one currency."""
        money = [label for label in self.labels if self.nothing[label]]
        return {label: self._paid(0, label, str(sum(map(Decimal, self._texts[label])))) for label in money}

    @cached_property
    def same(self) -> list[tuple[str, Reading]]:
        """What is the same for all."""
        same = [label for label in self.labels if self._is_same(label)]
        return [(label, Reading(self._money[label][0] or self._texts[label][0])) for label in same]

    @cached_property
    def columns(self) -> list[str]:
        """What differs."""
        return [label for label in self.labels if not self._is_same(label)]

    @cached_property
    def numbers(self) -> set[str]:
        """Those of them that are numbers throughout."""
        return {label for label in self.columns if all(_number(text) is not None for text in self._texts[label])}

    @cached_property
    def sums(self) -> list[str]:
        """Those of the numbers that make sense added up: amounts; a whole number may as well name something."""
        return [label for label in self.columns if label in self.numbers and self._is_amount(label)]

    @cached_property
    def rows(self) -> list[Row]:
        """The requests, the unusual ones first."""
        counts = {label: Counter(self._texts[label]) for label in self.columns}
        far = {label: self._far(label) for label in self.columns}
        rows = [
            Row(
                one,
                [self._cell(label, n, counts, far) for label in self.columns],
                self.columns,
                [*self._twice(n), *risk_factors.compared(self._fields[n].values(), self._earlier, self.as_money(one))],
                Prospect(one, self.switch).rules_now if self.switch else "",
                DONE_BEFORE in one.explanation or bytes(one.digest) in self._repeated,
            )
            for n, one in enumerate(self.approvals)
        ]
        return sorted(rows, key=lambda row: -row.oddness)

    def _cell(self, label: str, n: int, counts: dict[str, Counter[str]], far: dict[str, set[int]]) -> Cell:
        text, most = self._texts[label][n], max(counts[label].values())
        is_rare, is_far = most > 2 and counts[label][text] == 1, n in far[label]
        return Cell(Reading(text), is_rare, is_far, self._money[label][n])

    @cached_property
    def _earlier(self) -> list[dict[str, Any]]:
        """What was done before the first of them."""
        return risk_factors.earlier_args(min((one.tool_call for one in self.approvals), key=lambda call: call.pk))

    @cached_property
    def _repeated(self) -> set[bytes]:
        """What was carried out with the very same arguments."""
        digests = {bytes(one.digest) for one in self.approvals}
        return repeating.repeated(self.approvals[0].workspace_id, digests) if digests else set()

    @cached_property
    def _named_twice(self) -> dict[str, Counter[str]]:
        """How often each value stands in columns that name things, as orders do: most of them differ."""
        naming = (label for label in self.columns if all(map(NAMING.fullmatch, filter(None, self._texts[label]))))
        found = {label: Counter(filter(None, self._texts[label])) for label in naming}
        return {label: counts for label, counts in found.items() if len(counts) * 2 > len(self.approvals)}

    def _twice(self, n: int) -> Iterator[str]:
        """What was done before or stands here more than once, and should not."""
        digest = bytes(self.approvals[n].digest)
        if digest in self._repeated:
            yield "Exactly this was carried out before."
        yield from self.approvals[n].explanation.get(DONE_BEFORE, []) if digest not in self._repeated else []
        if sum(bytes(one.digest) == digest for one in self.approvals) > 1:
            yield "Exactly the same is asked twice here."
            return
        for label, counts in self._named_twice.items():
            if counts[self._texts[label][n]] > 1:
                yield f"Another one here has the same {label}."

    def _is_same(self, label: str) -> bool:
        return len(self.approvals) > 1 and len(set(self._texts[label])) == 1

    def _is_amount(self, label: str) -> bool:
        kinds = {fields[label].kind for fields in self._fields}
        return kinds == {"number"} or any("." in text for text in self._texts[label])

    def _far(self, label: str) -> set[int]:
        """The requests whose number is far from the middle of all, by the usual distance from it."""
        numbers = [_number(text) for text in self._texts[label]]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers) or len(known) < 4:
            return set()
        middle = median(known)
        usual = median(abs(number - middle) for number in known) or abs(middle) / 10 or 1
        return {n for n, number in enumerate(known) if abs(number - middle) > FAR * usual}


def _number(text: str) -> float | None:
    """The number that a text is; amounts are often texts."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
