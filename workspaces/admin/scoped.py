"""The base of every admin page: it shows what belongs to the person's workspaces, and saves through verbs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from workspaces.exceptions import CountersignError, NotFound
from workspaces.models import Membership, Person, Role, Workspace
from workspaces.principal import Principal

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

FILTER_SUFFIXES = ["", "__exact", "__id__exact", "__isnull", "__gte", "__lt"]  # what Django's own filters ask by


class ScopedModelAdmin(Base):
    """Rows and choices are limited to the workspaces where the person holds one of `roles`; strangers see nothing."""

    roles: ClassVar[Sequence[str]] = [Role.ADMIN]
    workspace_path: ClassVar[str] = "workspace"  # from a row to its workspace
    can_add: ClassVar[bool] = True
    can_change: ClassVar[bool] = True
    can_delete: ClassVar[bool] = True

    # Saving: an app's admin says which verb to call.

    def keep(self, by: Principal, row: Any, form: Any, is_new: bool) -> None:
        """Save `row` through its verb; many-to-many choices are in form.cleaned_data."""
        raise NotImplementedError(f"{type(self).__name__} has no verb to save with.")

    def remove(self, by: Principal, row: Any) -> None:
        """Delete `row` through its verb."""
        raise NotImplementedError(f"{type(self).__name__} has no verb to delete with.")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.keep(self.principal(request, obj), obj, form, not change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The verb has saved what belongs to the row."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(self.principal(request, obj), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def principal(self, request: HttpRequest, row: Any) -> Principal:
        """The person as a member of the workspace that `row` belongs to."""
        workspace = row
        for step in self.workspace_path.split("__") if self.workspace_path != "pk" else []:
            workspace = getattr(workspace, step)
        return Principal.of_session(person_of(request), workspace)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A verb that refuses is told as a message, on the page it was asked from."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (CountersignError, ValidationError) as refused:
            return self._refusal(request, refused)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The same for actions."""
        try:
            return super().changelist_view(request, extra_context)
        except (CountersignError, ValidationError) as refused:
            return self._refusal(request, refused)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        """An action is for all selected rows or for none: one that is refused, or not to be seen, refuses the whole."""
        selected = set(request.POST.getlist(ACTION_CHECKBOX_NAME))
        if self._count_seen(request, selected) < len(selected):
            raise NotFound
        with transaction.atomic():
            return super().response_action(request, queryset, *args, **kwargs)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's log names the fields; rows that a verb made are in the audit."""
        return super().construct_change_message(request, form, [], add)

    # Scope: what the person may see and choose.

    def workspaces(self, request: HttpRequest) -> QuerySet[Workspace]:
        """The workspaces where this person may use this page."""
        return Workspace.objects.filter(pk__in=self._workspace_ids(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{f"{self.workspace_path}__in": self.workspaces(request)})

    def choices(self, request: HttpRequest, model: type[models.Model]) -> QuerySet[Any]:
        """What of another model may be chosen here; a model that nothing scopes offers nothing."""
        if model is Workspace:
            return self.workspaces(request)
        if model is Person:
            return Person.objects.filter(memberships__workspace__in=self.workspaces(request)).distinct()
        if any(field.name == "workspace" for field in model._meta.fields):
            return model._default_manager.filter(workspace__in=self.workspaces(request))
        return model._default_manager.none()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choosing is done here, and making what is chosen on its own page: no popups."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are scoped; who has one workspace need not choose it."""
        choices = kwargs.setdefault("queryset", self.choices(request, db_field.remote_field.model))
        if db_field.remote_field.model is Workspace and len(choices) == 1:
            kwargs.setdefault("initial", choices[0].pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(request, db_field.remote_field.model))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters by a related row offer only the rows that are seen here."""
        return [self._scoped_filter(name) for name in super().get_list_filter(request)]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only by the filters that are shown: a lookup on a hash or in another workspace would answer questions."""
        shown = [each[0] if isinstance(each, tuple) else each for each in self.get_list_filter(request)]
        return any(lookup == f"{name}{suffix}" for name in shown for suffix in FILTER_SUFFIXES)

    # Rights: by role alone; Django's own permissions are not used.

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and bool(self._workspace_ids(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self.has_module_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row never moves to another workspace."""
        fixed = ["workspace"] if obj is not None and self.workspace_path == "workspace" else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def _workspace_ids(self, request: HttpRequest) -> list[int]:
        return [workspace for workspace, held in roles_of(request).items() if held & set(self.roles)]

    def _count_seen(self, request: HttpRequest, keys: set[str]) -> int:
        try:
            return self.get_queryset(request).filter(pk__in=keys).count()
        except (ValueError, ValidationError):  # no key at all
            return 0

    def _refusal(self, request: HttpRequest, refused: CountersignError | ValidationError) -> HttpResponse:
        sentence = " ".join(refused.messages) if isinstance(refused, ValidationError) else str(refused)
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _scoped_filter(self, name: Any) -> Any:
        if isinstance(name, str) and self.opts.get_field(name).is_relation:
            return (name, admin.RelatedOnlyFieldListFilter)
        return name


def roles_of(request: HttpRequest) -> dict[int, frozenset[str]]:
    """The person's roles by workspace: one page asks a hundred times, the database is asked once."""
    if not hasattr(request, "roles"):
        held = Membership.objects.filter(person=person_of(request)).values_list("workspace_id", "roles")
        request.roles = {workspace: frozenset(roles) for workspace, roles in held}  # type: ignore[attr-defined]
    found: dict[int, frozenset[str]] = request.roles  # type: ignore[attr-defined]
    return found


def person_of(request: HttpRequest) -> Person:
    """The signed-in person."""
    assert isinstance(request.user, Person)
    return request.user
