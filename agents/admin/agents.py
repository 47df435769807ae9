"""Agents: name, description, owner and examples; what an agent does is said by its versions."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from agents import configuring
from agents.models import Agent
from workspaces.admin import ScopedModelAdmin
from workspaces.models import Role
from workspaces.principal import Principal

if TYPE_CHECKING:
    AgentModelForm = forms.ModelForm[Agent]
else:
    AgentModelForm = forms.ModelForm

BETWEEN_EXAMPLES = "\n---\n"


class ExamplesField(forms.CharField):
    """Texts of several lines each, apart by lines of three hyphens."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return BETWEEN_EXAMPLES.join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        parts = re.split(r"^---\s*$", super().clean(value).replace("\r\n", "\n"), flags=re.MULTILINE)
        return [text for part in parts if (text := part.strip())]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.clean(data) != (initial or []))


class AgentForm(AgentModelForm):
    """Examples are written as text."""

    examples = ExamplesField(required=False, help_text="Inputs to try it with, apart by lines of ---")

    def clean_name(self) -> str:
        """One that nobody takes for another."""
        name: str = self.cleaned_data["name"]
        configuring.check_agent_name(name)
        return name


@admin.register(Agent)
class AgentAdmin(ScopedModelAdmin):
    """Never deleted: its runs belong to it."""

    roles = [Role.ENGINEER, Role.ADMIN]
    can_delete = False
    form = AgentForm
    list_display = ["name", "workspace", "active_version", "owner", "description"]
    list_filter = ["workspace"]
    list_select_related = ["workspace", "active_version__agent", "owner"]
    search_fields = ["name", "description"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["workspace", "name", "description", "owner", "examples"]
        return [*chosen, "active_version", "versions", "created_at"] if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Runs and policies know an agent by its name."""
        fixed = ["name", "active_version", "versions", "created_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    @admin.display(description="versions")
    def versions(self, row: Agent) -> str:
        """Each version with a way to look at it, and a way to add the first."""
        links = [(reverse("admin:agents_agentversion_change", args=[one.pk]), one) for one in row.versions.all()]
        add = reverse("admin:agents_agentversion_add")
        listed = format_html_join("", '<a href="{}">{}</a><br>', links)
        return format_html('{}<a href="{}?agent={}">Add a version</a>', listed, add, row.pk)

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        configuring.keep_agent(row, by)
