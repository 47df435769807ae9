"""`manage.py seed`: what it leaves is what workers and people would have left, and every page can show it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Run, ToolCall
from agents.runtime.commit import span_id
from agents.runtime.journal_check import verify
from agents.runtime.propose import call_digest
from reviews.models import ApprovalRequest, Decision
from reviews.seeding.scenery import TOOLS
from tests.people import acting
from tracing.models import Span
from workspaces import audit
from workspaces.models import AuditEntry, Person, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
OPEN, DECIDED, RUNS = 10, 120, 48


@pytest.fixture
def seeded() -> Workspace:
    call_command("seed", open=OPEN, decided=DECIDED, runs=RUNS, stdout=StringIO(), stderr=StringIO())
    return Workspace.objects.get(slug="seeded")


def test_the_seeded_workspace_is_as_if_it_had_been_worked_in(seeded: Workspace) -> None:
    approvals = ApprovalRequest.objects.filter(workspace=seeded)
    assert (approvals.pending().count(), approvals.exclude(status="pending").count()) == (OPEN, DECIDED)
    assert Run.objects.filter(workspace=seeded).count() == RUNS
    assert {"approved", "rejected", "expired"} <= set(approvals.values_list("status", flat=True))

    for run in Run.objects.all():
        assert_replays(run)
    for call in ToolCall.objects.all():
        assert bytes(call.digest) == call_digest(call.tool, bytes(call.args))
    for approval in approvals.select_related("tool_call"):
        last = approval.revisions.order_by("-number").first()
        assert last and last.number == approval.revision
        assert bytes(approval.digest) == bytes(last.digest) == bytes(approval.tool_call.digest)
        assert approval.status != "approved" or approval.votes().count() == len(approval.places)
        assert not approval.is_pending or approval.deadline_at > approval.created_at

    decisions = Decision.objects.filter(approval__workspace=seeded).count()
    assert AuditEntry.objects.filter(kind__startswith="approval.", chain_seq__isnull=False).count() == decisions
    assert audit.verify(seeded.pk).is_whole
    assert_every_page_opens(seeded)
    assert_an_open_request_is_decided(seeded)
    assert_it_keeps_away_from_real_work()


def assert_replays(run: Run) -> None:
    """The journal is one that its flow writes, digest by digest, with a span for each step."""
    assert verify(run) == run.seq
    spans = set(Span.objects.filter(run_id=run.pk).values_list("span_id", flat=True))
    assert spans == {span_id(run.pk, seq) for seq in range(int(run.status == "waiting"), run.seq + 1)}


def assert_every_page_opens(seeded: Workspace) -> None:
    client = Client()
    client.force_login(Person.objects.get(username="ana.seeded"))
    pages = ["/review", "/review?view=decided", "/runs", "/agents", "/agents/refunds"]
    pages += [f"/review/{approval.pk}" for approval in ApprovalRequest.objects.all()[:: DECIDED // 20]]
    pages += [f"/runs/{run.pk}" for run in Run.objects.all()[:: RUNS // 12]]
    assert {page: status for page in pages if (status := client.get(page).status_code) != 200} == {}


def assert_an_open_request_is_decided(seeded: Workspace) -> None:
    approval = ApprovalRequest.objects.pending().filter(tool_call__tool="mail_customer").first()
    assert approval, [tool["name"] for tool in TOOLS]
    cleo = acting(Person.objects.get(username="cleo.seeded"), seeded)
    approval.decide("approve", by=cleo, digest=bytes(approval.digest))
    approval.run.refresh_from_db()
    assert (approval.status, approval.run.status) == ("approved", "queued")


def assert_it_keeps_away_from_real_work() -> None:
    with pytest.raises(CommandError, match="in use"):
        call_command("seed", open=1, decided=1, runs=2)
    with pytest.raises(CommandError, match="already"):
        call_command("seed", open=1, decided=1, runs=2, workspace="seeded")
    with pytest.raises(CommandError, match="take 8 runs"):
        call_command("seed", open=10, decided=1, runs=8, workspace="other")
    assert Workspace.objects.count() == 1
