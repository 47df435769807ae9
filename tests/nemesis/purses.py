"""I11: budgets are limits: passed by one call in flight of each active run at most, and nothing used is forgotten."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Max

from agents.models import Budget, Checkpoint, Run
from agents.models.budget import BudgetHold, BudgetRaise, BudgetUse
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.prices import MICRODOLLARS_A_TOKEN

MILLION = 1_000_000


class Purses(Evidence):
    """Checks of the budgets on tool calls and on money, and of what runs say they cost."""

    def checks(self) -> list[Check]:
        return [self.budgets, self.costs, self.money]

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

    def costs(self) -> Iterator[Violation]:
        """I11: a run has cost what its tokens cost. Those it inherited as a fork cost nothing again."""
        for run in self.runs.values():
            self.checked["I11 costs of runs"] += 1
            if run.cost != MICRODOLLARS_A_TOKEN * run.tokens:
                yield Violation("I11", f"run {run.pk} says {run.cost} millionths of a dollar for {run.tokens} tokens")

    def money(self) -> Iterator[Violation]:
        """I11: a budget of money holds exactly what its runs have cost, and is passed by one turn of each at most."""
        for budget in Budget.objects.filter(workspace=self.workspace, unit="cost"):
            runs = [run for run in self.runs.values() if run.agent_id == budget.agent_id]
            used = sum(BudgetUse.objects.filter(budget=budget).values_list("amount", flat=True))
            raised = sum(BudgetRaise.objects.filter(budget=budget).values_list("amount", flat=True))
            self.checked["I11 runs with a budget of money"] += len(runs)
            if used * MILLION != (cost := sum(run.cost for run in runs)):
                yield Violation("I11", f"{budget}: {used} dollars are counted, its runs have cost {cost} millionths")
            if used > budget.hard + raised + at_once(runs) * self._dearest(runs) / MILLION:
                yield Violation("I11", f"{budget}: {used} used of {budget.hard + raised}")

    def _dearest(self, runs: list[Run]) -> Decimal:
        """The cost of the dearest turn of these, in millionths of a dollar."""
        steps = Checkpoint.objects.filter(run__in=runs, kind="model")
        return Decimal(MICRODOLLARS_A_TOKEN * (steps.aggregate(most=Max("tokens"))["most"] or 0))

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
