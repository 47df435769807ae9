"""Policies: a name, and the revision of its rules that is in force."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from reviews import configuring
from reviews.models import PolicySet
from workspaces.admin import EVERYWHERE, ScopedModelAdmin
from workspaces.exceptions import Unprocessable
from workspaces.principal import Principal


@admin.register(PolicySet)
class PolicyAdmin(ScopedModelAdmin):
    """Never deleted: verdicts name it; switch it off instead."""

    can_delete = False
    list_display = ["name", "workspace", "active"]
    list_filter = ["workspace"]
    list_select_related = ["workspace", "active__policy_set"]
    actions = ["edit_rules", "switch_off"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["workspace", "name", "active"] if obj else ["workspace", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["active"] if obj else [])]

    @admin.action(description="Edit the rules", location=EVERYWHERE)
    def edit_rules(self, request: HttpRequest, queryset: QuerySet[PolicySet]) -> HttpResponse:
        """The form for the next revision, filled with the rules of the latest."""
        if queryset.count() != 1:
            raise Unprocessable("Choose one policy.")
        policy = queryset[0]
        latest = policy.active or policy.revisions.first()
        start = f"from={latest.pk}" if latest else f"policy_set={policy.pk}"
        return HttpResponseRedirect(f"{reverse('admin:reviews_policyrevision_add')}?{start}")

    @admin.action(description="Switch off", location=EVERYWHERE)
    def switch_off(self, request: HttpRequest, queryset: QuerySet[PolicySet]) -> None:
        """No rule of these policies counts from now on."""
        for policy in queryset.exclude(active=None):
            policy.switch_off(self.principal(request, policy))
            self.message_user(request, f"{policy} is switched off.", messages.SUCCESS)

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        configuring.keep_policy(row, by)
