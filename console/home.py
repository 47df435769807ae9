"""The way in."""

from django.http import HttpResponse
from django.shortcuts import redirect

from console.pages import MemberRequest, members_only


@members_only
def home(request: MemberRequest) -> HttpResponse:
    """To the page where this person's work is."""
    return redirect("review" if request.principal.may("vote") else "runs")
