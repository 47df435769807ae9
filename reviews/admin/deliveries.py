"""What was sent to whom, how it went, and sending it again."""

from typing import Any

import orjson
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.tools.legible import legible
from reviews.models import Delivery
from workspaces.admin import EVERYWHERE, ScopedModelAdmin

ATTEMPT = ["attempted_at", "attempts", "response_status", "error", "elapsed", "next_at", "delivered_at"]


@admin.register(Delivery)
class DeliveryAdmin(ScopedModelAdmin):
    """The newest first; nothing here is edited."""

    can_add = can_change = can_delete = False
    list_display = ["created_at", "kind", "endpoint", "status", "attempts", "response_status", "error", "next_at"]
    list_filter = ["workspace", "status", "kind", "endpoint"]
    list_select_related = ["endpoint"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["endpoint", "kind", "webhook_id", "created_at", "status", *ATTEMPT, "is_replay", "sent", "answered"]
    readonly_fields = ["webhook_id", "elapsed", "sent", "answered"]
    actions = ["replay"]

    @admin.display(description="webhook-id")
    def webhook_id(self, row: Delivery) -> str:
        """The same on every retry and replay."""
        return str(row.pk)

    @admin.display(description="answered after")
    def elapsed(self, row: Delivery) -> str:
        """Of the last attempt."""
        return self.get_empty_value_display() if row.elapsed_ms is None else f"{row.elapsed_ms} ms"

    @admin.display(description="body")
    def sent(self, row: Delivery) -> SafeString:
        """What is sent, laid out to be read."""
        return _code(orjson.dumps(orjson.loads(bytes(row.body)), option=orjson.OPT_INDENT_2))

    @admin.display(description="answer")
    def answered(self, row: Delivery) -> str:
        """The first 4 kB of the last answer."""
        return _code(bytes(row.response)) if row.response else self.get_empty_value_display()

    @admin.action(description="Replay: send it again", location=EVERYWHERE)
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Under the same id, from the first try on."""
        for delivery in queryset.select_related("endpoint"):
            delivery.replay(self.principal(request, delivery))
        self.message_user(request, "On its way again.", messages.SUCCESS)


def _code(raw: bytes) -> SafeString:
    """Bytes from anywhere as text that shows what is in it."""
    lines: Any = raw.decode(errors="replace").splitlines()
    return format_html('<pre class="code">{}</pre>', "\n".join(map(legible, lines)))
