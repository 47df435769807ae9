"""I11: budgets are limits: passed by one call in flight of each active run at most, and nothing used is forgotten."""

from collections.abc import Iterator
from decimal import Decimal

from agents.models import Budget, Run
from agents.models.budget import BudgetHold, BudgetRaise, BudgetUse
from tests.nemesis.evidence import Check, Evidence, Violation


class Purses(Evidence):
    """Checks of the budgets on tool calls."""

    def checks(self) -> list[Check]:
        return [self.budgets]

    def budgets(self) -> Iterator[Violation]:
        """What was used against what was allowed, and against what happened outside."""
        for budget in Budget.objects.filter(workspace=self.workspace, unit="tool_calls"):
            uses = BudgetUse.objects.filter(budget=budget)
            for term in set(uses.values_list("term", flat=True)):
                self.checked["I11 terms of budgets"] += 1
                runs = [run for run in self.runs.values() if self._is_of(run, budget, term)]
                yield from self._kept(budget, term, runs, sum(uses.filter(term=term).values_list("amount", flat=True)))
        if left := BudgetHold.objects.count():
            yield Violation("I11", f"{left} holds of calls that have long ended are left")

    def _is_of(self, run: Run, budget: Budget, term: str) -> bool:
        return str(run.root_id or run.pk) == term if budget.period == "run" else run.agent_id == budget.agent_id

    def _kept(self, budget: Budget, term: str, runs: list[Run], used: Decimal) -> Iterator[Violation]:
        raised = sum(BudgetRaise.objects.filter(budget=budget, term=term).values_list("amount", flat=True))
        allowed, active = budget.hard + raised, at_once(runs)
        if used > allowed + active:
            yield Violation("I11", f"{budget} in {term}: {used} used of {allowed} by at most {active} runs at once")
        concerned = {str(run.pk) for run in runs}
        if (happened := len({line["key"] for line in self.known.effects if line["run"] in concerned})) > used:
            yield Violation("I11", f"{budget} in {term}: {happened} calls happened, {used} are counted")


def at_once(runs: list[Run]) -> int:
    """How many of these were active at the same time, at most."""
    began = [(run.started_at, 1) for run in runs if run.started_at]
    ended = [(run.finished_at, -1) for run in runs if run.started_at and run.finished_at]
    most = count = 0
    for _, step in sorted(began + ended):
        count += step
        most = max(most, count)
    return most
