"""Policies: the rules in force with how often each has spoken, their revisions, and changing them."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.pages import MemberRequest, members_only
from reviews import configuring, hits
from reviews.models import PolicyRevision, PolicySet, Rule

REVISIONS = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule, how often it has spoken in this revision, and whether it is new or changed in it."""

    rule: Rule
    hits: hits.Hits | None
    change: str = ""


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new policy."""

    class Meta:
        model = PolicySet
        fields = ["name"]


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def policies(request: MemberRequest) -> HttpResponse:
    """All policies with the rules in force; a POST makes a new one."""
    form = NameForm(request.POST or None, instance=PolicySet(workspace=request.principal.workspace))
    if request.method == "POST":
        request.principal.require("administer")
        if form.is_valid():
            configuring.keep_policy(form.instance, request.principal)
            return redirect("policy-rule-new", form.instance.pk)
    found = list(
        own(request).select_related("active").prefetch_related("active__rules").annotate(last=Max("revisions__number"))
    )
    counted = hits.of_latest(request.principal.workspace.pk)
    shown = [
        (policy, [Shown(rule, counted.get((policy.active_id, rule.name))) for rule in rules_of(policy)])
        for policy in found
    ]
    context = {
        "policies": shown,
        "form": form,
        "latest": hits.LATEST,
        "may_change": request.principal.may("administer"),
    }
    return render(request, "console/policies.html", context, status=422 if form.errors else 200)


@members_only
@require_safe
def policy(request: MemberRequest, policy_id: int) -> HttpResponse:
    """One policy in the revision that is in force, or the one that the address asks for."""
    found = get_object_or_404(own(request).select_related("active"), pk=policy_id)
    revisions = list(found.revisions.select_related("created_by").order_by("-number")[:REVISIONS])
    wanted = request.GET.get("revision", "")
    revision = next(
        (one for one in revisions if str(one.number) == wanted), found.active or next(iter(revisions), None)
    )
    before = next((one for one in revisions if revision and one.number < revision.number), None)
    rules, gone = compared(request, revision, before)
    context = {
        "policy": found,
        "revision": revision,
        "revisions": revisions,
        "rules": rules,
        "gone": gone,
        "before": before,
    }
    context |= {"latest": hits.LATEST, "may_change": request.principal.may("administer")}
    return render(request, "console/policy.html", context)


@members_only
@require_POST
def activate(request: MemberRequest, policy_id: int) -> HttpResponse:
    """Put another revision in force, or, without a number, none."""
    found = get_object_or_404(own(request), pk=policy_id)
    if number := request.POST.get("revision", ""):
        revision = get_object_or_404(found.revisions, number=int(number) if number.isdecimal() else 0)
        revision.activate(request.principal)
        messages.success(request, f"Revision {revision.number} is in force.")
    else:
        found.switch_off(request.principal)
        messages.success(request, f"{found.name} is switched off: none of its rules counts.")
    return redirect(f"{reverse('policy', args=[found.pk])}?revision={number}" if number else "policies")


def own(request: MemberRequest) -> Any:
    """The policies of this workspace."""
    return PolicySet.objects.filter(workspace=request.principal.workspace)


def rules_of(policy: PolicySet) -> list[Rule]:
    """Those in force."""
    return list(policy.active.rules.all()) if policy.active else []


def compared(
    request: MemberRequest, revision: PolicyRevision | None, before: PolicyRevision | None
) -> tuple[list[Shown], list[str]]:
    """The rules of a revision with what is new in it, and the names of those that the one before still had."""
    counted = hits.of_latest(request.principal.workspace.pk)
    rules = list(revision.rules.all()) if revision else []
    earlier = {rule.name: rule.columns() for rule in before.rules.all()} if before else {}
    shown = [Shown(rule, counted.get((rule.revision_id, rule.name)), change(rule, earlier)) for rule in rules]
    return shown, sorted(set(earlier) - {rule.name for rule in rules})


def change(rule: Rule, earlier: dict[str, Any]) -> str:
    """How a rule differs from the revision before; in the first revision nothing is new."""
    if not earlier or earlier.get(rule.name) == rule.columns():
        return ""
    return "changed" if rule.name in earlier else "new"
