"""What clients were told, held against what happened outside and what the database holds."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from agents.models import Message, Run
from tests.nemesis.evidence import Violation
from tests.nemesis.history import Operation
from tests.nemesis.relatives import Relatives
from tests.nemesis.story import SECONDS

LATE_SECONDS = 15.0  # a request that nobody answered may still be done by a web that stood still
MARGIN = 0.25  # between the clocks of a client's thread and a tool's line, both of this machine


class Requests(Relatives):
    """Checks of single kinds of requests."""

    def cancelled(self) -> Iterator[Violation]:
        """I10: once a cancellation was acknowledged, no effect starts in the run or below it.

        One in flight is over by its deadline.
        """
        acknowledged: dict[str, float] = {}
        for operation in self.history.of("cancel"):
            if operation.is_acknowledged:
                acknowledged.setdefault(operation.sent["path"].split("/")[2], operation.ended)
        self.checked["I10 cancellations"] += len(acknowledged)
        for line in self.known.effects:
            for since in [acknowledged[one] for one in self.ancestry(line["run"]) if one in acknowledged]:
                if line["at"] > since + SECONDS + MARGIN:
                    yield Violation("I10", f"{line} happened after the cancellation of {since:.3f}")

    def paused(self) -> Iterator[Violation]:
        """I19, for one run and what is below it: between pause and resumption only what the answer names happens."""
        lines = self.known.effects
        holds = self.history.of("pause", "let go")
        for operation in holds:
            if operation.kind == "pause" and operation.is_acknowledged:
                self.checked["I19 pauses"] += 1
                flying = {call["id"] for call in operation.answer["in_flight"]}
                run = operation.sent["path"].split("/")[2]
                until = lifted([one for one in holds if one.kind == "let go" and run in one.sent["path"]], operation)
                for line in lines:
                    is_held = operation.ended + MARGIN < line["at"] < until and line["key"] not in flying
                    if is_held and run in self.ancestry(line["run"]):
                        yield Violation("I19", f"{line} happened while {run} was paused since {operation.ended:.3f}")

    def _took_all(self, run: Run) -> bool:
        """A fork may share the step that took a message, and not need another."""
        return run.status == "succeeded" and not (run.ended_by or run.forked_from_id)

    def stopped(self) -> Iterator[Violation]:
        """I19: between the answer to a stop and the request to resume, only what the answer names happens."""
        lines = self.known.effects
        stops = self.history.of("stop", "resume")
        for operation in stops:
            if operation.kind == "stop" and operation.is_acknowledged:
                self.checked["I19 stops"] += 1
                flying = {call["id"] for call in operation.answer["in_flight"]}
                scope = operation.sent["json"]["scope"]
                ends = [one for one in stops if one.kind == "resume" and one.sent["params"]["scope"] == scope]
                until = lifted(ends, operation)
                yield from self._ran_while_stopped(operation, until, flying, lines)

    def _ran_while_stopped(self, stop: Operation, until: float, flying: set[str], lines: list) -> Iterator[Violation]:
        scope = stop.sent["json"]["scope"]
        for line in lines:
            agent = self.runs[line["run"]].agent_id
            is_concerned = scope in ("workspace", f"agent:{self.agents[agent]}", f"tool:nemesis_{line['what']}")
            if is_concerned and stop.ended + MARGIN < line["at"] < until and line["key"] not in flying:
                yield Violation("I19", f"{line} happened while {scope} was stopped since {stop.ended:.3f}")

    def twins(self) -> Iterator[Violation]:
        """I13: one key is one run and one answer; another body under it is refused."""
        by_key: dict[str, set[str]] = defaultdict(set)
        for operation in self.history.of("start", "say", "fork"):
            if operation.is_acknowledged:
                self.checked["I13 keyed requests"] += 1
                by_key[operation.sent["key"]].add(operation.said)
        for key, answers in by_key.items():
            if len(answers) > 1:
                yield Violation("I13", f"key {key} was answered in {len(answers)} ways: {sorted(answers)[:2]}")
        yield from self._started_once()

    def _started_once(self) -> Iterator[Violation]:
        begun = [run for run in self.runs.values() if not (run.parent_id or run.schedule_id or run.forked_from_id)]
        started = Counter(run.labels["key"] for run in begun)
        for key, count in started.items():
            if count > 1 or key == "altered":
                yield Violation("I13", f"key {key} started {count} runs")
        for operation in self.history.of("start altered"):
            if not operation.is_unknown and operation.status != 409:
                yield Violation("I13", f"another body under a used key got {operation.status}")

    def messages(self) -> Iterator[Violation]:
        """I4, I7: an acknowledged message is there, and is taken once by a run that lives to hear it."""
        there = {message.pk: message for message in Message.objects.filter(workspace=self.workspace)}
        taken: Counter[tuple[Any, int]] = Counter()
        for operation in self.history.of("say"):
            if operation.is_acknowledged:
                self.checked["I4 messages"] += 1
                if operation.answer["id"] not in there:
                    yield Violation("I4", f"an acknowledged message is gone: {operation.answer}")
        for message in there.values():
            if message.taken_seq is not None:
                taken[message.run_id, message.taken_seq] += 1
            elif self._took_all(self.runs[str(message.run_id)]):
                yield Violation("I7", f"run {message.run_id} ended well without taking message {message.pk}")
        yield from (Violation("I1", f"step {step} took {count} messages") for step, count in taken.items() if count > 1)


def lifted(ends: list[Operation], held: Operation) -> float:
    """Until when this holds at least: somebody asks for its end, or has asked before and was never answered."""
    later = [one.began for one in ends if one.began >= held.began]
    strays = [one.began for one in ends if one.is_unknown and held.began - LATE_SECONDS < one.began < held.began]
    return min(strays + later, default=held.ended)
