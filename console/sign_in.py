"""Coming in by password, and leaving."""

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.throttle import Throttle
from workspaces import audit, hints
from workspaces.models import Person, Workspace
from workspaces.principal import Principal

OPENED = "opened"  # where a session keeps when and in which browser it began
IS_FIRST = "is_first"  # whether it is this person's first one, until they have been shown in
BACKEND = "django.contrib.auth.backends.ModelBackend"
WRONG = "This name and password do not belong together."


class SignInForm(forms.Form):
    """Login name and password."""

    username = forms.CharField(max_length=150)
    password = forms.CharField(max_length=1000, strip=False)


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and what it sends."""
    next_page = local_page(request, request.POST.get("next") or request.GET.get("next"))
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(next_page)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (person := recognised(request, form)):
        admit(request, person, "password")
        return redirect(next_page)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "next": next_page, "has_ended": "ended" in request.GET}
    return render(request, "console/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; its open pages are told."""
    own = list(Workspace.objects.of(request.user)) if request.user.is_authenticated else []
    logout(request)
    for workspace in own:
        hints.page("session", None, "session.ended", workspace.pk)
    return redirect("sign-in")


def recognised(request: HttpRequest, form: SignInForm) -> Person | None:
    """The person with this name and password; an unknown name and a wrong password look the same."""
    throttle = Throttle(request, form.cleaned_data["username"])
    throttle.check()
    person = authenticate(request, **form.cleaned_data)
    if isinstance(person, Person):
        return person
    throttle.count()
    form.add_error(None, WRONG)
    return None


def admit(request: HttpRequest, person: Person, by: str) -> None:
    """Open a session under a new key, and note it in the audit of every workspace it opens."""
    is_first = person.last_login is None
    login(request, person, backend=BACKEND)
    if is_first:
        request.session[IS_FIRST] = True
    request.session[OPENED] = [now().isoformat(timespec="seconds"), request.headers.get("User-Agent", "")[:300]]
    for workspace in Workspace.objects.of(person):
        audit.record(
            workspace.pk, Principal.of_session(person, workspace), "person.signed_in", f"person:{person.pk}", {"by": by}
        )


def local_page(request: HttpRequest, wanted: str | None) -> str:
    """Where to go after signing in; never to another site."""
    is_ours = wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if wanted and is_ours else "/"
