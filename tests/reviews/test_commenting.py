"""Comments on a request: people to people, kept as they were said."""

import pytest
from django.db import DatabaseError, transaction

from agents.runtime.text import loads
from reviews.exceptions import KindRefused, NotEligible
from reviews.models import ApprovalRequest, Comment
from reviews.webhooks.body import Happening, Subjects
from tests.factories import House
from workspaces.exceptions import CountersignError, Forbidden, NotFound
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


def test_a_comment_is_kept_audited_and_told(house: House, approval: ApprovalRequest) -> None:
    approval.comment("  Is this the order of last week? ", house.by("olga"))

    assert [str(one) for one in approval.comments.all()] == ["Olga: Is this the order of last week?"]
    entry = AuditEntry.objects.get(kind="approval.commented")
    assert (entry.object, entry.actor) == (str(approval.pk), "olga") and "last week" in entry.detail
    assert Event.objects.filter(kind="approval.commented", object=approval.pk).count() == 1


def test_members_whom_it_names_are_told(house: House, approval: ApprovalRequest) -> None:
    said = approval.comment("@Ben, look. @ana too, not @sam, @nobody or root@acme.example; @ben.", house.by("ana"))

    assert said.mentioned == ["ben", "ana"]
    event = Event.objects.get(kind="approval.mentioned", object=approval.pk)
    happening = Happening(
        event.workspace_id, event.seq, "approval", event.kind, approval.pk, event.number, event.created_at
    )
    body = loads(Subjects([happening]).body(happening, with_arguments=True) or b"")
    assert body["data"]["mention"] == {"by": "ana", "people": ["ben", "ana"]} and "look" not in str(body)
    approval.comment("nobody here", house.by("ana"))
    assert Event.objects.filter(kind="approval.mentioned").count() == 1


def test_a_comment_does_not_change(house: House, approval: ApprovalRequest) -> None:
    made = approval.comment("as said", house.by("ana"))
    for act in (made.delete, lambda: Comment.objects.update(text="otherwise")):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            act()


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4_001, "nul \x00", "half \ud800", "try ghp_" + "a1" * 18])
def test_what_is_no_comment_is_refused(house: House, approval: ApprovalRequest, text: str) -> None:
    with pytest.raises(CountersignError):
        approval.comment(text, house.by("ana"))
    assert not Comment.objects.exists()


def test_only_people_of_the_house_comment(house: House, approval: ApprovalRequest) -> None:
    with pytest.raises(NotFound):
        approval.comment("hello", house.by("sam"))
    with pytest.raises(NotEligible):
        approval.comment("hello", house.token("ana", "runs:write", kind="service"))
    with pytest.raises(Forbidden):
        approval.comment("hello", house.token("ana", "approvals:read"))
    with pytest.raises(KindRefused):
        approval.comment("", house.token("ana", "approvals:decide"))
