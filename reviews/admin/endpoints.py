"""Endpoints of webhooks; a secret is shown once, when it is made."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from reviews.models import Endpoint, WebhookKind
from workspaces.admin import EVERYWHERE, ScopedModelAdmin
from workspaces.principal import Principal

if TYPE_CHECKING:
    EndpointModelForm = forms.ModelForm[Endpoint]
else:
    EndpointModelForm = forms.ModelForm


class EndpointForm(EndpointModelForm):
    """Events as boxes to tick."""

    kinds = forms.MultipleChoiceField(choices=WebhookKind.choices, widget=forms.CheckboxSelectMultiple, label="Events")

    class Meta:
        widgets = {"url": forms.URLInput(attrs={"size": 80})}


@admin.register(Endpoint)
class EndpointAdmin(ScopedModelAdmin):
    """Never deleted: what was sent to it can be read; switch it off instead."""

    can_delete = False
    form = EndpointForm
    list_display = ["url", "workspace", "enabled", "disabled_reason", "kinds", "created_by", "created_at"]
    list_filter = ["workspace", "enabled"]
    list_select_related = ["workspace", "created_by"]
    actions = ["send_test", "rotate", "switch_off", "switch_on"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = ["workspace", "url", "kinds", "include_arguments"]
        return [*chosen, "enabled", "disabled_reason", "previous_until", "created_by", "created_at"] if obj else chosen

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["enabled", "disabled_reason", "previous_until", "created_by", "created_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        if is_new:
            row.issued = row.register(by)
        else:
            row.change(by)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._show_once(request, obj, obj.issued)
        return super().log_addition(request, obj, message)

    @admin.action(description="Send a test event", location=EVERYWHERE)
    def send_test(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Sent as any other; the list of deliveries tells how it went."""
        for endpoint in queryset:
            endpoint.send_test(self.principal(request, endpoint))
        self.message_user(request, "A test event is on its way; see Deliveries.", messages.SUCCESS)

    @admin.action(description="Rotate the secret", location=EVERYWHERE)
    def rotate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """The new one is shown once; for a day the old one signs as well."""
        for endpoint in queryset:
            self._show_once(request, endpoint, endpoint.rotate(self.principal(request, endpoint)))

    @admin.action(description="Switch off", location=EVERYWHERE)
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Nothing is sent from now on."""
        for endpoint in queryset.filter(enabled=True):
            by = self.principal(request, endpoint)
            endpoint.disable(f"Switched off by {by.name}.", by)

    @admin.action(description="Switch on", location=EVERYWHERE)
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """What has waited is sent first."""
        for endpoint in queryset.filter(enabled=False):
            endpoint.enable(self.principal(request, endpoint))

    def _show_once(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> None:
        messages.warning(request, f"Copy the secret of {endpoint.host} now, it is not shown again: {secret}")
