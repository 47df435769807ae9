"""Advancing one run: claim it, drive its flow again, perform what it asks for, commit, until it waits or ends."""

import logging
from typing import Any
from uuid import UUID

from psycopg import DataError

from agents.exceptions import CutOff, Diverged, FlowError, LostClaim, ValueMissing, ValueUnreachable
from agents.gateway.types import ModelFailure
from agents.runtime import database, ending, version
from agents.runtime.claim import Claim
from agents.runtime.clock import boot
from agents.runtime.commit import ENDS, ProposedCall, Segment
from agents.runtime.effects import Effect
from agents.runtime.fairness import computing
from agents.runtime.heartbeat import heartbeat
from agents.runtime.leaving import leaving
from agents.runtime.offspring import Offspring
from agents.runtime.outcomes import Ended, of_answer, of_failure, of_model
from agents.runtime.performing import Performing
from agents.runtime.propose import Proposing
from agents.runtime.redriving import redriven
from agents.runtime.turns import pass_turn
from agents.runtime.watchdog import watchdog
from agents.runtime.work import Done, Work
from workspaces import hints, logs, tally

log = logging.getLogger(__name__)
SLICE_SECONDS = 60.0


def advance(run_id: UUID | str) -> None:
    """Advance a run as far as it goes now; returns at once if there is nothing for this worker to do."""
    with database.released_after():
        claim = Claim.take(run_id)
        if claim is None:
            return
        with logs.about(run_id=claim.id, workspace=claim.workspace_id, seq=claim.seq, epoch=claim.epoch):
            _go(claim)
        if claim.status == "queued":
            hints.ring_now("agents.advance_run", str(claim.id))
        if claim.status in ENDS and claim.thread_id:
            pass_turn(claim.thread_id)


def _go(claim: Claim) -> None:
    work = Work(claim)
    try:
        with heartbeat.hold(claim, work):
            try:
                with computing.turn(claim.workspace_id):
                    Advance(claim, work).go()
            except (ValueMissing, ValueUnreachable) as error:
                claim.commit(ending.without_value(error, work))
        log.info("The run is %s.", claim.status)
    except LostClaim:
        tally.add("claims_lost")
        log.info("The run was taken over by another worker.")
    finally:
        work.abandon()


class Advance:
    """One claim's loop: outcomes in, a commit, new effects out."""

    def __init__(self, claim: Claim, work: Work):
        self.claim, self.work = claim, work
        self.version = version.load(claim.version_id)
        self.proposing = Proposing(claim, self.version)
        self.performing = Performing(claim, work, self.version, self.proposing)
        self.offspring = Offspring(claim, self.version, self.proposing.stand_ins)
        self.slice_end = boot() + SLICE_SECONDS

    def go(self) -> None:
        self.performing.read(self.claim.news(fresh=True))
        if self.claim.resting:
            return self._come_to_rest()
        self.performing.begin_approved()  # these need no history
        try:
            self.drive = redriven(self.claim, self.version)
            self.proposing.heard = self.drive.run.heard
        except Diverged as divergence:
            return self._set_aside(divergence)
        except (CutOff, FlowError) as error:
            return self._fail(ending.stopped(error))
        if self.drive.fresh:
            self._commit([])
        while self.claim.status == "running":
            self._turn()
        self._put_away()

    def _come_to_rest(self) -> None:
        """End or pause a run without its history, which may not even be possible to drive any more."""
        while self.claim.status == "running":
            if self.claim.woken:
                self._read_news()
            self.performing.find_doubts()
            segment = Segment(rows=[], to="queued", doubts=self.performing.take_doubts())
            if self.claim.resting:
                self._wind_up(segment)
            self._write(segment)
            self.performing.committed(segment, {})

    def _read_news(self) -> None:
        self.performing.read(self.claim.news())
        self.offspring.is_stale = True

    def _turn(self) -> None:
        """One outcome or several, and the commit that holds them; or a wait for the next one."""
        if self.claim.woken or self.performing.rejudged:
            self._read_news()
        self.performing.find_doubts()
        self.claim.clock.look()
        ended = self._known()
        if self._is_winding_down:
            self.performing.rest()
        if not ended and not self._is_winding_down:
            self.performing.begin(self.drive)
            if self.performing.rejudged:
                return None
        if not ended and self.performing.is_busy and not self.performing.doubts:
            ended = self._awaited()
            if not ended and not self.performing.doubts and not self.performing.ended_by:
                return None
        return self._commit(ended)

    def _awaited(self) -> list[Ended]:
        """What the next end under way comes to; empty where there is only news."""
        if leaving.is_over and not self.work.give_up_reads():
            return []
        done = self.work.next(self.performing.seconds_to_retry())
        self.claim.clock.look()
        if self.work.take_news():
            self.claim.woken = True
        return self._ended(done) if done else []

    # --- outcomes ---

    @property
    def _is_winding_down(self) -> bool:
        return self.claim.resting or self.claim.stopped or leaving.is_asked or boot() > self.slice_end

    def _known(self) -> list[Ended]:
        """Outcomes that need no performing: rules and people have spoken, a message came, a timer is due."""
        if self.claim.resting:
            return self.performing.give_up() if self.claim.cancelling else []
        answered = [of_answer(call, status) for call, status in self.performing.answers() if self._waits(call.position)]
        return answered + self._received() + self._timers() + self.offspring.ended(self._asking("child"))

    def _waits(self, position: str) -> bool:
        return position in self.drive.pending

    def _received(self) -> list[Ended]:
        return [self.performing.receive(effect) for effect in self.performing.listening(self.drive)]

    def _timers(self) -> list[Ended]:
        now = self.claim.clock.seen
        return [self.performing.rang(effect) for effect in self._asking("until") if effect.ask["at"] <= now]

    def _asking(self, kind: str) -> list[Effect]:
        return [effect for effect, _ in self.drive.pending.values() if effect.kind == kind]

    def _ended(self, done: Done) -> list[Ended]:
        """What one end under way comes to; nothing where it is tried again or in doubt."""
        ended = self.performing.tool_ended(done) if done.underway.call else self._model_ended(done)
        return [ended] if ended else []

    def _model_ended(self, done: Done) -> Ended | None:
        turn = of_model(done)
        if isinstance(turn, ModelFailure):
            if turn.kind == "recording_ended":
                self.performing.ended_by = "recording"
                return None
            return of_failure(done.underway.position, turn)
        return turn

    # --- committing ---

    def _commit(self, ended: list[Ended]) -> None:
        """Hand outcomes to the flow, let it run to its next requests, and commit both."""
        for end in ended:
            end.outcome.keep(self.claim.keep)
        segment = Segment(
            rows=[],
            to="running",
            statuses={end.position: end.status for end in ended if end.status},
            doubts=self.performing.take_doubts(),
            taken={end.message_id: end.position for end in ended if end.message_id is not None},
            cost=sum(end.cost for end in ended),
            tool_calls=sum(end.has_run for end in ended),
        )
        try:
            with watchdog.limit():
                segment.seconds = self._hand_over(ended)
                segment.rows = self.drive.take()
        except (CutOff, FlowError) as error:
            return self._cut_off(segment, ending.stopped(error))
        if not self.claim.resting:
            segment.calls = self._calls()
            segment.children = self.offspring.propose(self._asking("child"))
        self._direct(segment)
        try:
            self._write(segment)
        except DataError as error:
            return self._fail(ending.because("not_storable", f"A step of this run cannot be stored: {error}"))
        self.performing.committed(segment, self.claim.call_ids)
        self.offspring.committed(segment, self.claim.child_ids)

    def _calls(self) -> list[ProposedCall]:
        """What the flow newly asks for, and what the run asks for itself where a budget is used up."""
        return self.proposing.propose(self._unproposed()) + self.performing.ask_for_more()

    def _write(self, segment: Segment) -> None:
        segment.settlement = self.performing.spending.settlement(segment, self.work.busy)
        self.claim.commit(segment)

    def _hand_over(self, ended: list[Ended]) -> float:
        """Seconds that the performing of these took."""
        moment, seconds = self.claim.clock.moment(), 0.0
        for end in ended:
            started = self.performing.started.pop(end.position, moment)
            seconds += (moment - started).total_seconds()
            self.drive.deliver(end.position, end.outcome, name=end.name, tokens=end.tokens, started_at=started)
        return seconds

    def _fail(self, error: dict[str, Any]) -> None:
        self._write(ending.failed(self.work, error))

    def _unproposed(self) -> list[Effect]:
        return [effect for effect in self._asking("tool") if effect.position not in self.performing.calls]

    def _direct(self, segment: Segment) -> None:
        """Where the run goes with this commit."""
        if self.claim.cancelling:
            self._wind_up(segment)
        elif self.drive.done:
            ending.finish(segment, self.drive)
        elif self.claim.pausing:
            self._wind_up(segment)
        elif ended_by := self.performing.limit(self.drive, segment):
            ending.end_early(segment, self.drive, ended_by)
        elif self._is_idle(segment):
            segment.to, segment.due = "waiting", self._due(segment)
        elif self._is_winding_down and not self.performing.is_busy:
            segment.to = "queued"
        elif not (segment.rows or segment.calls or segment.children or segment.doubts or self.offspring.settled):
            raise RuntimeError(f"Run {self.claim.id} has nothing to do and nothing to wait for: {self.drive.pending}")

    def _wind_up(self, segment: Segment) -> None:
        """A cancelled or paused run rests once its calls in flight have an outcome."""
        if not self.work.busy:
            rest = "cancelled" if self.claim.cancelling else "paused"
            segment.to = "waiting" if self.performing.is_bound(segment) or self.offspring.hold() else rest
            segment.due = min(self.performing.doubtful_times(), default=None)

    def _is_idle(self, segment: Segment) -> bool:
        """Whether everything that the flow waits for is in other hands: people, timers, senders."""
        if self.performing.is_busy or self.performing.has_answers(self.drive) or self._timers():
            return False
        waiting = {call.position for call in segment.calls if call.status == "waiting"} | set(segment.doubts)
        waiting |= {child.position for child in segment.children}
        return all(
            effect.kind in ("until", "receive")
            or position in waiting
            or position in self.performing.spending.used_up
            or (effect.kind == "tool" and self.performing.is_waiting(position))
            or self.offspring.is_under_way(position)
            for position, (effect, _) in self.drive.pending.items()
        ) and not (self.performing.inbox_left(segment) and self._asking("receive"))

    def _due(self, segment: Segment) -> float | None:
        times: list[float] = [effect.ask["at"] for effect in self._asking("until")] + self.performing.times()
        if not (self.performing.in_flight or segment.doubts):
            times.append(self.claim.began + self.version.limits["max_seconds"])
        return min(times, default=None)

    def _set_aside(self, divergence: Diverged) -> None:
        error, doubts = ending.divergence(divergence), ending.waited_out(self.work)
        self._write(Segment(rows=[], to="diverged", error=error, doubts=doubts))

    def _cut_off(self, segment: Segment, error: dict[str, Any]) -> None:
        """The flow computes without end, or keeps what cannot be written: what came in is recorded, the run fails."""
        ending.cut_off(segment, self.drive, error)
        segment.doubts |= ending.waited_out(self.work)
        self._write(segment)

    def _put_away(self) -> None:
        try:
            self.drive.close()
        except FlowError as error:
            log.warning("%s", error)
