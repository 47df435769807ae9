"""The audit, to be read."""

from django.contrib import admin

from workspaces.admin.scoped import ScopedModelAdmin
from workspaces.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedModelAdmin):
    """What happened in one's workspaces, newest first."""

    can_add = can_change = can_delete = False
    list_display = ["created_at", "workspace", "actor", "channel", "kind", "object", "detail", "chain_seq"]
    list_filter = ["workspace", "kind"]
    search_fields = ["actor", "kind", "object"]
    ordering = ["-id"]
    fields = ["created_at", "workspace", "actor", "channel", "kind", "object", "detail", "chain_seq"]
    show_full_result_count = False
