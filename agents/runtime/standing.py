"""What a claim knows of its calls and messages, and what each of them waits for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from agents.runtime.claim import MARGIN_SECONDS, Call, Claim, News
from agents.runtime.clock import boot
from agents.runtime.commit import ProposedCall, Segment
from agents.runtime.drive import Drive
from agents.runtime.effects import Effect
from agents.runtime.text import dumps
from agents.runtime.work import Work

if TYPE_CHECKING:
    from agents.runtime.version import Version

ANSWERED = frozenset({"denied", "failed", "rejected", "answered", "expired", "succeeded", "cancelled"})
GAVE_NO_ANSWER = "The worker that ran this call stopped before it could say whether it happened."
HELD_SECONDS = 15.0  # how often a call of a stopped tool looks whether it may start
STARVED_SECONDS = 0.02


class Standing:
    """The open calls and the inbox of one claim, kept up with what was looked up and what was committed."""

    def __init__(self, claim: Claim, work: Work, version: "Version"):
        self.claim, self.work, self.version = claim, work, version
        self.calls: dict[str, Call] = {}
        self.inbox: list[tuple[int, str]] = []
        self.doubts: dict[str, str] = {}
        self.retry_at: dict[str, float] = {}
        self.held: set[str] = set()
        self.lost: set[str] = set()
        self.ended_by = ""
        self.rejudged = self.starved = False

    def read(self, news: News) -> None:
        """Take in what a look found; calls that are under way here keep their place."""
        busy = {position: self.calls[position] for position in self.work.busy if position in self.calls}
        self.calls = {call.position: call for call in news.calls} | busy
        self.inbox, self.rejudged = news.inbox, False
        self.held.clear()

    def committed(self, segment: Segment, ids: dict[str, UUID]) -> None:
        """Keep up with what was just committed."""
        for proposed in segment.calls:
            self.calls[proposed.position] = opened(proposed, ids[proposed.position], self.claim.clock.now())
        for position in segment.statuses:
            self.calls.pop(position, None)
        for position in segment.doubts:
            self.calls[position].status = "in_doubt"
        self.inbox = self.inbox_left(segment)

    def answers(self) -> Iterator[tuple[Call, str]]:
        """Calls whose outcome is known without running anything, with the status they end in."""
        for call in self.calls.values():
            if call.position in self.work.busy:
                continue
            if call.status in ANSWERED:
                yield call, call.status
            elif call.status == "waiting" and call.decided not in ("", "ready") and self._is_effective(call):
                yield call, call.decided

    def listening(self, drive: Drive) -> list[Effect]:
        """What takes the next message: a `receive`, or else the next model turn, of the main branch if it can."""
        asked = [effect for effect, _ in drive.pending.values()]
        receiving = [effect for effect in asked if effect.kind == "receive"]
        if receiving or not self.inbox or not drive.spec.steered or self.claim.recording_id:
            return receiving[:1] if self.inbox else []
        turns = [effect for effect in asked if effect.kind == "model" and effect.position not in self.work.busy]
        turns.sort(key=lambda effect: effect.ask["conversation"] != "")
        return [drive.hear(effect.position) for effect in turns[:1]]

    def has_answers(self, drive: Drive) -> bool:
        return any(call.position in drive.pending for call, _ in self.answers())

    def is_waiting(self, position: str) -> bool:
        """Whether the call at this position waits for somebody else."""
        call = self.calls.get(position)
        if call is None or position in self.work.busy or position in self.retry_at:
            return False
        if call.status == "waiting" and position not in self.held:
            return not (call.decided and self._is_effective(call))
        return call.status == "in_doubt" or position in self.held or self._is_orphaned(call)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way, or will be tried again here."""
        return bool(self.work.busy or self.retry_at or self.starved)

    @property
    def has_room(self) -> bool:
        """Whether one more call may be under way beside the others."""
        calls = sum(underway.call is not None for underway in self.work.busy.values())
        return calls < self.version.limits["max_parallel_calls"]

    @property
    def in_flight(self) -> list[str]:
        """Positions of calls that may have happened, where nobody knows yet."""
        return [place for place, call in self.calls.items() if call.status in ("executing", "in_doubt")]

    def times(self) -> list[float]:
        """When this run should be looked at again because of its calls (database time)."""
        times = [call.effective for call in self.calls.values() if call.status == "waiting" and call.effective]
        return times + self.doubtful_times() + ([self.claim.clock.now() + HELD_SECONDS] if self.held else [])

    def is_bound(self, segment: Segment) -> bool:
        """Whether the run may not rest yet: a call may still be happening; one that is cancelled settles doubts too."""
        if self.claim.cancelling:
            return bool(segment.doubts) or any(place not in segment.statuses for place in self.in_flight)
        return any(self._is_orphaned(call) and call.position not in segment.doubts for call in self.calls.values())

    def doubtful_times(self) -> list[float]:
        """When calls that nobody runs any more will be in doubt (database time)."""
        return [self._doubtful_from(call) for call in self.calls.values() if self._is_orphaned(call)]

    def seconds_to_retry(self) -> float | None:
        if self.starved:
            return STARVED_SECONDS
        return max(0.0, min(self.retry_at.values()) - boot()) if self.retry_at else None

    def inbox_left(self, segment: Segment) -> list[tuple[int, str]]:
        return [message for message in self.inbox if message[0] not in segment.taken]

    def find_doubts(self) -> None:
        """Put in doubt what may have happened and can no longer be running."""
        for call in self.calls.values():
            if self._is_orphaned(call) and self._doubtful_from(call) <= self.claim.clock.now():
                self.doubts.setdefault(call.position, GAVE_NO_ANSWER)

    def rest(self) -> None:
        """Begin nothing more: what was to be tried again is left to the next claim."""
        self.retry_at.clear()
        self.starved = False

    def take_doubts(self) -> dict[str, str]:
        doubts, self.doubts = self.doubts, {}
        return doubts

    def _is_effective(self, call: Call) -> bool:
        return call.effective is None or call.effective <= self.claim.clock.seen

    def _is_orphaned(self, call: Call) -> bool:
        """A call that may have happened, that nobody here runs, and that must not be started again."""
        if call.status != "executing" or call.position in self.work.busy:
            return False
        is_for_people = self.claim.cancelling or call.position in self.lost
        return is_for_people or (call.effect == "unsafe" and call.epoch != self.claim.epoch)

    def _doubtful_from(self, call: Call) -> float:
        return (call.deadline or 0.0) + MARGIN_SECONDS


def opened(proposed: ProposedCall, call_id: UUID, now: float) -> Call:
    """The open call that a proposal has become."""
    return Call(
        id=call_id,
        position=proposed.position,
        provider_id=proposed.provider_id,
        tool=proposed.tool,
        effect=proposed.effect,
        reaches=proposed.reaches,
        status=proposed.status,
        decided="",
        why=proposed.why,
        args=proposed.args,
        digest=proposed.digest,
        schema_digest=proposed.schema_digest,
        edited=False,
        attempt=0,
        epoch=None,
        rules_epoch=proposed.rules_epoch,
        outcome=proposed.outcome,
        facts=dumps(proposed.facts),
        effective=None,
        valid_until=None,
        deadline=None,
        now=now,
    )
