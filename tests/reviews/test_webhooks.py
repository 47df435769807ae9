"""What a receiver hears, and what becomes of a delivery by its answer."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import resolve

from reviews.exceptions import AlreadySending, EndpointDisabled
from reviews.models import Delivery
from tests.factories import House, make_approval, make_call, make_run
from tests.reviews.receiver import Receiver, endless, receiver, status
from tests.reviews.webhooks import deliver, make_due, opened, registered
from workspaces import events
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry, Event


def told(hook: Receiver, secret: str) -> list[dict]:
    """Everything that the receiver heard, verified, in the order of the events."""
    return sorted((opened(heard, secret) for heard in hook.heard), key=lambda said: said["data"]["sequence"])


def test_a_receiver_hears_of_an_approval_from_request_to_decision(house: House, hook, settings):
    _, secret = registered(house.workspace, hook.url)
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    deliver()
    asked, decided = told(hook, secret)
    assert (asked["type"], decided["type"]) == ("approval.requested", "approval.decided")
    assert asked["data"] == {
        "workspace": house.workspace.slug,
        "sequence": asked["data"]["sequence"],
        "approval": str(approval.pk),
        "subject": "tool_call",
        "run": str(approval.run_id),
        "tool_call": str(approval.tool_call_id),
        "agent": "desk",
        "tool": "refund",
        "title": approval.title,
        "risk": "medium",
        "revision": 1,
        "deadline_at": asked["data"]["deadline_at"],
        "effective_at": decided["data"]["effective_at"],
        "url": f"{settings.PUBLIC_URL}/review/{approval.pk}",
    }
    assert decided["data"]["decision"] == {"n": 1, "kind": "approve", "by": "ana"}
    assert decided["data"]["sequence"] > asked["data"]["sequence"]
    assert set(asked) == {"type", "timestamp", "data"}
    assert [heard.path for heard in hook.heard] == ["/hooks", "/hooks"]


def test_runs_and_doubts_are_told_with_their_links(house: House, hook, settings):
    _, secret = registered(house.workspace, hook.url)
    run = make_run(house.agent, house.olga, title="Ticket 7", error={"type": "timeout", "message": "Too long."})
    call = make_call(run, status="in_doubt", why="The tool did not answer.")
    for kind in ("run.waiting", "run.succeeded", "run.failed", "run.cancelled"):
        events.record(house.workspace.pk, "run", kind, run.pk, run.seq)
    events.record(house.workspace.pk, "tool_call", "tool_call.in_doubt", call.pk)
    deliver()
    said = {one["type"]: one["data"] for one in told(hook, secret)}
    assert set(said) == {"approval.requested", "run.waiting", "run.succeeded", "run.failed", "tool_call.in_doubt"}
    assert said["run.failed"]["error"] == {"type": "timeout", "message": "Too long."}
    assert said["run.failed"]["url"] == said["tool_call.in_doubt"]["url"] == f"{settings.PUBLIC_URL}/runs/{run.pk}"
    assert said["tool_call.in_doubt"]["why"] == "The tool did not answer."
    assert said["approval.requested"]["subject"] == "in_doubt"


def test_every_link_leads_to_a_page(house: House, hook, settings):
    _, secret = registered(house.workspace, hook.url)
    approval = make_approval(house)
    events.record(house.workspace.pk, "run", "run.waiting", approval.run_id)
    deliver()
    links = {one["type"]: one["data"]["url"].removeprefix(settings.PUBLIC_URL) for one in told(hook, secret)}
    assert resolve(links["approval.requested"]).kwargs == {"approval_id": approval.pk}
    assert resolve(links["run.waiting"]).kwargs == {"run_id": approval.run_id}


def test_an_endpoint_hears_only_what_it_asked_for(house: House, hook):
    registered(house.workspace, hook.url, kinds=["approval.decided"])
    make_approval(house)
    deliver()
    assert hook.heard == []


def test_another_workspace_hears_nothing(house: House, hook):
    registered(house.sam.memberships.get().workspace, hook.url)
    make_approval(house)
    deliver()
    assert hook.heard == []


def test_all_events_count_as_announced_wanted_or_not(house: House):
    make_approval(house)
    assert Event.objects.filter(announced_at=None).exists()
    deliver()
    assert not Event.objects.filter(announced_at=None).exists()
    assert not Delivery.objects.exists()


def test_an_event_that_is_rolled_back_is_never_told(house: House, hook):
    registered(house.workspace, hook.url)
    with transaction.atomic():
        make_approval(house)
        transaction.set_rollback(True)
    deliver()
    assert hook.heard == []


def test_arguments_are_sent_only_to_an_endpoint_that_asked(house: House, hook):
    _, thin = registered(house.workspace, hook.url + "/thin")
    _, full = registered(house.workspace, hook.url + "/full", include_arguments=True)
    make_approval(house, arguments={"amount": 80, "order": "A-1 " + "ghp_" + "C4nary" * 6})
    deliver()
    said = {heard.path: opened(heard, full if heard.path.endswith("full") else thin)["data"] for heard in hook.heard}
    assert "arguments" not in said["/hooks/thin"]
    assert said["/hooks/full"]["arguments"] == {"amount": 80, "order": "A-1 ⟨GitHub token, 40 characters, hidden⟩"}
    assert "C4nary" not in str(said)


def test_a_body_stays_under_20_kb_whatever_the_arguments_are(house: House, hook):
    _, secret = registered(house.workspace, hook.url, include_arguments=True)
    approval = make_approval(house, arguments={"amount": 80, "order": "x" * 100_000})
    deliver()
    [heard] = hook.heard
    assert len(heard.body) < 20_000
    said = opened(heard, secret)["data"]
    assert said["arguments"] is None
    assert said["approval"] == str(approval.pk)


def test_a_failed_delivery_comes_again_with_the_same_id_and_the_same_bytes(house: House, hook):
    _, secret = registered(house.workspace, hook.url)
    hook.answers = [status(500), status(503, Retry_After="600")]
    make_approval(house)
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.response_status) == ("failed", 1, 500)
    assert (delivery.error, bytes(delivery.response)) == ("receiver_error", b"ok")
    make_due()
    deliver()
    delivery.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_at - attempted_at FROM reviews_delivery")
        assert timedelta(seconds=599) < cursor.fetchone()[0] < timedelta(seconds=630)
    make_due()
    deliver()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.next_at, delivery.error) == ("delivered", 3, None, "")
    assert len({heard.headers["webhook-id"] for heard in hook.heard}) == 1
    assert len({heard.body for heard in hook.heard}) == 1
    assert all(opened(heard, secret) for heard in hook.heard)
    assert "countersign-replay" not in hook.heard[2].headers


def test_nothing_is_sent_before_its_pause_is_over(house: House, hook):
    registered(house.workspace, hook.url)
    hook.answers = [status(500)]
    make_approval(house)
    deliver()
    deliver()
    assert len(hook.heard) == 1


def test_a_receiver_that_is_down_hears_of_it_once_it_is_up(house: House, settings):
    with receiver() as down:
        settings.OUTBOUND_ALLOWED = [down.place]
        _, secret = registered(house.workspace, down.url)
    make_approval(house)
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.error, delivery.response_status) == ("failed", "unreachable", None)
    with receiver(port=int(down.place.partition(":")[2])) as up:
        make_due()
        deliver()
        assert opened(up.heard[0], secret)["type"] == "approval.requested"
    delivery.refresh_from_db()
    assert delivery.status == "delivered"


def test_after_the_tenth_attempt_it_is_dead_until_somebody_replays_it(house: House, hook):
    _, secret = registered(house.workspace, hook.url)
    hook.answers = [status(500)] * 11
    make_approval(house)
    for _ in range(10):
        make_due()
        deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.next_at) == ("dead", 10, None)
    assert [(each["n"], each["status"], each["error"]) for each in delivery.history] == [
        (n, 500, "receiver_error") for n in range(1, 11)
    ]
    deliver()
    assert len(hook.heard) == 10

    delivery.replay(house.by("olga"))
    deliver()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.retries) == ("failed", 11, 1)
    make_due()
    deliver()
    delivery.refresh_from_db()
    assert delivery.status == "delivered" and delivery.history[-1]["status"] == 200 and len(delivery.history) == 12
    assert len({heard.headers["webhook-id"] for heard in hook.heard}) == 1
    assert [heard.headers.get("countersign-replay") for heard in hook.heard] == [None] * 10 + ["1", "1"]
    assert opened(hook.heard[-1], secret)
    assert AuditEntry.objects.filter(kind="delivery.replayed", object=f"delivery:{delivery.pk}").exists()


def test_what_waits_to_be_sent_is_not_replayed(house: House, hook):
    endpoint, _ = registered(house.workspace, hook.url)
    delivery = endpoint.send_test(house.by("root"))
    with pytest.raises(AlreadySending):
        delivery.replay(house.by("root"))


def test_only_who_operates_may_replay(house: House, hook):
    endpoint, _ = registered(house.workspace, hook.url)
    delivery = endpoint.send_test(house.by("root"))
    house.cleo.memberships.get().change(roles=["viewer"], groups=[], by=None)
    with pytest.raises(Forbidden):
        delivery.replay(house.by("cleo"))


def test_a_redirect_is_a_failure_and_is_not_followed(house: House, hook):
    registered(house.workspace, hook.url)
    hook.answers = [status(302, Location=hook.url + "/elsewhere")]
    make_approval(house)
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.error, delivery.response_status) == ("failed", "redirect", 302)
    assert [heard.path for heard in hook.heard] == ["/hooks"]


def test_410_switches_the_endpoint_off_and_the_rest_waits_until_it_is_on_again(house: House, hook):
    endpoint, _ = registered(house.workspace, hook.url)
    hook.answers = [status(500)]
    make_approval(house)
    deliver()
    hook.answers = [status(410)]
    second = make_approval(house)
    deliver()
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    assert "410" in endpoint.disabled_reason
    gone = Delivery.objects.get(object=second.pk)
    assert (gone.status, gone.error) == ("dead", "gone")
    assert AuditEntry.objects.filter(kind="endpoint.disabled", actor="system").exists()

    make_approval(house)
    make_due()
    deliver()
    assert len(hook.heard) == 2
    with pytest.raises(EndpointDisabled):
        gone.replay(house.by("root"))
    endpoint.enable(house.by("root"))
    deliver()
    assert len(hook.heard) == 3


def test_nobody_is_asked_again_for_an_approval_that_is_closed(house: House, hook):
    registered(house.workspace, hook.url, kinds=["approval.requested", "approval.decided"])
    hook.answers = [status(500)]
    approval = make_approval(house)
    deliver()
    approval.decide("reject", by=house.by("ana"), digest=bytes(approval.digest), reason="No.")
    make_due()
    deliver()
    asked = Delivery.objects.get(kind="approval.requested")
    assert (asked.status, asked.error, asked.attempts) == ("dead", "superseded", 1)
    assert Delivery.objects.get(kind="approval.decided").status == "delivered"


def test_of_an_endless_answer_the_first_4_kb_are_kept(house: House, hook):
    registered(house.workspace, hook.url)
    hook.answers = [endless]
    make_approval(house)
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, bytes(delivery.response)) == ("delivered", b"x" * 4096)
