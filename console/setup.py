"""Setup and health: whether the installation does its work; and the first steps in a new workspace."""

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

import django
import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.models import Agent, Presence, Run
from console.hub import hub
from console.pages import MemberRequest, members_only
from console.vitals import Vitals, complaints
from reviews.models import ApprovalRequest, Decision, Endpoint, PolicySet
from reviews.people import approvers
from workspaces import canonical
from workspaces.models import Membership, Workspace
from workspaces.principal import Principal

FIRST_STEPS = "first-steps"
MAX_NAMES = 10
LATEST = 50  # runs, among which the guide looks for the one that it follows
_DATABASE = "SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps: what, whether it is done, and the page where it is done."""

    words: str
    is_done: bool
    page: str
    help: str


@members_only
@require_safe
def setup(request: MemberRequest) -> HttpResponse:
    """The health of the installation, as /readyz tells it, with what a person needs to mend it."""
    request.principal.require("engineer")
    try:
        vitals: Vitals | None = Vitals.look()
    except psycopg.Error:
        vitals = None
    reasons = list(complaints(vitals)) if vitals else ["The database does not answer soon."]
    pending = ApprovalRequest.objects.visible_to(request.principal).pending().order_by("pk").only("title", "created_at")
    context: dict[str, Any] = {
        "vitals": vitals,
        "reasons": reasons,
        "oldest": pending.first(),
        "sockets": len(hub.sockets),
    }
    context |= {
        "processes": [*Presence.objects.live().order_by("program", "name")],
        "facts": facts() | spoken(request.principal.workspace),
    }
    return render(request, "console/setup.html", context)


@members_only
@require_safe
def first_steps(request: MemberRequest) -> HttpResponse:
    """What a new workspace needs, and one request followed from its ticket to its effect."""
    steps = checklist(request.principal)
    context = {"steps": steps, "done": sum(step.is_done for step in steps), "guide": guide(request)}
    return render(request, "console/first_steps.html", context)


@members_only
@require_POST
def dismiss(request: MemberRequest) -> HttpResponse:
    """Not to be shown to this person any more, or again."""
    others = [name for name in request.user.dismissed if name != FIRST_STEPS]
    request.user.prefer(dismissed=[*others, FIRST_STEPS] if "dismiss" in request.POST else others)
    return redirect("home" if "dismiss" in request.POST else "first-steps")


def spoken(workspace: Workspace) -> dict[str, str]:
    """Which agents speak with a scripted model: the one place that says so in words, beside the marks on the pages."""
    agents = Agent.objects.filter(workspace=workspace, active_version__chain__contains=[{"provider": "scripted"}])
    names = list(agents.order_by("name").values_list("name", flat=True)[:MAX_NAMES])
    return {"Agents with a scripted model": ", ".join(names) or "none"}


def facts() -> dict[str, str]:
    """Versions and places."""
    with connection.cursor() as cursor:
        cursor.execute(_DATABASE)
        server, size = cursor.fetchone()
    return {
        "Countersign": product_version(),
        "Address": settings.PUBLIC_URL,
        "Encrypted": "yes" if settings.IS_HTTPS else "no: plain http, which is for this machine only",
        "PostgreSQL": f"{server}, {size}",
        "Python, Django": f"{sys.version.split()[0]}, {django.__version__}",
    }


@cache
def product_version() -> str:
    """As the source that runs here says it."""
    return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"])


def checklist(principal: Principal) -> list[Step]:
    """What a workspace needs, and whether it is there."""
    has, people = _there(principal.workspace), "admin:workspaces_person_changelist"
    granted = Step(
        "Somebody can approve",
        has["has_approver"],
        people if principal.may("administer") else "",
        "An admin gives the role approver under Configuration.",
    )
    return [
        Step(
            "An agent can be started",
            has["has_agent"],
            "agents",
            "An engineer makes one, with a version that is active.",
        ),
        Step(
            "A policy is in force",
            has["has_policy"],
            "policies",
            "It says what is allowed, denied or put before people.",
        ),
        granted,
        Step("A run was started", has["has_run"], "runs", "By a person here, or by a program over the API."),
        Step("A request was decided", has["has_decision"], "review", "By somebody other than who started the run."),
        Step(
            "Other programs are told",
            has["has_endpoint"],
            "deliveries",
            "Optional: an endpoint hears of requests and ends.",
        ),
    ]


def _there(workspace: Workspace) -> dict[str, bool]:
    """One query tells all."""
    own = {"workspace": OuterRef("pk")}
    asked = {
        "agent": Agent.objects.filter(active_version__isnull=False, **own),
        "policy": PolicySet.objects.filter(active__isnull=False, **own),
        "approver": Membership.objects.filter(roles__contains=["approver"], **own),
        "run": Run.objects.filter(**own),
        "decision": Decision.objects.filter(approval__workspace=OuterRef("pk")),
        "endpoint": Endpoint.objects.filter(**own),
    }
    known = Workspace.objects.filter(pk=workspace.pk).annotate(
        **{f"has_{name}": Exists(rows) for name, rows in asked.items()}
    )
    has: dict[str, bool] = known.values(*(f"has_{name}" for name in asked)).get()
    return has


def guide(request: MemberRequest) -> dict[str, Any]:
    """The guided demo, where it stands: a ticket to send, a request to decide, or a decision to look at."""
    workspace, own = request.principal.workspace, request.principal
    agents = Agent.objects.filter(workspace=workspace, active_version__isnull=False).exclude(examples=[])
    agent = agents.order_by("pk").first()
    visible = ApprovalRequest.objects.visible_to(own).select_related("run")
    run = followed(agent) if agent else None
    if run:
        visible = visible.filter(run=run)
    waiting = visible.pending().order_by("-pk").first()
    ended = visible.filter(status__in=["approved", "rejected", "answered"]).order_by("-pk")
    decided = None if waiting else ended.first()
    deciders = eligible(waiting) if waiting else []
    operators = Membership.objects.filter(workspace=workspace, roles__overlap=["operator", "approver"])
    return {
        "agent": agent,
        "is_followed": run is not None,
        "is_sent": bool(run or waiting or decided),
        "example": agent.examples[0] if agent else "",
        "may_start": own.may("operate"),
        "operators": [member.person.name for member in operators.select_related("person").order_by("pk")[:3]],
        "waiting": waiting,
        "deciders": deciders[:5],
        "may_decide": own.person.name in deciders,
        "decided": decided,
    }


def followed(agent: Agent) -> Run | None:
    """The latest run that was started with the ticket of the guide, if it is one of the last ones."""
    ticket = canonical.dumps(agent.examples[0]).decode()
    latest = Run.objects.filter(agent=agent).only("pk", "input").order_by("-pk")[:LATEST]
    return next((run for run in latest if run.input == ticket), None)


def eligible(approval: ApprovalRequest) -> list[str]:
    """Who could fill a seat of this request, by name."""
    people = approvers(approval.workspace_id, without=approval.excluded)
    groups = {seat["group"] for seat in approval.seats}
    fitting = [key for key, own in people.items() if None in groups or groups & set(own)]
    found = Membership.objects.filter(workspace=approval.workspace_id, person__in=fitting).select_related("person")
    return [member.person.name for member in found.order_by("pk")]
