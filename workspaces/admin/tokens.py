"""Keys for programs: made here, shown once, never edited, revoked by an action."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from workspaces.admin.scoped import ScopedModelAdmin
from workspaces.models import Scope, Token
from workspaces.principal import Principal

if TYPE_CHECKING:
    TokenModelForm = forms.ModelForm[Token]
else:
    TokenModelForm = forms.ModelForm


class TokenForm(TokenModelForm):
    """Scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)


@admin.register(Token)
class TokenAdmin(ScopedModelAdmin):
    """Service keys of the workspace, and personal tokens: one's own can be made, everybody's revoked."""

    form = TokenForm
    can_change = can_delete = False
    list_display = ["name", "kind", "person", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["workspace", "kind"]
    list_select_related = ["person"]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["workspace", "kind", "name", "scopes", "expires_at"]
        return [*chosen, "person", "prefix", "created_at", "last_used_at", "revoked_at"] if obj else chosen

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        row.person = by.person
        row.raw = row.issue(by)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        messages.warning(request, f"Copy this token now, it is not shown again: {obj.raw}")
        return super().log_addition(request, obj, message)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        """They open nothing from now on."""
        for token in queryset.filter(revoked_at=None):
            token.revoke(self.principal(request, token))
