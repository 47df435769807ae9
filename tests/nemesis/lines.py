"""Forks: they go on from what they share, and nothing that their ancestors did happens again by them."""

from collections.abc import Iterator

from tests.nemesis import outside
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.witness import asked

UNASKED = """SELECT started.call, started.approved FROM nemesis.starts AS started
  JOIN agents_run AS run ON run.id = started.run WHERE run.fork_mode <> '' AND started.approved <> 1"""


class Lines(Evidence):
    """Checks of forks."""

    def checks(self) -> list[Check]:
        return [self.stand_ins, self.make_believe, self.held]

    def stand_ins(self) -> Iterator[Violation]:
        """I14: what was answered from a record was not done."""
        happened = {line["key"] for line in self.known.lines if line["what"] in outside.CALLS}
        for key, call in self.calls.items():
            if "stand_in" in call.verdict:
                self.checked["I14 calls answered from a record"] += 1
                if key in happened:
                    yield Violation("I14", f"call {key} of fork {call.run_id} was answered from a record and happened")

    def make_believe(self) -> Iterator[Violation]:
        """I14: a fork that is simulated, or plays its record, does nothing."""
        self.checked["I14 forks"] += sum(run.forked_from_id is not None for run in self.runs.values())
        for line in self.known.lines:
            if line["what"] in outside.CALLS and self.runs[line["run"]].fork_mode in ("simulated", "recorded"):
                yield Violation("I14", f"{line} happened in a {self.runs[line['run']].fork_mode} fork")

    def held(self) -> Iterator[Violation]:
        """I14: whatever a fork would write has been approved, whatever the rules allow."""
        for call, approved in asked(UNASKED):
            yield Violation("I14", f"call {call} of a fork started with {approved} approvals in force")
