"""Short words for stories on the admin site."""

from html import unescape
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse


def page(row: Model | type[Model], kind: str = "") -> str:
    """The address of a list (of a model), of the form for another, or of one row."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_"
    if isinstance(row, Model):
        return reverse(f"{name}{kind or 'change'}", args=[row.pk])
    return reverse(f"{name}{kind or 'changelist'}")


def act(client: Client, model: type[Model], action: str, *rows: Model) -> Any:
    """Choose an action for selected rows of a list."""
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(page(model), chosen, follow=True)


def sent(client: Client, address: str, **changes: Any) -> Any:
    """Open a form, change some fields, send it: everything else goes as the page had it."""
    opened = client.get(address)
    assert opened.status_code == 200, opened.status_code
    return client.post(address, {**filled(opened), **changes}, follow=True)


def filled(response: Any) -> dict[str, Any]:
    """What a browser would send if nobody touched the form."""
    context = response.context
    fields: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is None or value is False:
                continue
            fields[bound.html_name] = "on" if value is True else value
    return fields


def text(response: Any) -> str:
    """The page as somebody reads it, without its frame."""
    return unescape(response.content.decode())


def registered() -> list[type[Model]]:
    """Every model of ours that has a page; the demo's are tested with it."""
    return [model for model in admin.site._registry if model._meta.app_label != "demo"]
