"""Versions of agents: a used one is only looked at; another is made from it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest

from agents import configuring
from agents.gateway.pricing import unpriced
from agents.models import AgentVersion, Tool
from agents.runtime import flow
from agents.tools import registry
from agents.tools.question import QUESTION
from workspaces.admin import EVERYWHERE, CopyingModelAdmin, number_of
from workspaces.models import Role
from workspaces.principal import Principal

if TYPE_CHECKING:
    VersionModelForm = forms.ModelForm[AgentVersion]
else:
    VersionModelForm = forms.ModelForm

BEHAVIOUR = ["flow", "revision", "instructions", "chain", "model_settings", "tools"]
UNPRICED = (
    "It is not known what {model} of {provider} costs: max_cost counts its turns as free. Limit its tokens instead."
)
LIMITS = ["max_steps", "max_tokens", "max_cost", "max_seconds", "max_calls_in_turn", "max_parallel_calls", "max_depth"]


class VersionForm(VersionModelForm):
    """Flows and tools are chosen from those that are known; the rest is judged by the verb's own check."""

    flow = forms.ChoiceField(choices=lambda: sorted({(name, name) for name, _ in flow.registry}), initial="react")
    tools = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    activate = forms.BooleanField(required=False, initial=True, label="Let new runs use it")

    def _post_clean(self) -> None:
        """After Django's own checks, those that look beyond the row."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                configuring.check_version(self.instance)
            except forms.ValidationError as problems:
                self._update_errors(problems)  # type: ignore[attr-defined]


@admin.register(AgentVersion)
class AgentVersionAdmin(CopyingModelAdmin):
    """The next version begins as a copy of another."""

    roles = [Role.ENGINEER, Role.ADMIN]
    workspace_path = "agent__workspace"
    can_delete = False
    form = VersionForm
    list_display = ["__str__", "agent", "is_active", "flow", "chain", "created_by", "created_at"]
    list_filter = ["agent"]
    list_select_related = ["agent__workspace", "created_by"]
    ordering = ["agent__name", "-number"]
    actions = ["copy", "activate"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not configuring.is_used(obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        head = ["agent", "number", "created_by", "created_at"] if obj else ["agent", "activate"]
        return [(None, {"fields": head}), ("Behaviour", {"fields": BEHAVIOUR}), ("Limits of a run", {"fields": LIMITS})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["agent", "number", "created_by", "created_at"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "tools" in form.base_fields:
            form.base_fields["tools"].choices = self._tool_choices(request)  # type: ignore[attr-defined]
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Another version's fields (?from=), or the named agent (?agent=) alone."""
        if source := self.source(request):
            return model_to_dict(source, ["agent", *BEHAVIOUR, *LIMITS])
        return {"agent": number_of(request.GET.get("agent"))}

    @admin.display(boolean=True, description="active")
    def is_active(self, row: AgentVersion) -> bool:
        """Whether new runs use it."""
        return row.agent.active_version_id == row.pk

    @admin.action(description="Let new runs use this version", location=EVERYWHERE)
    def activate(self, request: HttpRequest, queryset: QuerySet[AgentVersion]) -> None:
        """Runs that are under way keep theirs."""
        version = self.only(queryset)
        configuring.activate(version, self.principal(request, version))
        self.message_user(request, f"New runs use {version}.", messages.SUCCESS)

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        if is_new:
            configuring.add_version(row, by, activate_it=form.cleaned_data["activate"])
        else:
            configuring.change_version(row, by)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Say what of the version cannot be held to."""
        super().save_model(request, obj, form, change)
        if link := unpriced(obj.chain):
            self.message_user(request, UNPRICED.format(**link), messages.WARNING)

    def _tool_choices(self, request: HttpRequest) -> list[tuple[str, str]]:
        recorded = Tool.objects.filter(workspace__in=self.workspaces(request), is_recorded=True)
        names = {spec.name for spec in [QUESTION, *registry.all()]} | set(recorded.values_list("name", flat=True))
        return [(name, name) for name in sorted(names)]
