"""Timers and schedules: nothing rings early, and every time that comes is used once."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from agents.runtime.text import loads
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.witness import asked

ROUNDING = 0.01
BESIDE = 0.1  # what the story's branches sleep


class Times(Evidence):
    """Checks of `sleep` and of schedules, by the database's clock."""

    def checks(self) -> list[Check]:
        return [self.timers, self.schedules]

    def timers(self) -> Iterator[Violation]:
        """A sleep ends once, and not before its time: the step after the recorded `now` it began with."""
        query = """SELECT run.id, wakes.position, extract(epoch FROM seen.at)::float8 - began.outcome::float8
          FROM agents_checkpoint AS wakes JOIN agents_run AS run ON run.id = wakes.run_id
          JOIN nemesis.steps AS seen ON seen.run = run.id AND seen.seq = wakes.seq
          JOIN agents_checkpoint AS began ON began.run_id = run.id AND began.kind = 'now'
            AND began.position = regexp_replace(wakes.position, '[0-9]+$', '')
              || ((regexp_match(wakes.position, '[0-9]+$'))[1]::int - 1)
          WHERE run.workspace_id = %s AND wakes.kind = 'until'"""
        for run_id, position, slept in asked(query, self.workspace.pk):
            self.checked["I7 timers"] += 1
            wanted = BESIDE if "." in position else self._sleep(str(run_id))
            if slept < wanted - ROUNDING:
                yield Violation("I7", f"run {run_id} woke at {position} after {slept:.3f} s instead of {wanted}")

    def _sleep(self, run_id: str) -> float:
        return float(loads(self.runs[run_id].input)["plan"]["sleep"])

    def schedules(self) -> Iterator[Violation]:
        """Every time that a sweep took as due has started one run, every ripened one was taken, none was invented."""
        started = Counter(
            (str(run.schedule_id), run.scheduled_at) for run in self.runs.values() if run.schedule_id
        )  # a unique constraint says once; what it cannot say is that none is missing
        taken = Counter((str(schedule), due) for schedule, due in asked("SELECT schedule, due FROM nemesis.fired"))
        self.checked["I7 scheduled runs"] += started.total()
        for (schedule, due), count in ((taken - started) + (started - taken)).items():
            yield Violation("I7", f"schedule {schedule} of {due}: {count} times taken without a run, or the reverse")
        for operation in self.history.of("ripen"):
            for moment in operation.answer or () if operation.is_acknowledged else ():
                self.checked["I7 ripened schedules"] += 1
                if (operation.sent["schedule"], datetime.fromisoformat(moment)) not in taken:
                    yield Violation("I7", f"schedule {operation.sent['schedule']} was due at {moment} and never fired")
