"""Child runs: one for each request, of the right line, heard by its parent, and never left behind by it."""

import json
from collections.abc import Iterator

from agents.models import Checkpoint, Run
from tests.nemesis.evidence import Evidence, Violation
from tests.nemesis.witness import asked


class Relatives(Evidence):
    """Checks of parents and children."""

    def lineage(self) -> Iterator[Violation]:
        """I1, I7: depth and root follow from the parent, and what became of the child is what the parent was told."""
        heard = {
            (str(step.run_id), step.position): step
            for step in Checkpoint.objects.filter(run__workspace=self.workspace, kind="child")
        }
        for child in (run for run in self.runs.values() if run.parent_id):
            self.checked["I1 children"] += 1
            parent = self.runs[str(child.parent_id)]
            if (child.depth, child.root_id) != (parent.depth + 1, parent.root_id or parent.pk):
                yield Violation("I1", f"child {child.pk} is {child.depth} deep under root {child.root_id}")
            told = heard.pop((str(parent.pk), child.parent_position), None)
            if told is None and parent.status == "succeeded" and not parent.ended_by:
                yield Violation("I7", f"run {parent.pk} ended well and never heard of its child {child.pk}")
            if told and (told.failed, told.outcome) != self._said(child, told):
                yield Violation("I1", f"run {parent.pk} heard {told.outcome} of child {child.pk}, {child.status}")
        for (run, position), step in heard.items():
            is_shared = bool(self.runs[run].fork_mode)  # what an ancestor of a fork heard of its child
            if not is_shared and "child_refused" not in step.outcome:
                yield Violation("I1", f"run {run} heard at {position} of a child that is not there")

    def _said(self, child: Run, told: Checkpoint) -> tuple[bool, str]:
        """What a parent hears: the result, or that there is none, and why."""
        if child.status == "succeeded":
            return False, child.result or "null"
        is_named = json.loads(told.outcome).get("run") == str(child.pk)
        return True, told.outcome if is_named else f"nothing about {child.pk}"

    def orphans(self) -> Iterator[Violation]:
        """I10: at no moment has a run ended while a child of it goes on unasked to end."""
        for run, child in asked("SELECT run, child FROM nemesis.orphans"):
            yield Violation("I10", f"run {run} had ended and its child {child} was not asked to")

    def ancestry(self, run_id: str) -> Iterator[str]:
        """The run and those above it."""
        found = self.runs.get(run_id)
        while found is not None:
            yield str(found.pk)
            found = self.runs.get(str(found.parent_id))
