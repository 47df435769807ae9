import pytest
from django.db import connection, transaction

from tests.people import acting, all_at_once, make_member, make_workspace
from workspaces.exceptions import Forbidden, Unprocessable
from workspaces.models import AuditEntry, Event, Switch


@pytest.mark.parametrize(
    ("scope", "column", "value"),
    [
        ("workspace", "stopped", True),
        ("agent:desk", "stopped_agents", ["desk"]),
        ("tool:a:b", "stopped_tools", ["a:b"]),
    ],
)
def test_olga_stops_and_resumes(acme, olga, scope, column, value):
    switch, begin = acme.switch, getattr(acme.switch, column)
    switch.stop(scope, "wrong refunds", acting(olga))
    stopped = Switch.objects.get(pk=acme.pk)
    assert (getattr(stopped, column), stopped.rules_epoch, stopped.reason) == (value, 2, "wrong refunds")
    switch.resume(scope, acting(olga))
    resumed = Switch.objects.get(pk=acme.pk)
    assert (getattr(resumed, column), resumed.rules_epoch, resumed.reason) == (begin, 3, "")
    kinds = AuditEntry.objects.filter(kind__startswith="switch.").order_by("id").values_list("kind", "object", "actor")
    assert list(kinds) == [("switch.stopped", scope, "olga"), ("switch.resumed", scope, "olga")]
    assert Event.objects.filter(workspace=acme, kind__startswith="switch.").count() == 2


def test_stopping_what_is_stopped_is_no_news(acme, olga):
    for reason in ("first", "second"):
        acme.switch.stop("agent:desk", reason, acting(olga))
    assert (acme.switch.stopped_agents, acme.switch.reason) == (["desk"], "first")
    assert AuditEntry.objects.filter(kind="switch.stopped").count() == 1


def test_the_reason_stays_while_something_else_is_stopped(acme, olga):
    acme.switch.stop("agent:desk", "wrong refunds", acting(olga))
    acme.switch.stop("tool:mail", "spam", acting(olga))
    acme.switch.resume("tool:mail", acting(olga))
    assert (str(acme.switch), acme.switch.reason) == ("stopped", "spam")


@pytest.mark.parametrize("scope", ["", "workspaces", "agent:", "agent", "run:7", "tool:"])
def test_an_unknown_scope_is_refused(acme, olga, scope):
    with pytest.raises(Unprocessable):
        acme.switch.stop(scope, "why", acting(olga))


def test_a_viewer_may_not_stop(acme):
    with pytest.raises(Forbidden):
        acme.switch.stop("workspace", "why", acting(make_member(acme, "vera", "viewer")))
    assert not Switch.objects.get(pk=acme.pk).stopped


def test_tightening_touches_one_workspace_only(acme):
    other = make_workspace("Other")
    Switch.tighten(acme.pk)
    assert Switch.objects.get(pk=acme.pk).rules_epoch == 1
    assert Switch.objects.get(pk=other.pk).rules_epoch == 0


@pytest.mark.django_db(transaction=True)
def test_many_who_stop_at_once_stop_once(acme, olga):
    by = acting(olga)
    results = all_at_once(6, lambda: Switch.objects.get(pk=acme.pk).stop("agent:desk", "why", by))
    assert results == [None] * 6
    switch = Switch.objects.get(pk=acme.pk)
    assert (switch.stopped_agents, switch.rules_epoch) == (["desk"], 2)


@pytest.mark.django_db(transaction=True)
def test_a_stop_waits_for_a_start_that_holds_the_row(acme, olga):
    """The start of an effect reads the row FOR SHARE; a stop is acknowledged only after such a start has committed."""
    by = acting(olga)
    with transaction.atomic(), connection.cursor() as start:
        start.execute("SELECT FROM workspaces_switch WHERE workspace_id = %s FOR SHARE", [acme.pk])
        [refusal] = all_at_once(1, lambda: stop_impatiently(by))
    assert "lock timeout" in str(refusal)
    acme.switch.stop("workspace", "why", by)


def stop_impatiently(by):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        by.workspace.switch.stop("workspace", "why", by)
