"""Profile: what a person has chosen for their own pages, and what of theirs opens the workspace."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from console import own_access
from console.keys import KEYS, changed, refusals
from console.pages import MemberRequest, members_only
from workspaces.exceptions import BadInput
from workspaces.models import Person, Scope

THEMES = {"": "As the system", "light": "Light", "dark": "Dark"}


@members_only
@require_safe
def profile(request: MemberRequest) -> HttpResponse:
    """Everything on one page."""
    return render(request, "console/profile.html", context(request, request.user.keymap, {}))


@members_only
@require_POST
def keep_keys(request: MemberRequest) -> HttpResponse:
    """Which keys work, and what is pressed for each; nothing is kept where two would be the same."""
    given = {key: request.POST.get(f"key:{key}", "").strip().lower() or key for key in KEYS}
    wrong = refusals(given)
    if wrong:
        return render(request, "console/profile.html", context(request, given, wrong), status=422)
    request.user.prefer(bare_keys="bare_keys" in request.POST, keymap=changed(given))
    messages.success(request, "Your keys are kept.")
    return redirect("profile")


@members_only
@require_POST
def keep_notices(request: MemberRequest) -> HttpResponse:
    """What open pages announce."""
    chosen = request.POST.get("notices", "")
    if chosen not in Person.Notice.values:
        raise BadInput("Choose one of the three.")
    request.user.prefer(notices=chosen)
    messages.success(request, "Kept.")
    return redirect("profile")


@members_only
@require_POST
def end_sessions(request: MemberRequest) -> HttpResponse:
    """Sign out everywhere else; pages that are open there are told."""
    count = own_access.end_other_sessions(request)
    messages.success(request, f"{count} other session{'' if count == 1 else 's'} ended.")
    return redirect("profile")


@members_only
@require_POST
def issue_token(request: MemberRequest) -> HttpResponse:
    """A new personal token, which this answer shows and nothing after it."""
    form = own_access.TokenForm(request.POST)
    if not form.is_valid():
        return render(request, "console/profile.html", context(request, request.user.keymap, {}, form=form), status=422)
    raw = form.issue(request.principal)
    return render(request, "console/profile.html", context(request, request.user.keymap, {}, raw=raw))


@members_only
@require_POST
def revoke_token(request: MemberRequest, token_id: int) -> HttpResponse:
    """One's own token opens nothing from now on."""
    token = get_object_or_404(own_access.tokens(request.principal), pk=token_id)
    token.revoke(request.principal)
    messages.success(request, f"{token.name} is revoked.")
    return redirect("profile")


def context(request: MemberRequest, keymap: dict[str, str], wrong: dict[str, str], **more: Any) -> dict[str, Any]:
    """The forms as they stand."""
    keys = [(key, words, keymap.get(key, key), wrong.get(key, "")) for key, words in KEYS.items()]
    known = {"sessions": own_access.sessions(request), "tokens": own_access.tokens(request.principal)}
    known |= {"scopes": Scope.choices, "notices": Person.Notice.choices, "themes": THEMES}
    return {"keys": keys, "wrong": wrong} | known | more
