"""The one admin site; apps register on `django.contrib.admin.site`, which is an instance of this class."""

from typing import Any, NoReturn
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class Site(AdminSite):
    """Django's plain admin, which passes the strict content security policy; people come in by our own door."""

    site_header = site_title = "Countersign"
    index_title = "Configuration"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, *args: Any, **kwargs: Any) -> None:
        """All but Django's own groups: rights come from roles."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        super().register([model for model in models if model is not Group], *args, **kwargs)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign-in is throttled and audited there; whoever is signed in and may not come in finds nothing here."""
        if request.user.is_authenticated:
            raise Http404
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': wanted})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> NoReturn:
        """Passwords are set on the page of the person, by the verb that ends their sessions and tells the audit."""
        raise Http404
