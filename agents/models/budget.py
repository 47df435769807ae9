"""Budgets: how much agents may use, in each run or altogether in a day or a month (of UTC)."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Now

from agents.models.agent import Agent
from agents.models.run import UUID7
from agents.models.tool_call import ToolCall
from workspaces.models import Workspace

if TYPE_CHECKING:
    from workspaces.models import Person

SHARDS = 16  # so many rows count what is used in one term, so that none is hot
NOTHING = Value(Decimal(0), models.DecimalField(max_digits=24, decimal_places=6))


class Today(models.Func):
    """The database's day or month of UTC, written as in `Budget.term`."""

    template = "to_char(now() AT TIME ZONE 'UTC', '%(form)s')"
    output_field = models.TextField()


class BudgetQuerySet(models.QuerySet["Budget"]):
    """Selections of budgets."""

    def in_workspace(self, workspace: Workspace) -> "BudgetQuerySet":
        return self.filter(workspace=workspace).select_related("agent").order_by("agent__name", "period", "unit")

    def with_use(self, root: str = "") -> "BudgetQuerySet":
        """With `term`, and `used`, `held` by calls under way and `raised` in it; `root` is the run of run budgets."""
        term = Case(
            When(period="day", then=Today(form="YYYY-MM-DD")),
            When(period="month", then=Today(form="YYYY-MM")),
            default=Value(root),
            output_field=models.TextField(),
        )
        sums = {"used": BudgetUse, "held": BudgetHold, "raised": BudgetRaise}
        return self.annotate(term=term).annotate(**{name: _sum_of(model) for name, model in sums.items()})


def _sum_of(model: type[models.Model]) -> Coalesce:
    rows = model._default_manager.filter(budget=OuterRef("pk"), term=OuterRef("term")).order_by()
    return Coalesce(Subquery(rows.values("budget").annotate(sum=Sum("amount")).values("sum")), NOTHING)


class Budget(models.Model):
    """A limit. At the soft one people are told; at the hard one runs end with what they have, or ask for more."""

    class Period(models.TextChoices):
        RUN = "run", "each run, with its child runs"
        DAY = "day", "a day (UTC)"
        MONTH = "month", "a month (UTC)"

    class Unit(models.TextChoices):
        TOKENS = "tokens", "tokens"
        COST = "cost", "US dollars"
        TOOL_CALLS = "tool_calls", "tool calls"
        STEPS = "steps", "steps"
        SECONDS = "seconds", "seconds of calls"
        RUNS = "runs", "runs"

    class OnHard(models.TextChoices):
        END = "end", "the run ends with what it has"
        ASK = "ask", "the run asks people for more"

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="budgets")
    agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="budgets", help_text="None: all together."
    )
    period = models.CharField(max_length=5, choices=Period)
    unit = models.CharField(max_length=10, choices=Unit)
    soft = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="People and webhooks are told here."
    )
    hard = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="No further call starts here."
    )
    on_hard = models.CharField(max_length=3, choices=OnHard, default=OnHard.END, verbose_name="at the hard limit")
    asks_for = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, help_text="How much more a run asks for at once."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "agent", "period", "unit"], nulls_distinct=False, name="budget_is_set_once"
            ),
            models.CheckConstraint(
                condition=Q(soft__isnull=False) | Q(hard__isnull=False), name="budget_has_a_soft_or_a_hard_limit"
            ),
            models.CheckConstraint(
                condition=(Q(soft=None) | Q(soft__gt=0, soft__lt=10**12))
                & (Q(hard=None) | Q(hard__gt=0, hard__lt=10**12)),
                name="budget_limits_are_positive_and_finite",
            ),
            models.CheckConstraint(
                condition=Q(soft=None) | Q(hard=None) | Q(soft__lte=F("hard")), name="budget_soft_is_not_above_hard"
            ),
            models.CheckConstraint(
                condition=Q(on_hard="end") | Q(hard__isnull=False, asks_for__gt=0, asks_for__lt=10**12),
                name="budget_that_asks_says_for_how_much",
            ),
            models.CheckConstraint(
                condition=~Q(unit="runs") | Q(on_hard="end") & ~Q(period="run"),
                name="budget_of_runs_is_of_a_term_and_ends",
            ),
        ]

    def __str__(self) -> str:
        limit = self.hard if self.hard is not None else self.soft
        return f"{shown(limit or Decimal(0), self.unit)} {self.per} for {self.whom}"

    def clean(self) -> None:
        """Raise ValidationError by field for limits that could not be kept."""
        found = {name: self._problem(name) for name in ("soft", "hard", "asks_for")}
        if self.soft is None and self.hard is None:
            found["hard"] = "Set a soft limit, a hard limit or both."
        elif self.soft is not None and self.hard is not None and not (found["soft"] or found["hard"]):
            found["soft"] = "The soft limit lies above the hard one." if self.soft > self.hard else ""
        if self.unit == self.Unit.RUNS:
            found |= self._problems_of_runs()
        elif self.on_hard == "ask" and (self.hard is None or self.asks_for is None):
            found["asks_for"] = "A run that is to ask for more needs a hard limit, and how much to ask for."
        if problems := {name: problem for name, problem in found.items() if problem}:
            raise ValidationError(problems)

    def _problems_of_runs(self) -> dict[str, str]:
        """A run that has not begun cannot ask for more of them."""
        one = "A run is one run: count those of a day or a month." if self.period == self.Period.RUN else ""
        ask = "A run that may not begin cannot ask: it ends." if self.on_hard == self.OnHard.ASK else ""
        return {"period": one, "on_hard": ask}

    def _problem(self, name: str) -> str:
        value: Any = getattr(self, name)
        if value is None:
            return ""
        if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
            return "A limit is a number above 0."
        is_whole = self.unit == self.Unit.COST or value == value.to_integral_value()
        return "" if is_whole else f"This is counted in whole {self.get_unit_display()}."

    @property
    def word(self) -> str:
        """What `Run.ended_by` says where this ended a run."""
        return f"{self.period}_{self.unit}"

    @property
    def per(self) -> str:
        """For sentences: "a run", "a day", "a month"."""
        return f"a {self.period}"

    @property
    def whom(self) -> str:
        """For sentences: the agent, or all of them."""
        return self.agent.name if self.agent else "all agents"


def shown(amount: Decimal, unit: str) -> str:
    """An amount with its unit: $12.50, 20,000 tokens."""
    if unit == Budget.Unit.COST:
        return f"${amount:,.2f}" if amount == round(amount, 2) else f"${amount.normalize():,f}"
    return f"{amount:,.0f} {unit.replace('_', ' ')}"


class BudgetUse(models.Model):
    """What was used in one term: the sum over the shards. `is_told` marks the term, on shard 0, once people know."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="uses")
    term = models.TextField(help_text="The day (2026-11-21), the month (2026-11) or the root run that is counted.")
    shard = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    is_told = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "term", "shard"], name="budget_use_is_one_row_a_shard")
        ]

    def __str__(self) -> str:
        return f"{self.amount} in {self.term}"


class BudgetHold(models.Model):
    """What one call under way is reckoned to use at most. Without foreign keys: their locks would meet on one row."""

    budget = models.ForeignKey(Budget, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    term = models.TextField()
    run_id = models.UUIDField()
    position = models.TextField(db_collation="C")
    epoch = models.IntegerField(help_text="The claim that holds it; what a dead one held is given back.")
    amount = models.DecimalField(max_digits=24, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_id", "position", "budget"], name="a_call_holds_once")]
        indexes = [models.Index(fields=["budget", "term"], name="budget_holds_of_a_term")]

    def __str__(self) -> str:
        return f"{self.amount} for {self.run_id} at {self.position}"


class BudgetRaiseQuerySet(models.QuerySet["BudgetRaise"]):
    """Raises."""

    def grant(self, call: ToolCall, by: "Person") -> None:
        """Add what `call` asks for to its budget, for the term that it names; nothing where the budget is gone."""
        asked = call.arguments
        budget = Budget.objects.filter(pk=asked["budget"], workspace=call.workspace_id).first()
        if budget:
            more = Decimal(str(asked["more"]))
            self.create(budget=budget, term=asked["term"], amount=more, tool_call=call, person=by)


class BudgetRaise(models.Model):
    """More for one term than the budget allows, as people approved it."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="raises")
    term = models.TextField()
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    tool_call = models.OneToOneField(ToolCall, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("workspaces.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = BudgetRaiseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["budget", "term"], name="budget_raises_of_a_term")]

    def __str__(self) -> str:
        return f"{self.amount} more in {self.term}"
