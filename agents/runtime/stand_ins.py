"""What answers a call of a fork in the tool's place: what its ancestors recorded after the step where it left them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from agents import blobs
from agents.models import CallStatus, Checkpoint, ForkMode, Run, ToolCall
from agents.runtime.claim import Claim
from agents.runtime.effects import Effect, Outcome
from agents.runtime.text import dumps, loads

HELD = "This run is a fork: whatever it would write waits for people."
SIMULATED = "This run is a simulated fork: nothing is done."
NOT_SIMULATED = {
    "type": "not_simulated",
    "message": "This run is simulated. The tool has no simulation, and no recorded call of it can answer instead.",
    "retryable": False,
}
REPEATED = [CallStatus.SUCCEEDED, CallStatus.FAILED, CallStatus.ANSWERED]  # what was refused is judged anew
AT_MOST = 200  # recorded calls that are compared to find the nearest


@dataclass(frozen=True, slots=True)
class StandIn:
    """An answer: the outcome of a call that an ancestor made."""

    kind: str
    run_id: UUID
    seq: int
    status: str
    title: str
    said: dict[str, Any]

    @property
    def why(self) -> str:
        """For people who look at the call."""
        how = "recorded" if self.kind == "record" else "recorded for the nearest call"
        return f"Nothing was done: this is what was {how} at step {self.seq} of the run that this one was forked from."

    @property
    def explanation(self) -> dict[str, Any]:
        """In the place of a verdict: the gate was not asked."""
        return {"stand_in": {"kind": self.kind, "run": str(self.run_id), "seq": self.seq}}


class StandIns:
    """The records that a fork may be answered from; each recorded call answers once, the n-th alike the n-th alike."""

    def __init__(self, claim: Claim):
        self.claim, self.mode = claim, claim.fork_mode
        self.asked: Counter[bytes] = Counter()
        self.ran_out = False  # a fork that only plays its record has asked for something else

    def begin(self) -> None:
        """A batch of proposals begins: those of earlier ones are rows by now."""
        self.asked.clear()

    def record(self, tool: str, args: bytes, digest: bytes) -> StandIn | None:
        """What the nearest ancestor that made this very call, as often as this run, recorded for it."""
        if self.claim.line is None:
            return None
        alike = Q(tool=tool) & (Q(digest=digest) | Q(proposed_args=args))
        n = ToolCall.objects.filter(alike, run=self.claim.id).count() + self.asked[digest]
        self.asked[digest] += 1
        for source in self._sources:
            made = source.calls.filter(alike, seq__gt=self.claim.line.seq, schema_digest__isnull=False)
            if call := made.order_by("seq")[n : n + 1].first():
                is_repeated = self.mode == ForkMode.RECORDED or call.status in REPEATED
                return of_call(call, "record") if is_repeated else None
        return None

    def nearest(self, tool: str, arguments: dict[str, Any]) -> StandIn | None:
        """What an ancestor recorded for the call of this tool that has most arguments alike; the latest of them."""
        made = [call for source in self._sources for call in self._succeeded(source, tool)]
        best = max(made, key=lambda call: alikeness(call.arguments, arguments), default=None)
        return of_call(best, "nearest") if best else None

    def child(self, effect: Effect, earlier: int) -> Outcome | None:
        """What an ancestor recorded for a child run with this input; `earlier` ones alike wait in this run."""
        line = self.claim.line
        if line is None:
            return None
        alike = Q(kind="child", request=effect.request(), seq__gt=line.seq)
        n = Checkpoint.objects.filter(alike, run=self.claim.id).count() + earlier
        for source in self._sources:
            if row := source.journal.filter(alike).order_by("seq")[n : n + 1].first():
                return Outcome(row.outcome, row.failed)
        return None

    @cached_property
    def _sources(self) -> list[Run]:
        """Nearest first."""
        sources = self.claim.line.sources if self.claim.line else ()
        found = Run.objects.only("lineage").in_bulk(list(sources))
        return [found[source] for source in sources]

    def _succeeded(self, source: Run, tool: str) -> Iterator[ToolCall]:
        made = source.calls.filter(tool=tool, status=CallStatus.SUCCEEDED, seq__isnull=False)
        yield from made.order_by("-seq")[:AT_MOST]


def of_call(call: ToolCall, kind: str) -> StandIn:
    """The outcome of this call, without the id that belongs to its own turn."""
    seq = call.seq or 0
    outcome = Checkpoint.objects.values_list("outcome", flat=True).get(run=call.run_id, seq=seq)
    said = loads(blobs.read(outcome))
    kept = {name: said[name] for name in ("status", "value", "error", "note") if name in said}
    return StandIn(kind, call.run_id, seq, call.status, call.title, kept)


def alikeness(these: dict[str, Any], those: dict[str, Any]) -> int:
    """How many arguments two calls have alike."""
    return sum(dumps(these[name]) == dumps(those[name]) for name in these.keys() & those.keys())
