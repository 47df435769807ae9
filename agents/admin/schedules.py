"""Schedules: which agent is started with what, and when."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from agents import inputs
from agents.models import Schedule
from agents.scheduling import keep_schedule
from workspaces.admin import ScopedModelAdmin
from workspaces.models import Role
from workspaces.principal import Principal

if TYPE_CHECKING:
    ScheduleModelForm = forms.ModelForm[Schedule]
else:
    ScheduleModelForm = forms.ModelForm


class InputField(forms.CharField):
    """A text as it is, anything else as JSON."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return inputs.written(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        return inputs.stored(super().clean(value))


class ScheduleForm(ScheduleModelForm):
    """The input is written as text."""

    input = InputField(help_text="A text, or a JSON object.")


@admin.register(Schedule)
class ScheduleAdmin(ScopedModelAdmin):
    """Never deleted: its runs belong to it; pause it instead. Whoever saves it is who starts its runs."""

    roles = [Role.ENGINEER, Role.ADMIN]
    workspace_path = "agent__workspace"
    can_delete = False
    form = ScheduleForm
    list_display = ["agent", "cron", "time_zone", "paused", "next_at", "problem", "owner"]
    list_filter = ["agent", "paused"]
    list_select_related = ["agent__workspace", "owner"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["agent", "input", "labels", "cron", "time_zone", "paused"]
        return [*chosen, "next_at", "problem", "owner", "created_at"] if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["agent", "next_at", "problem", "owner", "created_at"] if obj else []

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        keep_schedule(row, by)
