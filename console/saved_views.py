"""Saved views: the filters in a page's address under a name, for oneself or for everybody in the workspace.

A page that has them says so in PAGES, puts `of_page(request, page)` into its context as `saved`, and includes
`components/saved_views.html` outside of what hints fetch again.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.pages import MemberRequest, members_only
from workspaces.exceptions import Unprocessable
from workspaces.models import SavedView
from workspaces.models.saved_view import MAX_QUERY
from workspaces.names import check_name

PAGES = ("runs", "review")  # by the names of their addresses
PLACES = {"before", "newest", "cursor"}  # where one stands in a list, which is no filter


class ViewForm(forms.Form):
    """What is saved, of which page, for whom."""

    page = forms.ChoiceField(choices=[(page, page) for page in PAGES])
    name = forms.CharField(max_length=60, validators=[check_name])
    query = forms.CharField(max_length=MAX_QUERY, required=False)
    is_shared = forms.BooleanField(required=False)


@members_only
@require_POST
def saved_views(request: MemberRequest) -> HttpResponse:
    """Save the filters that the form holds, and show them."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        errors = [{"path": f"/{name}", "message": str(one)} for name, found in form.errors.items() for one in found]
        raise Unprocessable("A view needs a visible name of at most 60 characters.", errors)
    wanted = form.cleaned_data | {"query": filters_of(form.cleaned_data["query"])}
    SavedView.objects.keep(request.principal, **wanted)
    return redirect(address(wanted["page"], wanted["query"]))


@members_only
@require_POST
def deletion(request: MemberRequest, view_id: int) -> HttpResponse:
    """Forget a view; the page stays as it is filtered."""
    view = get_object_or_404(SavedView.objects.visible_to(request.principal), pk=view_id)
    view.forget(request.principal)
    return redirect(address(view.page, filters_of(request.POST.get("query", ""))))


def of_page(request: MemberRequest, page: str) -> dict[str, Any]:
    """What the component shows: the views of the page, and the filters that would be saved now."""
    query, principal = filters_of(request.GET.urlencode()), request.principal
    views = [
        {
            "pk": view.pk,
            "name": view.name,
            "address": address(page, view.query),
            "is_current": view.query == query,
            "by": view.person.name if view.person_id != principal.person.pk else "",
            "is_shared": view.is_shared,
            "may_delete": view.may_be_deleted_by(principal),
        }
        for view in SavedView.objects.visible_to(principal).filter(page=page).select_related("person")
    ]
    current = next((view["name"] for view in views if view["is_current"]), "")
    return {"page": page, "query": query, "views": views, "current": current, "may_share": principal.may("operate")}


def filters_of(query: str) -> str:
    """The filters of a query string in one order, without empty ones and without the place in the list."""
    pairs = parse_qsl(query[:MAX_QUERY], max_num_fields=50) if query.count("&") < 50 else []
    return urlencode(sorted((name, value) for name, value in pairs if name not in PLACES))


def address(page: str, query: str) -> str:
    """The page with these filters."""
    return f"{reverse(page)}?{query}" if query else reverse(page)
