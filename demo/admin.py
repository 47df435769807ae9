"""The shop's books in the admin site, to look at: only the agent's tools change them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from demo.models import Customer, HelpArticle, Order, OutgoingMail, Refund
from workspaces.admin import ScopedModelAdmin
from workspaces.models import Role


class BookAdmin(ScopedModelAdmin):
    """Read only, for engineers and admins of the shop's workspace."""

    roles = [Role.ADMIN, Role.ENGINEER]
    can_add = can_change = can_delete = False


@admin.register(Customer)
class CustomerAdmin(BookAdmin):
    """Who buys here."""

    list_display = ["name", "email"]


@admin.register(Order)
class OrderAdmin(BookAdmin):
    """What was bought."""

    list_display = ["number", "customer", "status", "paid", "refunded", "delivered_on"]
    list_select_related = ["customer"]


@admin.register(HelpArticle)
class HelpArticleAdmin(BookAdmin):
    """What customers may be told."""

    list_display = ["title", "text"]


class ByOrderAdmin(BookAdmin):
    """Rows that belong to an order."""

    workspace_path = "order__workspace"
    list_select_related = ["order"]


@admin.register(Refund)
class RefundAdmin(ByOrderAdmin):
    """What went back."""

    list_display = ["order", "amount", "reason", "created_at"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ByOrderAdmin):
    """The outbox."""

    list_display = ["to", "subject", "order", "created_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["order", "to", "subject", "text", "created_at"]
