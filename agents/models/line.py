"""Where a fork comes from: a run that goes its own way from a step of another, and whose journal begins with that's."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import orjson
from django.apps import apps
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from agents.models.checkpoint import Checkpoint
    from agents.models.run import Run
    from agents.models.tool_call import ToolCall


class ForkMode(models.TextChoices):
    """What becomes of the calls of a fork that its ancestors did not make alike."""

    LIVE = "live", "calls are made, and every write waits for people"
    SIMULATED = "simulated", "nothing is done: simulations and the nearest recorded results answer"
    RECORDED = "recorded", "the fork ends at the first call that no record answers"


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of an ancestor's own, the first and the last of them included."""

    run_id: UUID
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Line:
    """The journal of a fork before its own steps, and what was changed on the way; never altered."""

    seq: int
    """The first step of its own: the ancestors' outcome of it, or another, handed in anew."""
    parts: tuple[Part, ...]
    holder: UUID
    """The ancestor whose outcome of that step it is."""
    sources: tuple[UUID, ...]
    """Whom it was forked from, whom that was forked from, and so on."""
    edits: tuple[tuple[int, dict[str, Any]], ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """What `written` wrote."""
        said = orjson.loads(text)
        parts = tuple(Part(UUID(run), first, last) for run, first, last in said["parts"])
        edits = tuple((seq, edit) for seq, edit in said["edits"])
        return cls(said["seq"], parts, UUID(said["holder"]), tuple(map(UUID, said["sources"])), edits)

    def written(self) -> str:
        """As the run's row keeps it."""
        parts = [[str(part.run_id), part.first, part.last] for part in self.parts]
        said = {"seq": self.seq, "parts": parts, "holder": str(self.holder)}
        return orjson.dumps(said | {"sources": [str(one) for one in self.sources], "edits": self.edits}).decode()

    @classmethod
    def of_fork(cls, source: "Run", seq: int, edit: dict[str, Any]) -> Self:
        """The line of a fork of `source` from its step `seq`; edits of all ancestors up to there stay in force."""
        above = source.line
        own = Part(source.pk, above.seq if above else 1, seq)
        parts = [part for part in (*(above.parts if above else ()), own) if part.first <= seq]
        holder = parts[-1].run_id
        before = [replace(part, last=min(part.last, seq - 1)) for part in parts]
        edits = [(at, old) for at, old in (above.edits if above else ()) if at <= seq]
        return cls(
            seq=seq,
            parts=tuple(part for part in before if part.first <= part.last),
            holder=holder,
            sources=(source.pk, *(above.sources if above else ())),
            edits=(*edits, *([(seq, edit)] if edit else [])),
        )

    def edits_at(self, seq: int) -> list[dict[str, Any]]:
        """What is changed before the outcome of this step is handed in, in the order of the forks."""
        return [edit for at, edit in self.edits if at == seq]


class Forkable(models.Model):
    """The columns of a run that say what it was forked from, and the reading of a journal in several parts."""

    forked_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="forks")
    forked_seq = models.IntegerField(null=True, help_text="The step from which it goes its own way.")
    fork_mode = models.CharField(
        max_length=9, choices=ForkMode, default="", db_default="", help_text="Of forks, and of their child runs."
    )
    lineage = models.TextField(null=True, help_text="JSON text: see models/line.py.")  # noqa: DJ001

    class Meta:
        abstract = True

    @cached_property
    def line(self) -> Line | None:
        """Where its journal begins, if it is a fork."""
        return Line.read(self.lineage) if self.lineage else None

    @property
    def journal(self) -> "models.QuerySet[Checkpoint]":
        """All steps, those that it shares with its ancestors first."""
        steps: models.QuerySet[Checkpoint] = apps.get_model("agents", "Checkpoint").objects.all()
        return steps.filter(self.in_journal())

    @property
    def calls(self) -> "models.QuerySet[ToolCall]":
        """All calls, with those whose outcomes it shares with its ancestors."""
        calls: models.QuerySet[ToolCall] = apps.get_model("agents", "ToolCall").objects.all()
        first = Q(run_id=self.line.holder, seq=self.line.seq) if self.line else Q()
        return calls.filter(self.in_journal() | first)

    def in_journal(self) -> Q:
        """Rows with a run and a seq that belong to its journal, whichever run has written them."""
        found = Q(run_id=self.pk)
        for part in self.line.parts if self.line else ():
            found |= Q(run_id=part.run_id, seq__gte=part.first, seq__lte=part.last)
        return found
