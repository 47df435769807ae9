"""Profile: what a person has chosen for their own pages, and what of theirs opens the workspace."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from console.keys import KEYS, changed, refusals
from console.pages import MemberRequest, members_only

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


def context(request: MemberRequest, keymap: dict[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    """The forms as they stand."""
    keys = [(key, words, keymap.get(key, key), wrong.get(key, "")) for key, words in KEYS.items()]
    return {"keys": keys, "wrong": wrong, "themes": THEMES}
