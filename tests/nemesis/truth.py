"""Whether what is told is true: results, deadlines, ends, and who was given up on."""

from collections.abc import Iterator

from agents.runtime.claim import MAX_LAPSES
from agents.runtime.text import loads
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.witness import asked

TOLD = {"nemesis_look": "seen {what}", "nemesis_put": "put {what}", "nemesis_pay": "paid {amount} for {what}"}
RESULTS = """SELECT call.id, call.tool, call.args, step.outcome FROM agents_toolcall AS call
  JOIN agents_run AS run ON run.id = call.run_id
  JOIN agents_checkpoint AS step ON step.run_id = call.run_id AND step.seq = call.seq
  WHERE run.workspace_id = %s AND call.status = 'succeeded' AND NOT call.verdict ? 'stand_in'
    AND NOT EXISTS (SELECT FROM nemesis.calls AS moved WHERE moved.call = call.id AND moved.status = 'in_doubt')"""
ENDED = """SELECT moved.run, moved.status FROM nemesis.runs AS moved JOIN agents_run AS run ON run.id = moved.run
  WHERE run.workspace_id = %s AND moved.status IN ('succeeded', 'failed', 'cancelled')
    AND moved.status <> moved.old_status AND NOT EXISTS (SELECT FROM workspaces_event AS event
      WHERE event.object = moved.run AND event.kind = 'run.' || moved.status)"""
GIVEN_UP = """SELECT over.run, (SELECT count(*) FROM nemesis.runs AS lost WHERE lost.run = over.run AND lost.lapsed
    AND lost.at < over.at AND lost.at > coalesce((SELECT max(step.at) FROM nemesis.steps AS step
      WHERE step.run = over.run AND step.at < over.at), '-infinity'))
  FROM nemesis.runs AS over WHERE over.status = 'poisoned' AND over.old_status <> 'poisoned'"""


class Truth(Evidence):
    """Checks of what clients, people and receivers are told."""

    def checks(self) -> list[Check]:
        return [self.results, self.deadlines, self.ends, self.given_up]

    def results(self) -> Iterator[Violation]:
        """I2: the result in a journal is what the tool said of this very call."""
        for call, name, args, outcome in asked(RESULTS, self.workspace.pk):
            value = loads(outcome).get("value")
            self.checked["I2 results"] += 1
            if value != TOLD[name].format(**loads(bytes(args).decode())):
                yield Violation("I2", f"call {call} of {name} is recorded with another's result: {value}")

    def deadlines(self) -> Iterator[Violation]:
        """I3: a call does not act after its deadline, when people may have been asked about it already."""
        for line in self.known.effects:
            self.checked["I3 deadlines"] += 1
            if line.get("ends") == "overdue":
                yield Violation("I3", f"call {line['key']} acted after its deadline")

    def ends(self) -> Iterator[Violation]:
        """I12: the end of every run is told."""
        self.checked["I12 ends of runs"] += sum(run.has_ended for run in self.runs.values())
        for run, status in asked(ENDED, self.workspace.pk):
            yield Violation("I12", f"no event says that run {run} is {status}")

    def given_up(self) -> Iterator[Violation]:
        """I7: poisoned is only whom three workers in a row have failed."""
        for run, lapses in asked(GIVEN_UP):
            self.checked["I7 given up"] += 1
            if lapses < MAX_LAPSES:
                yield Violation("I7", f"run {run} was given up after {lapses} takeovers")
