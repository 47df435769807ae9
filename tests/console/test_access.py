"""Who may see the pages: members of the workspace, and nobody else finds out what there is."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from agents.models import Schedule, Thread
from agents.scheduling import keep_schedule
from console import urls
from reviews.models import ApprovalRequest, Rule
from tests.factories import House, acting, make_approval, make_policy
from tests.people import make_token
from workspaces.models import Membership, Person, SavedView, Token, Workspace

OPEN_TO_ALL = {"sign-in", "sign-in-link", "sign-out", "theme"}
OWN_POSTS = {
    "audit-verification",
    "delivery-replays",
    "first-steps-dismissal",
    "policy-condition",
    "policy-trial",
    "agent-activations",
    "profile-keys",
    "profile-notices",
    "profile-sessions",
    "profile-tokens",
    "runs-changes",
    "saved-views",
    "stops-resumption",
    "workspace",
}
ADMINS = {"audit", "audit-export", "setup"}  # tests/console/test_audit.py, test_setup.py
OF_ONESELF = OWN_POSTS | ADMINS
OF_ONESELF |= {
    "schedule-new",
    "agents",
    "counts",
    "deliveries",
    "first-steps",
    "insights",
    "home",
    "live",
    "palette",
    "policies",
    "profile",
    "review",
    "review-batch",
    "review-filters",
    "runs",
    "schedules",
    "stops",
    "stops-banner",
    "threads",
    "tools",
}
POSTS = {"run-messages", "run-cancellation", "run-pause", "run-resumption", "review-decisions", "review-undo"}
POSTS |= {"policy-activation", "runs-changes", "saved-views", "saved-view-deletion"}
POSTS |= {"review-check", "review-claim", "review-comments", "review-later", "run-verification"}
POSTS |= {
    "agent-activations",
    "thread-runs",
    "schedule-pause",
    "schedule-runs",
    "schedule-resumption",
    "runs-changes",
    "saved-views",
    "saved-view-deletion",
}
POSTS |= {"delivery-endpoint", "profile-token-revocation"}


@pytest.fixture
def approval(house: House) -> ApprovalRequest:
    return make_approval(house)


def address(name: str, approval: ApprovalRequest) -> str:
    """The page about something of the house."""
    if name.startswith("run"):
        return reverse(name, args=[approval.run_id])
    if name in ("agent", "tool"):
        return reverse(name, args=[{"agent": "desk", "tool": "refund"}[name]])
    if name.startswith("policy"):
        rule = Rule.objects.filter(name="Theirs").first() or rule_of(approval)
        return reverse(name, args=[rule.revision.policy_set_id, rule.pk][: 2 if name == "policy-rule" else 1])
    if name.startswith(("thread", "schedule")):
        return reverse(name, args=[kept(approval, name)])
    if name in ("saved-view-deletion", "profile-token-revocation"):
        return reverse(name, args=[(view_of if name.startswith("saved") else token_of)(approval)])
    return reverse(name, args=[approval.pk, 1] if name == "review-undo" else [approval.pk])


def token_of(approval: ApprovalRequest) -> int:
    """A personal token of somebody in the house."""
    make_token(Person.objects.get(username="olga"), "runs:read")
    return Token.objects.latest("pk").pk


def rule_of(approval: ApprovalRequest) -> Rule:
    """A rule of the house."""
    make_policy(approval.workspace, {"name": "Theirs", "effect": "deny"}, name="Theirs")
    return Rule.objects.get(name="Theirs")


def view_of(approval: ApprovalRequest) -> int:
    """A view that somebody of the house shares."""
    by = acting(Person.objects.get(username="olga"))
    return SavedView.objects.keep(by, page="runs", name="Late", query="text=late", is_shared=True).pk


def kept(approval: ApprovalRequest, name: str) -> UUID:
    """A thread or a schedule of the house."""
    olga = Person.objects.get(username="olga")
    if name.startswith("thread"):
        return Thread.objects.create(workspace=approval.workspace, title=approval.title, created_by=olga).pk
    schedule = Schedule(agent=approval.run.agent, input='"x"', cron="0 7 * * *")
    keep_schedule(schedule, acting(olga))
    return schedule.pk


def ask(client: Client, name: str, path: str) -> int:
    form = {"kind": "approve", "digest": "0" * 64}
    return (client.post(path, form) if name in POSTS else client.get(path)).status_code


def named() -> list[str]:
    return [str(pattern.name) for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]


def test_sam_gets_404(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    sam = browse("sam")
    for name in sorted(set(named()) - OPEN_TO_ALL - OF_ONESELF):
        own = address(name, approval)
        assert ask(sam, name, own) == 404, name
        assert ask(sam, name, own.replace(str(approval.pk), str(uuid4()))) == 404, name


def test_who_loses_the_way_keeps_the_frame(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    sam = browse("sam")
    foreign, unknown = sam.get(f"/runs/{approval.run_id}"), sam.get(f"/runs/{uuid4()}")

    assert 'class="rail"' in unknown.content.decode() and 'href="/runs"' in unknown.content.decode()
    assert foreign.content == unknown.content and foreign.status_code == 404
    nowhere = sam.get("/nowhere")
    assert nowhere.status_code == 404 and 'class="rail"' in nowhere.content.decode()
    assert 'class="rail"' not in Client().get("/nowhere").content.decode()


def test_sam_sees_nothing_of_the_house(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    sam = browse("sam")
    for name in sorted(OF_ONESELF - OWN_POSTS - ADMINS - {"home", "live"}):
        page = sam.get(reverse(name))
        assert page.status_code == 200, name
        assert b"desk" not in page.content and approval.title.encode() not in page.content, name


def test_nobody_is_asked_to_sign_in(approval: ApprovalRequest) -> None:
    for name in sorted(set(named()) - OPEN_TO_ALL):
        path = reverse(name) if name in OF_ONESELF else address(name, approval)
        page = Client().post(path) if name in POSTS | OWN_POSTS else Client().get(path)
        assert page.status_code == 302, name
        assert page["Location"].startswith("/sign-in?next="), name


def test_an_open_page_whose_session_has_ended_goes_to_sign_in_as_a_whole(db: None) -> None:
    page = Client().get("/runs", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/runs?status=all"})

    assert page["HX-Redirect"] == "/sign-in?next=/runs%3Fstatus%3Dall&ended"
    assert "Your session has ended." in Client().get(page["HX-Redirect"]).content.decode()
    assert "has ended" not in Client().get("/sign-in?next=/runs").content.decode()


def test_who_belongs_nowhere_is_told_so(house: House, browse: Callable[[str], Client]) -> None:
    Membership.objects.get(person=house.olga).end(None)
    page = browse("olga").get("/runs")

    assert page.status_code == 404
    assert b"do not belong to any workspace" in page.content


def test_a_person_of_two_workspaces_chooses_one(house: House, browse: Callable[[str], Client]) -> None:
    other = Workspace.objects.of(house.sam).get()
    Membership.objects.join(other, house.ana, ["viewer"])
    ana = browse("ana")

    assert b"Acme</b>" in ana.get("/agents").content
    assert ana.post("/workspace", {"workspace": other.pk}).status_code == 302
    assert b"Other</b>" in ana.get("/agents").content
    assert browse("olga").post("/workspace", {"workspace": other.pk}).status_code == 404


def test_pages_are_not_kept_by_caches(house: House, browse: Callable[[str], Client]) -> None:
    page = browse("ana").get("/runs")

    assert "no-store" in page["Cache-Control"]
    assert page["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
