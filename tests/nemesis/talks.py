"""Threads: each run begins with what counts of those before it, no message is lost, none is there twice."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from agents import blobs, reading
from agents.models import Run
from agents.runtime.turns import STAYS_DONE, messages_of
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.story import is_plan
from tests.nemesis.witness import asked


def marks(messages: list[dict]) -> list[str]:
    """Whose inputs are in this conversation, in order."""
    return [json.loads(message["content"])["mark"] for message in messages if is_plan(message)]


class Talks(Evidence):
    """Checks of threads; what the runtime reckons as a thread's history is reckoned here a second time, afterwards."""

    def checks(self) -> list[Check]:
        return [self.threads]

    def threads(self) -> Iterator[Violation]:
        """I4, I7: one at a time, each from the last one that counts, and what was given up is named."""
        turns = {str(run): at for run, at in asked("SELECT run, at FROM nemesis.turns")}
        by_thread: dict[str, list[Run]] = defaultdict(list)
        for run in self.runs.values():
            if run.thread_id:
                by_thread[str(run.thread_id)].append(run)
        for talk in by_thread.values():
            for run in talk:
                self.checked["I4 turns of threads"] += 1
                yield from self._begun(run, talk, turns.get(str(run.pk)))
        yield from self._heard_by_models()
        yield from self._refused()

    def _begun(self, run: Run, talk: list[Run], at: datetime | None) -> Iterator[Violation]:
        if at is None:
            if run.status != "cancelled" or run.seq:
                yield Violation("I4", f"run {run.pk} never had its turn and is {run.status}")
            return
        before = [one for one in talk if one.finished_at and one.finished_at < at and one.pk != run.pk]
        counting = [one for one in before if self._counts(one)]
        last = max(counting, key=lambda one: one.finished_at, default=None)
        history = json.loads(blobs.read(run.history)) if run.history else []
        if marks(history) != (marks(messages_of(last)) if last else []):
            yield Violation("I4", f"run {run.pk} began with {marks(history)} after {last and last.pk}")
        own = marks(reading.messages_at(run)) if run.seq else [*marks(history), run.labels["key"]]
        if len(own) != len(set(own)) or own != [*marks(history), run.labels["key"]]:
            yield Violation("I4", f"run {run.pk} says {own}")
        yield from self._named(run, history, [one for one in before if last is None or self._after(one, last)])

    def _counts(self, run: Run) -> bool:
        return run.superseded == "interrupt" or (run.status == "succeeded" and not run.superseded)

    def _after(self, run: Run, last: Run) -> bool:
        return run.finished_at > last.finished_at

    def _named(self, run: Run, history: list[dict], given_up: list[Run]) -> Iterator[Violation]:
        """Effects of what was taken back remain, so the next run is told of them."""
        calls = [call for one in given_up for call in one.tool_calls.filter(status="succeeded").exclude(effect="read")]
        said = [message["content"] for message in history[-1:] if str(message["content"]).startswith(STAYS_DONE)]
        lines = len(said[0].splitlines()) - 1 if said else 0
        if lines != len(calls):
            yield Violation("I4", f"run {run.pk} was told of {lines} effects that stay, of {len(calls)}")

    def _heard_by_models(self) -> Iterator[Violation]:
        for line in self.known.lines:
            if line["what"] == "turn" and len(line["marks"]) != len(set(line["marks"])):
                yield Violation("I4", f"a model was told an input twice: {line['marks']}")

    def _refused(self) -> Iterator[Violation]:
        """A start that was refused as busy has started nothing; an interrupted run had been asked to end."""
        started = {run.labels.get("key") for run in self.runs.values()}
        for operation in self.history.of("start"):
            if operation.status == 409 and operation.sent["json"].get("on_busy") == "reject":
                self.checked["I4 busy threads"] += 1
                if operation.sent["key"] in started:
                    yield Violation("I4", f"start {operation.sent['key']} was refused and took place")
