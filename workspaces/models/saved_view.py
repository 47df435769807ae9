"""Filters of a page that somebody named, to come back to them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from workspaces.exceptions import Forbidden, Unprocessable
from workspaces.models.workspace import Workspace
from workspaces.names import check_name

if TYPE_CHECKING:
    from workspaces.principal import Principal

MAX_VIEWS = 50  # of one person on one page
MAX_QUERY = 2000


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Selections of saved views, and how one is kept."""

    def visible_to(self, principal: "Principal") -> "SavedViewQuerySet":
        """One's own, and those that others share."""
        return self.filter(Q(person=principal.person) | Q(is_shared=True), workspace=principal.workspace)

    @transaction.atomic
    def keep(self, by: "Principal", *, page: str, name: str, query: str, is_shared: bool = False) -> "SavedView":
        """Save filters under a name; one's own view of that name takes them instead."""
        by.require("operate" if is_shared else "view")
        own = {"workspace": by.workspace, "person": by.person, "page": page}
        if self.filter(**own).exclude(name=name).count() >= MAX_VIEWS:
            raise Unprocessable(f"You have {MAX_VIEWS} views of this page; delete one to save another.")
        view = self.filter(**own, name=name).first() or self.model(**own, name=name)
        view.query, view.is_shared = query, is_shared
        view.full_clean(validate_constraints=False)
        view.save()
        return view


class SavedView(models.Model):
    """`query` is the query string of the page without a place in its list; `page` is the name of the page's address.

    Any page with filters in its address may have views: add it to PAGES in `console/saved_views.py`, put
    `saved_views.of_page(request, "review")` into its context as `saved`, and include
    `components/saved_views.html` beside its filters, outside what a hint fetches again.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=30)
    name = models.CharField(max_length=60, validators=[check_name])
    query = models.CharField(max_length=MAX_QUERY, blank=True)
    is_shared = models.BooleanField(default=False, help_text="Whether everybody in the workspace sees it.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "person", "page", "name"], name="saved_view_name_is_unique")
        ]
        indexes = [models.Index(fields=["workspace", "page"], name="saved_view_of_page")]

    def __str__(self) -> str:
        return self.name

    def may_be_deleted_by(self, principal: "Principal") -> bool:
        """One's own; what is shared by an admin, too."""
        return self.person_id == principal.person.pk or (self.is_shared and principal.may("administer"))

    def forget(self, by: "Principal") -> None:
        """Delete the view; raises Forbidden."""
        if not self.may_be_deleted_by(by):
            raise Forbidden("This view is somebody else's: they or an admin can delete it.")
        self.delete()
