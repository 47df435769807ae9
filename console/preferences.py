"""What a person sets for this browser: theme and workspace."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.context import THEMES
from console.pages import WORKSPACE, MemberRequest, members_only
from console.sign_in import local_page
from workspaces.exceptions import NotFound

YEAR_SECONDS = 365 * 24 * 3600


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie; anything else follows the system."""
    response = redirect(local_page(request, request.POST.get("next")))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, YEAR_SECONDS, samesite="Lax", secure=settings.IS_HTTPS, httponly=True)
    else:
        response.delete_cookie("theme")
    return response


@require_POST
@members_only
def choose_workspace(request: MemberRequest) -> HttpResponse:
    """Show another of one's own workspaces from now on."""
    wanted = next((own for own in request.workspaces if str(own.pk) == request.POST.get("workspace")), None)
    if wanted is None:
        raise NotFound
    request.session[WORKSPACE] = wanted.pk
    return redirect("home")
