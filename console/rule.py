"""One rule: its form, its condition checked as one types, and what it would have said about calls of the past."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from agents.runtime.version import catalogue
from console.pages import MemberRequest, members_only
from console.policies import own
from console.rule_form import Condition, RuleForm, paths
from reviews import configuring, trying
from reviews.exceptions import ConditionRefused, PolicyMovedOn
from reviews.models import ApprovalRequest, PolicyRevision, PolicySet, Rule
from reviews.policy.conditions import check_condition
from workspaces.models import Group

TRIED = 12  # calls that are listed


@dataclass(frozen=True, slots=True)
class Place:
    """Which rule is edited (none: a new one), and the revision that the next one begins with."""

    policy: PolicySet
    rule: Rule | None
    base: PolicyRevision | None


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: MemberRequest, policy_id: int, rule_id: int | None = None) -> HttpResponse:
    """The form; a POST makes the next revision of the policy with it."""
    policy = get_object_or_404(own(request).select_related("active"), pk=policy_id)
    found = get_object_or_404(Rule, pk=rule_id, revision__policy_set=policy) if rule_id else None
    request.principal.require("administer")
    place = Place(policy, found, found.revision if found else policy.active or policy.revisions.first())
    if request.method != "POST":
        return show(request, place, RuleForm(instance=found), Condition.of(found.condition if found else ""))
    return save(request, place)


@members_only
@require_POST
def condition(request: MemberRequest) -> HttpResponse:
    """The condition as it is being edited: read, and told what is wrong with it and where."""
    request.principal.require("administer")
    one = checked(Condition.posted(request.POST))
    whole = bool({"to", "add"} & set(request.POST))
    part = "components/condition.html" if whole else "components/condition_check.html"
    return render(request, part, {"condition": one})


@members_only
@require_POST
def trial(request: MemberRequest) -> HttpResponse:
    """What the rule in the form would have said about calls that were made."""
    request.principal.require("administer")
    form, one = read(request, None)
    if not form.is_valid():
        return render(request, "components/trial.html", {"wrong": form.errors, "condition": one})
    form.instance.revision = PolicyRevision(policy_set=PolicySet(name=""))
    value, workspace = form.instance.value(), request.principal.workspace
    latest = trying.on_latest(value, workspace.pk)
    tried = [each for each in latest if each.was]
    spoke = [each for each in tried if each.finding.is_hit]
    context = {
        "tried": tried,
        "unjudged": len(latest) - len(tried),
        "spoke": spoke,
        "shown": spoke[:TRIED],
        "latest": trying.LATEST,
        "one": asked_for(request, value),
    }
    context |= {
        "asked": request.POST.get("call", "").strip(),
        "effect": value.effect,
        "stricter": trying.stricter(spoke, value.effect),
        "errors": sum(each.finding.result == "error" for each in tried),
        "relaxed": relaxed(request, value),
    }
    return render(request, "components/trial.html", context)


def relaxed(request: MemberRequest, value: Any) -> dict[str, int]:
    """What would be asked about or denied less with this rule in the place of the one that the form is about."""
    key, workspace = request.POST.get("replaces", ""), request.principal.workspace
    own = Rule.objects.filter(revision__workspace=workspace).select_related("revision__policy_set")
    replaced = own.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 19 else None
    return trying.relaxed(value, replaced.value(), workspace.pk, workspace.switch.rules_epoch) if replaced else {}


def asked_for(request: MemberRequest, value: Any) -> trying.Trial | None:
    """The one call that is named, where there is one."""
    try:
        call_id = UUID(request.POST.get("call", "").strip())
    except ValueError:
        return None
    return trying.on_one(value, request.principal.workspace.pk, call_id)


def save(request: MemberRequest, place: Place) -> HttpResponse:
    """The next revision; whatever keeps it from being made, nothing that was typed is lost."""
    form, one = read(request, place.rule)
    is_removal = request.POST.get("action") == "remove" and place.rule is not None
    if not is_removal and not form.is_valid():
        return show(request, place, form, one, 422)
    try:
        made = revised(request, place, None if is_removal else form.said())
    except ValidationError as wrong:
        form.add_error(None, wrong.messages)
        return show(request, place, form, one, 422)
    except PolicyMovedOn as moved:
        form.add_error(None, str(moved))
        return show(request, place, form, one, 409)
    state = "a draft, not in force yet" if request.POST.get("action") == "draft" else "in force"
    messages.success(request, f"Saved: revision {made.number} is {state}.")
    return redirect(f"{reverse('policy', args=[place.policy.pk])}?revision={made.number}")


def revised(request: MemberRequest, place: Place, said: dict[str, Any] | None) -> PolicyRevision:
    """The revision that was asked for."""
    after, in_force = request.POST.get("after", ""), request.POST.get("action") != "draft"
    number, by = int(after) if after.isdecimal() else 0, request.principal
    if place.base:
        return configuring.revise(place.base, place.rule, said, by, after=number, in_force=in_force)
    put = place.policy.publish if in_force else place.policy.draft
    return put([said] if said else [], by, after=number)


def read(request: MemberRequest, found: Rule | None) -> tuple[RuleForm, Condition]:
    """The form as it was posted, with its condition in CEL."""
    one = checked(Condition.posted(request.POST))
    data = request.POST.copy()
    data["condition"] = one.text
    form = RuleForm(data, instance=Rule(**found.columns()) if found else None)
    if one.refusal and one.how == "lines":
        form.add_error("condition", one.refusal)
    return form, one


def checked(one: Condition) -> Condition:
    """With what the engine says about it."""
    if one.text and not one.refusal:
        try:
            check_condition(one.text)
        except ConditionRefused as refused:
            one.refusal, one.place = str(refused), refused.place
    return one


def show(request: MemberRequest, place: Place, form: RuleForm, one: Condition, status: int = 200) -> HttpResponse:
    """The page of the form."""
    workspace = request.principal.workspace
    specs = catalogue(workspace.pk, workspace.switch.rules_epoch)
    last = place.policy.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    context: dict[str, Any] = {
        "policy": place.policy,
        "rule": place.rule,
        "base": place.base,
        "form": form,
        "condition": one,
    }
    context["open"] = ApprovalRequest.objects.filter(workspace=workspace).pending().count()
    context |= {"groups": Group.objects.filter(workspace=workspace), "paths": paths(specs)}
    after = last if status == PolicyMovedOn.status else request.POST.get("after", last)
    return render(request, "console/rule.html", context | {"after": after}, status=status)
