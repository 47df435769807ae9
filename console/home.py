"""The way in, and what the frame of an open page asks for."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.pages import MemberRequest, members_only
from console.setup import FIRST_STEPS
from console.sign_in import IS_FIRST


@members_only
def home(request: MemberRequest) -> HttpResponse:
    """To the page where this person's work is; who comes for the first time sees the first steps before."""
    if request.session.pop(IS_FIRST, False) and FIRST_STEPS not in request.user.dismissed:
        return redirect(FIRST_STEPS)
    return redirect("review" if request.principal.may("vote") else "runs")


@members_only
@require_safe
def counts(request: MemberRequest) -> HttpResponse:
    """The numbers in the rail, for a page that heard of a change."""
    return render(request, "components/counts.html")
