"""People, their memberships, and review groups."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest

from workspaces.admin.scoped import ScopedModelAdmin, person_of
from workspaces.models import Group, Membership, Person, Role, Workspace
from workspaces.principal import Principal

if TYPE_CHECKING:
    PersonModelForm = forms.ModelForm[Person]
    MembershipModelForm = forms.ModelForm[Membership]
else:
    PersonModelForm = MembershipModelForm = forms.ModelForm


class PersonForm(PersonModelForm):
    """A known person: an empty password leaves the old one."""

    password = forms.CharField(required=False, widget=forms.PasswordInput, help_text="Leave empty to keep it")

    class Meta:
        model = Person
        fields = ["username", "name", "email", "is_active"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if password:
            validate_password(password, self.instance)
        return password


class NewPersonForm(PersonForm):
    """A new person comes with a password and a first membership."""

    password = forms.CharField(widget=forms.PasswordInput)
    workspace = forms.ModelChoiceField(Workspace.objects.none())
    roles = forms.MultipleChoiceField(choices=Role.choices, widget=forms.CheckboxSelectMultiple)


class MembershipForm(MembershipModelForm):
    """Roles as boxes to tick."""

    roles = forms.MultipleChoiceField(choices=Role.choices, widget=forms.CheckboxSelectMultiple)


@admin.register(Person)
class PersonAdmin(ScopedModelAdmin):
    """The members of one's workspaces; only whoever administers all workspaces of a person changes them."""

    workspace_path = "memberships__workspace"
    can_delete = False  # what they did stays theirs; lock them out instead
    list_display = ["username", "name", "email", "is_active", "last_login"]
    search_fields = ["username", "name", "email"]
    list_filter = ["is_active"]
    ordering = ["username"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).distinct()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.is_governed_by(person_of(request)))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no password field, where Django would show the hash."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return PersonForm.Meta.fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **{"form": PersonForm if obj else NewPersonForm, **kwargs})
        if obj is None:
            form.base_fields["workspace"].queryset = self.workspaces(request)  # type: ignore[attr-defined]
        return form

    def principal(self, request: HttpRequest, row: Any) -> Principal:
        """As a member of a workspace that both belong to."""
        shared = self.workspaces(request).filter(memberships__person=row.pk).first()
        return Principal.of_session(person_of(request), shared or self.workspaces(request)[0])

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        chosen = form.cleaned_data
        if is_new:
            row.save(force_insert=True)
            by = Principal.of_session(by.person, chosen["workspace"])
            Membership.objects.join(by.workspace, row, chosen["roles"], by=by)
        else:
            row.save(update_fields=["username", "name", "email"])
        if "is_active" in form.changed_data and not is_new:
            row.admit(chosen["is_active"], by)
        if chosen["password"]:
            row.choose_password(chosen["password"], by)


@admin.register(Membership)
class MembershipAdmin(ScopedModelAdmin):
    """Roles and groups of a member."""

    form = MembershipForm
    list_display = ["person", "workspace", "roles", "group_names"]
    list_filter = ["workspace", "groups"]
    list_select_related = ["person", "workspace"]
    search_fields = ["person__username", "person__name"]
    fields = ["workspace", "person", "roles", "groups"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["person"] if obj else [])]

    @admin.display(description="groups")
    def group_names(self, row: Membership) -> str:
        """The member's groups in one line."""
        return ", ".join(group.name for group in row.groups.all())

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        row.change(roles=form.cleaned_data["roles"], groups=form.cleaned_data["groups"], by=by)

    def remove(self, by: Principal, row: Any) -> None:
        row.end(by)


@admin.register(Group)
class GroupAdmin(ScopedModelAdmin):
    """Review groups."""

    list_display = ["name", "workspace"]
    list_filter = ["workspace"]

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        row.keep(by)

    def remove(self, by: Principal, row: Any) -> None:
        row.dissolve(by)
