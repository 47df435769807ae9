from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from tests.people import make_workspace
from tracing.models import Span
from workspaces.models import Workspace


@pytest.fixture
def acme(db: None) -> Workspace:
    return make_workspace()


def make_span(workspace, trace_id, span_id=1, **fields):
    return Span.objects.create(
        workspace=workspace, trace_id=trace_id, span_id=span_id, started_at=now(), kind="chat", name="chat x", **fields
    )


def test_a_span_is_stored_once(acme):
    trace = uuid4()
    make_span(acme, trace)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_span(acme, trace)


def test_two_workspaces_may_hold_spans_of_the_same_name(acme):
    trace, other = uuid4(), make_workspace("Other")
    make_span(acme, trace)
    make_span(other, trace)
    assert Span.objects.get(workspace=acme, trace_id=trace).workspace == acme


def test_the_plain_insert_of_the_engine_needs_no_more_than_what_is_known(acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracing_span (workspace_id, trace_id, span_id, started_at, kind, name)"
            " VALUES (%s, gen_random_uuid(), -1, now(), 'tool', 'execute_tool refund')",
            [acme.pk],
        )
    span = Span.objects.get(workspace=acme)
    assert (span.tokens, span.status, span.finished_at, span.parent_id, span.run_id) == (0, 0, None, None, None)


def test_a_run_finds_its_spans_in_order(acme):
    trace, run = uuid4(), uuid4()
    for span_id in (2, 1, 3):
        make_span(acme, trace, span_id, run_id=run if span_id < 3 else None)
    assert [span.span_id for span in Span.objects.filter(run_id=run)] == [2, 1]
