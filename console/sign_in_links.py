"""Single-use links: into a demo person's account, or to make the first admin of a new installation."""

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.sign_in import admit
from workspaces.exceptions import NotFound
from workspaces.models import Person, SignInLink


class FirstAdminForm(forms.Form):
    """Who administers the new installation, and what its first workspace is called."""

    workspace = forms.CharField(max_length=150)
    name = forms.CharField(max_length=150, label="Your name")
    username = forms.CharField(max_length=150, label="Login name")
    password = forms.CharField(max_length=1000, min_length=12, strip=False)

    def person(self) -> Person:
        """The person, not saved yet."""
        person = Person(username=self.cleaned_data["username"], name=self.cleaned_data["name"])
        person.set_password(self.cleaned_data["password"])
        return person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what the link opens; only the button uses it, because mail scanners open links."""
    link = SignInLink.objects.find(secret)
    if link.purpose == SignInLink.Purpose.FIRST_ADMIN:
        return first_admin(request, link)
    if not apps.is_installed("demo"):
        raise NotFound("Sign-in links for people belong to the demo; this installation has none.")
    if request.method == "POST" and (person := link.use()):
        admit(request, person, "link")
        return redirect("home")
    return render(request, "console/sign_in_link.html", {"link": link})


def first_admin(request: HttpRequest, link: SignInLink) -> HttpResponse:
    """The form that founds the first workspace with its admin."""
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (person := founder(link, form)):
        admit(request, person, "link")
        return redirect("home")
    status = 422 if request.method == "POST" else 200
    return render(request, "console/first_admin.html", {"form": form}, status=status)


def founder(link: SignInLink, form: FirstAdminForm) -> Person | None:
    """Spend the link; None where a name cannot be taken, and the form says which."""
    person, name = form.person(), form.cleaned_data["workspace"]
    try:
        link.found(person, name, slugify(name) or "workspace")
    except ValidationError as refused:
        for field, messages in refused.message_dict.items():
            form.add_error(field if field in form.fields else None, messages)
        return None
    return person
