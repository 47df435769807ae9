"""Whether what clients saw, what the database holds and what happened outside can all be true (security.md §6)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from agents.models import Run, ToolCall
from agents.runtime.journal_check import Diverged, verify
from agents.runtime.text import loads
from reviews.models import ApprovalRequest, Decision
from tests.nemesis import outside
from tests.nemesis.deliveries import Deliveries
from tests.nemesis.evidence import Check, Violation
from tests.nemesis.history import Operation
from tests.nemesis.lines import Lines
from tests.nemesis.purses import Purses
from tests.nemesis.requests import Requests
from tests.nemesis.talks import Talks
from tests.nemesis.terms import Terms
from tests.nemesis.times import Times
from tests.nemesis.truth import Truth
from tests.nemesis.witness import asked
from workspaces import audit

UNSTARTED = {"rejected", "denied", "expired", "cancelled", "answered"}


class Checker(Requests):
    """All checks over one workspace after a battle; `checked` counts what was looked at."""

    def violations(self) -> list[Violation]:
        others = [
            part(self.history, self.house, self.known)
            for part in (Talks, Terms, Times, Purses, Deliveries, Lines, Truth)
        ]
        found = [violation for part in (self, *others) for violation in part.found()]
        for part in others:
            self.checked += part.checked
        return found

    def checks(self) -> list[Check]:
        return [
            self.journal, self.effects, self.decisions, self.approved_bytes, self.starts, self.fences, self.wake_ups,
            self.cancelled, self.paused, self.sums, self.twins, self.messages, self.stopped, self.lineage, self.orphans,
            self.replays, self.chain,
        ]  # fmt: skip

    @cached_property
    def pays(self) -> dict[str, list[dict[str, Any]]]:
        return outside.by_key("pay")

    @cached_property
    def puts(self) -> dict[str, str]:
        return outside.puts()

    # --- the journal ---

    def journal(self) -> Iterator[Violation]:
        """I1: each step once, dense from 1 (a fork's own from where it began), and the flow agrees with every row."""
        rows = asked(
            """SELECT run_id, count(*), max(step.seq), min(step.seq) FROM agents_checkpoint AS step
              JOIN agents_run AS run ON run.id = run_id WHERE workspace_id = %s GROUP BY 1""",
            self.workspace.pk,
        )
        for run_id, count, last, first in rows:
            self.checked["I1 steps"] += count
            run = self.runs[str(run_id)]
            if not (first == (run.forked_seq or 1) and last == run.seq == first + count - 1):
                yield Violation("I1", f"run {run_id} has {count} steps from {first} to {last}")
        for run in self.runs.values():
            try:
                if run.status != "poisoned" and verify(run) != run.seq:
                    yield Violation("I1", f"run {run.pk} verifies another number of steps than {run.seq}")
            except Diverged as divergence:
                yield Violation("I1", f"run {run.pk} does not verify: {divergence}")

    def sums(self) -> Iterator[Violation]:
        """I11, as far as there are budgets: what a run has spent is what its steps cost, nothing twice."""
        query = """SELECT run.id, run.tokens, sum(step.tokens) FROM agents_run AS run
          JOIN agents_checkpoint AS step ON step.run_id = run.id WHERE run.workspace_id = %s
          GROUP BY 1, 2 HAVING run.tokens <> sum(step.tokens)"""
        self.checked["I11 runs"] += len(self.runs)
        for run_id, tokens, spent in asked(query, self.workspace.pk):
            yield Violation("I11", f"run {run_id} says {tokens} tokens, its steps {spent}")

    # --- effects ---

    def effects(self) -> Iterator[Violation]:
        """I2, I3: an unsafe call reaches the world at most once, and what its row says is what happened."""
        for key, call in self.calls.items():
            if "stand_in" in call.verdict:
                continue
            if call.effect == "unsafe" and call.tool == "nemesis_pay":
                yield from self._paid(key, call, len(self.pays.get(key, [])))
            elif call.effect == "keyed":
                yield from self._put(key, call)
        for line in self.known.lines:
            if line["what"] == "other body under this key":
                yield Violation("I2", f"keyed call {line['key']} came with two bodies")

    def _paid(self, key: str, call: ToolCall, times: int) -> Iterator[Violation]:
        self.checked["I2 unsafe calls"] += 1
        if times > 1:
            yield Violation("I2", f"unsafe call {key} happened {times} times: {self.pays[key]}")
        if call.status == "succeeded" and times != 1:
            yield Violation("I2", f"unsafe call {key} is called succeeded and happened {times} times")
        if call.status in UNSTARTED | {"failed"} and times:
            yield Violation("I2", f"unsafe call {key} is called {call.status} and happened: {call.why}")
        if call.status not in UNSTARTED | {"failed", "succeeded"}:
            yield Violation("I3", f"unsafe call {key} was left {call.status} by run {call.run_id}")

    def _put(self, key: str, call: ToolCall) -> Iterator[Violation]:
        self.checked["I2 keyed calls"] += 1
        if call.status == "succeeded" and key not in self.puts:
            yield Violation("I2", f"keyed call {key} is called succeeded and never happened")
        if call.status in UNSTARTED and key in self.puts:
            yield Violation("I2", f"keyed call {key} is called {call.status} and happened")

    def approved_bytes(self) -> Iterator[Violation]:
        """I5: what ran is what the call says, and where people were asked, what they approved."""
        for what in ("pay", "put", "look"):
            for key, lines in outside.by_key(what).items():
                for line in lines if key in self.calls else ():
                    self.checked["I5 effects"] += 1
                    if line["digest"] != bytes(self.calls[key].digest).hex():
                        yield Violation("I5", f"{what} {key} ran with arguments of digest {line['digest'][:12]}")
        query = """SELECT DISTINCT started.call, started.digest FROM nemesis.starts AS started
          WHERE started.verdict = 'ask' AND NOT EXISTS (SELECT FROM reviews_decision AS made
            JOIN reviews_approvalrequest AS approval ON approval.id = made.approval_id
            WHERE approval.tool_call_id = started.call AND made.kind = 'approve' AND made.digest = started.digest)"""
        for call, digest in asked(query):
            yield Violation("I5", f"call {call} started with digest {bytes(digest).hex()[:12]} that nobody approved")

    def starts(self) -> Iterator[Violation]:
        """I5, I6, I9, I10, I19 at the very moment of each intent."""
        found = asked("SELECT * FROM nemesis.starts")
        self.checked["I6 starts"] += len(found)
        wrong = """SELECT call, CASE WHEN epoch <> run_epoch OR run_status <> 'running' THEN 'I9 under a lost claim'
            WHEN cancelling THEN 'I10 after a cancellation' WHEN pausing THEN 'I19 while paused'
            WHEN stopped THEN 'I19 while stopped'
            WHEN rules <> rules_now THEN 'I6 under rules of yesterday' WHEN too_old THEN 'I6 after its approval ran out'
            WHEN verdict = 'ask' AND approved <> 1 THEN 'I5 with ' || approved || ' approvals in force'
            WHEN effect = 'unsafe' AND attempts > 1 AND retries < attempts - 1
              THEN 'I2 again without being asked for' END
          FROM (SELECT started.*, count(*) OVER (PARTITION BY call) AS attempts, (SELECT count(*) FROM reviews_decision
            AS made JOIN reviews_approvalrequest AS approval ON approval.id = made.approval_id
            WHERE approval.tool_call_id = started.call AND made.kind = 'retry')
            + (SELECT count(*) FROM nemesis.calls AS moved WHERE moved.call = started.call
               AND moved.old_status = 'executing' AND moved.status = 'ready') AS retries
            FROM nemesis.starts AS started) AS starts"""
        for call, why in asked(f"SELECT * FROM ({wrong}) AS found (call, why) WHERE why IS NOT NULL"):
            yield Violation(why.split(" ", 1)[0], f"call {call} started {why.split(' ', 1)[1]}")

    # --- decisions ---

    def decisions(self) -> Iterator[Violation]:
        """I4: what was acknowledged is there, once; the loser was told of the winner; nobody decided for anybody."""
        there = {(str(made.approval_id), made.n): made for made in Decision.objects.select_related("person")}
        asked_for: Counter[tuple[str, str, str]] = Counter()
        for operation in self.history.of("decide"):
            approval = operation.sent["path"].split("/")[2]
            if operation.is_acknowledged or operation.is_unknown:
                asked_for[approval, operation.who, operation.sent["json"]["kind"]] += 1
            if operation.is_acknowledged:
                yield from self._kept(operation, approval, there)
            if operation.status == 409 and (operation.answer or {}).get("title") == "Already decided":
                yield from self._lost(operation, approval)
        made_by = Counter((str(made.approval_id), made.person.username, made.kind) for made in there.values())
        for what in made_by - asked_for:
            yield Violation("I4", f"a decision that nobody made: {what}")
        yield from self._applied(there)

    def _kept(self, operation: Operation, approval: str, there: dict[tuple[str, int], Decision]) -> Iterator[Violation]:
        self.checked["I4 acknowledged decisions"] += 1
        said = operation.answer["decision"]
        kept = there.get((approval, said["n"]))
        if kept is None or (kept.kind, kept.person.username) != (operation.sent["json"]["kind"], operation.who):
            yield Violation("I4", f"an acknowledged decision is gone: {operation.who} {said} about {approval}")
        elif (seen := operation.sent["json"].get("digest")) and seen != bytes(kept.digest).hex():
            yield Violation("I5", f"{operation.who} saw {seen[:12]} and decided about {bytes(kept.digest).hex()[:12]}")

    def _lost(self, operation: Operation, approval: str) -> Iterator[Violation]:
        self.checked["I4 lost races"] += 1
        current = operation.answer["current"]
        won = Decision.objects.filter(approval=approval, person__username=current["person"], kind=current["kind"])
        if not won.exists():
            yield Violation("I4", f"{operation.who} lost {approval} to {current}, who is not there")

    def _applied(self, there: dict[tuple[str, int], Decision]) -> Iterator[Violation]:
        """An approval is ended by one decision, or by as many approvals of one revision as it has seats."""
        ending: dict[str, list[Decision]] = defaultdict(list)
        for (approval, _), made in there.items():
            if made.kind != "edit" and made.undone_at is None:
                ending[approval].append(made)
        for approval in ApprovalRequest.objects.filter(status__in=["approved", "rejected", "answered"]):
            made = [one for one in ending[str(approval.pk)] if one.revision == approval.revision]
            last = [one for one in made if one.kind != "approve"]
            votes = len(made) - len(last)
            if not (len(last) == 1 or (not last and votes == len(approval.places))):
                yield Violation("I4", f"approval {approval.pk} is {approval.status} by {[str(one) for one in made]}")

    # --- claims ---

    def fences(self) -> Iterator[Violation]:
        """I9, I10: no step under another epoch than the run's, and no move of a run that has ended."""
        self.checked["I9 moves"] += asked("SELECT count(*) FROM nemesis.runs")[0][0]
        for what, run, detail in asked("SELECT what, run, detail FROM nemesis.strays"):
            yield Violation("I10" if "ended" in what else "I9", f"{what}: run {run}, {detail}")

    def wake_ups(self) -> Iterator[Violation]:
        """I7: nothing is left that could go on; poisoned is only whom three workers in a row have failed."""
        for run in self.runs.values():
            self.checked["I7 runs"] += 1
            if not run.has_ended and run.status != "poisoned":
                yield Violation("I7", f"run {run.pk} was left {run.status} (woken {run.woken}): {self._left(run)}")
            if run.status == "failed":
                yield Violation("I7", f"run {run.pk} failed: {run.error}")

    def _left(self, run: Run) -> str:
        """What an unfinished run still has open."""
        calls = [f"{call.tool} {call.status} {call.decided}" for call in run.tool_calls.filter(seq=None)]
        asked_for = [f"{one.subject_kind} {one.status}" for one in run.approvals.exclude(status="withdrawn")]
        return f"calls {calls}, approvals {asked_for}, {run.inbox.count()} messages, plan {loads(run.input)['plan']}"

    # --- afterwards ---

    def replays(self) -> Iterator[Violation]:
        """I14, for what there is: verifying a journal performs nothing."""
        before = sum(1 for line in outside.lines() if line["what"] != "turn")
        for run in list(self.runs.values())[:50]:
            verify(run)
        self.checked["I14 replays"] += min(50, len(self.runs))
        if sum(1 for line in outside.lines() if line["what"] != "turn") != before:
            yield Violation("I14", "verifying journals had effects outside")

    def chain(self) -> Iterator[Violation]:
        """I16 by the way: the audit's chain holds over all of this."""
        audit.chain()
        found = audit.verify(self.workspace.pk)
        self.checked["I16 audit entries"] += found.checked
        if not found.is_whole:
            yield Violation("I16", found.problem)
