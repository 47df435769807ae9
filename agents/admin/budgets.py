"""Budgets: what agents may use, and how much of it they have used."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents import budgeting
from agents.models import Budget
from agents.models.budget import shown
from workspaces.admin import ScopedModelAdmin
from workspaces.principal import Principal

if TYPE_CHECKING:
    BudgetModelForm = forms.ModelForm[Budget]
else:
    BudgetModelForm = forms.ModelForm


class BudgetForm(BudgetModelForm):
    """The verb's own check tells of an agent of another workspace."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                budgeting.check_budget(self.instance)
            except forms.ValidationError as problems:
                self._update_errors(problems)  # type: ignore[attr-defined]


@admin.register(Budget)
class BudgetAdmin(ScopedModelAdmin):
    """What a budget is about is fixed with it, so that what it counted stays true; limits change."""

    form = BudgetForm
    list_display = ["__str__", "workspace", "agent", "period", "unit", "soft", "hard", "on_hard", "use"]
    list_filter = ["workspace", "agent", "period", "unit"]
    list_select_related = ["workspace", "agent"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["workspace", "agent", "period", "unit", "soft", "hard", "on_hard", "asks_for"]
        return [*chosen, "use", "created_at"] if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["agent", "period", "unit", "use", "created_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_use()  # type: ignore[attr-defined,no-any-return]

    @admin.display(description="used now")
    def use(self, row: Any) -> str:
        """In this day or month, of what is allowed with raises; a run's own use is on its page."""
        if row.period == Budget.Period.RUN:
            return "by each run"
        allowed = None if row.hard is None else row.hard + row.raised
        used = shown(row.used or Decimal(0), row.unit)
        return used if allowed is None else f"{used} of {shown(allowed, row.unit)}"

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        budgeting.keep_budget(row, by)

    def remove(self, by: Principal, row: Any) -> None:
        budgeting.remove_budget(row, by)
