"""Revisions of policies: rules are edited by making the next revision; no revision ever changes."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest

from reviews.models import PolicyRevision, Rule
from reviews.models.policy import CHANNELS
from workspaces.admin import EVERYWHERE, CopyingModelAdmin, number_of
from workspaces.principal import Principal

if TYPE_CHECKING:
    RevisionModelForm = forms.ModelForm[PolicyRevision]
    RuleModelForm = forms.ModelForm[Rule]
    StackedInline = admin.StackedInline[Rule, PolicyRevision]
else:
    RevisionModelForm = RuleModelForm = forms.ModelForm
    StackedInline = admin.StackedInline

COLUMNS: list[Any] = [
    "name", "tool", "agent", "labels", "condition", "effect", "mode", "risk",
    "seats", "channels", "deadline_seconds", "on_expiry", "on_expiry_text", "edit_allowed", "undo_seconds",
    "batchable",
]  # fmt: skip
LINES: list[Any] = [("name", "tool", "agent"), "condition", "labels", ("effect", "mode", "risk")]
LINES_IF_ASKED: list[Any] = [
    "seats", ("channels", "deadline_seconds", "undo_seconds"), ("edit_allowed", "batchable"),
    ("on_expiry", "on_expiry_text"),
]  # fmt: skip


class RevisionForm(RevisionModelForm):
    """Whether the new rules count at once is said with them."""

    put_in_force = forms.BooleanField(required=False, initial=True)


class RuleForm(RuleModelForm):
    """Channels as boxes to tick; Rule.clean() judges condition and seats."""

    channels = forms.MultipleChoiceField(
        choices=[(name, name) for name in CHANNELS], widget=forms.CheckboxSelectMultiple, initial=["web"]
    )

    class Meta:
        model = Rule
        fields = COLUMNS
        widgets = {
            "condition": forms.Textarea(attrs={"rows": 2}),
            "on_expiry_text": forms.TextInput(attrs={"size": 50}),
        }


class RuleInline(StackedInline):
    """The rules of one revision; who may see the revision may see them."""

    model = Rule
    form = RuleForm
    fieldsets = [(None, {"fields": LINES}), ("If people are asked", {"fields": LINES_IF_ASKED})]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        parent = self.admin_site.get_model_admin(PolicyRevision)
        return len(parent.rules(request)) or 1  # type: ignore[attr-defined]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None


@admin.register(PolicyRevision)
class PolicyRevisionAdmin(CopyingModelAdmin):
    """The next revision begins as a copy of another."""

    workspace_path = "policy_set__workspace"
    can_change = can_delete = False
    form = RevisionForm
    inlines = [RuleInline]
    list_display = ["__str__", "policy_set", "is_in_force", "created_by", "created_at", "activated_at"]
    list_filter = ["policy_set"]
    list_select_related = ["policy_set__workspace", "created_by"]
    ordering = ["policy_set__name", "-number"]
    actions = ["copy", "put_in_force"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        made = ["policy_set", "number", "created_by", "created_at", "activated_at"]
        return made if obj else ["policy_set", "put_in_force"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        source = self.source(request)
        return {"policy_set": source.policy_set_id if source else number_of(request.GET.get("policy_set"))}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """The rules to begin with; what is sent back is compared with nothing, so that all of it counts."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        return kwargs | ({"initial": self.rules(request)} if request.method == "GET" and obj.pk is None else {})

    def rules(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The rules that the next revision begins with."""
        source = self.source(request)
        return [model_to_dict(rule, COLUMNS) for rule in source.rules.all()] if source else []

    @admin.display(boolean=True, description="in force")
    def is_in_force(self, row: PolicyRevision) -> bool:
        """Whether its rules count now."""
        return row.policy_set.active_id == row.pk

    @admin.action(description="Put in force", location=EVERYWHERE)
    def put_in_force(self, request: HttpRequest, queryset: QuerySet[PolicyRevision]) -> None:
        """In place of the revision that is in force now."""
        revision = self.only(queryset)
        revision.activate(self.principal(request, revision))
        self.message_user(request, f"{revision} is in force.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saved together with its rules, below."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        [formset] = formsets
        rules = [one.cleaned_data for one in formset.forms if one.has_changed() and one not in formset.deleted_forms]
        by, policy = self.principal(request, form.instance), form.instance.policy_set
        save = policy.publish if form.cleaned_data["put_in_force"] else policy.draft
        made = save([{name: rule[name] for name in COLUMNS} for rule in rules], by)
        form.instance.pk, form.instance.number = made.pk, made.number

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        """Never called: see save_related."""
