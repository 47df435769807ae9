"""What people were asked and what they said, to be read."""

from django.contrib import admin

from reviews.models import ApprovalRequest, Decision
from workspaces.admin import ScopedModelAdmin


@admin.register(ApprovalRequest)
class ApprovalAdmin(ScopedModelAdmin):
    """Decided on the Review page, never here."""

    can_add = can_change = can_delete = False
    list_display = ["created_at", "title", "subject_kind", "status", "risk", "deadline_at", "decided_at"]
    list_filter = ["workspace", "status", "subject_kind", "risk"]
    search_fields = ["title"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        "title", "workspace", "run", "tool_call", "subject_kind", "status", "revision", "risk", "seats", "channels",
        "edit_allowed", "undo_seconds", "deadline_at", "on_expiry", "created_at", "decided_at", "effective_at",
        "explanation",
    ]  # fmt: skip


@admin.register(Decision)
class DecisionAdmin(ScopedModelAdmin):
    """Rows are only ever added, by people who decide."""

    workspace_path = "approval__workspace"
    can_add = can_change = can_delete = False
    list_display = ["created_at", "person", "kind", "approval", "revision", "channel", "reason", "undone_at"]
    list_filter = ["kind", "person"]
    list_select_related = ["person", "approval"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        "approval",
        "n",
        "kind",
        "person",
        "channel",
        "revision",
        "seat",
        "reason",
        "text",
        "created_at",
        "undone_at",
    ]
