"""Rows that are not changed: the next one begins as a copy of another (?from=)."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from workspaces.admin.scoped import ScopedModelAdmin
from workspaces.exceptions import Unprocessable

EVERYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


class CopyingModelAdmin(ScopedModelAdmin):
    """Adds the action; the form for the next row asks for `source`."""

    actions = ["copy"]

    def source(self, request: HttpRequest) -> Any:
        """The row that ?from= names, if this person may see it."""
        return self.get_queryset(request).filter(pk=number_of(request.GET.get("from"))).first()

    def only(self, queryset: QuerySet[Any]) -> Any:
        """The one row that was selected; raises Unprocessable if there are more."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            raise Unprocessable(f"Choose one {self.opts.verbose_name}.")
        return chosen[0]

    @admin.action(description="New %(verbose_name)s from this", location=EVERYWHERE)
    def copy(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """The form for the next row, filled in."""
        add = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add", current_app=self.admin_site.name)
        return HttpResponseRedirect(f"{add}?from={self.only(queryset).pk}")


def number_of(text: str | None) -> int | None:
    """A key from an address; whatever is none finds nothing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
