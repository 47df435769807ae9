"""Tools as a workspace takes them: stricter than code declares, never looser."""

from typing import TYPE_CHECKING, Any

import orjson
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents import configuring
from agents.models import Tool
from agents.tools import registry
from agents.tools.legible import legible
from workspaces.admin import ScopedModelAdmin
from workspaces.models import Role
from workspaces.principal import Principal

if TYPE_CHECKING:
    ToolModelForm = forms.ModelForm[Tool]
else:
    ToolModelForm = forms.ModelForm


class ToolForm(ToolModelForm):
    """The verb's own check tells what would be looser."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                configuring.check_tool(self.instance)
            except forms.ValidationError as problems:
                self._update_errors(problems)  # type: ignore[attr-defined]


class NewToolForm(ToolForm):
    """One of the tools that code declares."""

    name = forms.ChoiceField(choices=lambda: [(spec.name, spec.name) for spec in registry.all()])


@admin.register(Tool)
class ToolAdmin(ScopedModelAdmin):
    """A tool without a row is taken as code declares it; a row is not deleted, for that would loosen it unseen."""

    roles = [Role.ENGINEER, Role.ADMIN]
    can_delete = False
    list_display = ["name", "workspace", "effect", "reaches", "is_recorded", "updated_at"]
    list_filter = ["workspace", "effect", "reaches", "is_recorded"]
    list_select_related = ["workspace"]
    search_fields = ["name"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{"form": ToolForm if obj else NewToolForm, **kwargs})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["workspace", "name", "effect", "reaches"]
        return [*chosen, "declared", "description", "arguments", "is_recorded", "updated_at"] if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["name", "declared", "description", "arguments", "is_recorded", "updated_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    @admin.display(description="declared in code")
    def declared(self, row: Tool) -> str:
        """What may only be tightened."""
        spec = registry.get(row.name)
        return f"{spec.effect}, {spec.reaches}" if spec else "no: known from imported runs only"

    @admin.display(description="schema")
    def arguments(self, row: Tool) -> SafeString:
        """The schema of its arguments, as code has it now."""
        spec = registry.get(row.name)
        text = orjson.dumps(spec.schema if spec else row.schema, option=orjson.OPT_INDENT_2).decode()
        return format_html('<pre class="code">{}</pre>', "\n".join(map(legible, text.splitlines())))

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        configuring.keep_tool(row, by)
