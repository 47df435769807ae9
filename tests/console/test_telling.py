"""Entries of the audit as sentences."""

from uuid import UUID

import pytest
from django.utils.timezone import now

from console.telling import SENTENCES, SYSTEM, sentence
from reviews.models import ApprovalRequest
from workspaces.models import AuditEntry

KEY = "01a20048-130f-7c10-aea5-0dc5e7da5041"


def said(kind: str, about: str, detail: str, person: int | None = 7, revision: int = 1) -> str:
    """The sentence of an entry by Ana about a request of this revision."""
    entry = AuditEntry(kind=kind, object=about, detail=detail, person_id=person, actor="ana", created_at=now())
    approval = ApprovalRequest(pk=UUID(KEY), title="Refund €20.00", revision=revision)
    one = sentence(entry, {KEY: approval}, {7: "Ana Costa", 8: "Ben Ito"})
    return " ".join(f"{one.who} {one.before} {one.it}{one.after}".split()) + (f" ({one.said})" if one.said else "")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (("approval.approve", KEY, '{"revision":1,"reason":"as {agreed}"}'),
         "Ana Costa approved Refund €20.00, revision 1 (as {agreed})"),
        (("approval.expired", KEY, "{}", None), f"{SYSTEM} let Refund €20.00 expire"),
        (("approval.handed_over", KEY, '{"to":"ben"}'), "Ana Costa handed Refund €20.00 over to ben"),
        (("membership.changed", "person:8", '{"roles":["approver","viewer"]}'),
         "Ana Costa set the roles of Ben Ito to approver, viewer"),
        (("token.issued", "token:4", '{"name":"demo","kind":"personal","of":"ben"}'),
         "Ana Costa issued the personal token demo of ben"),
        (("token.issued", "token:4", '{"name":"till","kind":"service"}'), "Ana Costa issued the service token till"),
        (("membership.ended", "person:9", "{}"), "Ana Costa ended the membership of person:9"),
        (("switch.stopped", "agent:x", "{}", 9), "ana stopped agent:x"),
        (("agent.activated", "agent:1", '{"name":"{0}","number":3}'), "Ana Costa put version 3 of {0} in force"),
        (("plugin.did", "thing:1", "{}"), "Ana Costa plugin.did thing:1"),
    ],
)  # fmt: skip
def test_an_entry_says_who_did_what(entry: tuple[str, str, str], expected: str) -> None:
    assert said(*entry) == expected


def test_what_was_decided_does_not_go_by_the_title_of_a_later_revision() -> None:
    told = said("approval.approve", KEY, '{"revision":1}', revision=2)

    assert told == "Ana Costa approved request da5041, revision 1 (since edited: Refund €20.00)"


def test_every_sentence_holds_without_details() -> None:
    assert [kind for kind in SENTENCES if not said(kind, "", "{}").startswith("Ana Costa ")] == []
