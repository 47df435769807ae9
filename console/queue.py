"""The review queue: which requests are shown, in which order, and under which headings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Now

from agents.models import Agent, Run
from agents.runtime.version import catalogue
from console import urgency
from reviews.gate import rules_in_force
from reviews.listing import lately_decided
from reviews.models import ApprovalRequest, Comment, Decision, Handover, Snooze
from reviews.models.approval import FOR_SEVERAL, ApprovalQuerySet
from reviews.repeating import DONE_BEFORE
from reviews.suspicion import INSTRUCTS
from workspaces.principal import Principal

type View = Literal["needs-me", "open", "waiting", "decided"]
type Approvals = ApprovalQuerySet

VIEWS: dict[str, str] = {"needs-me": "Needs me", "open": "Open", "waiting": "Waiting", "decided": "Decided"}
PAGE = 50
SET_ASIDE = 20


class FreePlace(Func):
    """Whether a place that some groups may take is free; places are numbered as `seats.places` does."""

    template = """EXISTS (
      SELECT FROM (VALUES (%(expressions)s)) AS request (id, seats, revision, mine)
      CROSS JOIN LATERAL (
        SELECT row_number() OVER (ORDER BY seat.n) - 1 AS number, seat.value ->> 'group' AS asked
        FROM jsonb_array_elements(request.seats) WITH ORDINALITY AS seat (value, n)
        CROSS JOIN generate_series(1, (seat.value ->> 'count')::int)) AS place
      WHERE (asked IS NULL OR asked = ANY(request.mine::text[])) AND NOT EXISTS (
        SELECT FROM reviews_decision AS vote
        WHERE vote.approval_id = request.id AND vote.revision = request.revision AND vote.seat = place.number
          AND vote.kind = 'approve' AND vote.undone_at IS NULL))"""
    output_field = BooleanField()


def set_aside(principal: Principal) -> list[Run]:
    """Runs that the runtime could not advance and that somebody has to look at, the newest first."""
    found = Run.objects.in_workspace(principal.workspace).stuck().select_related("agent")
    return list(found.only("title", "status", "error", "agent__name").order_by("-pk")[:SET_ASIDE])


def requests(principal: Principal, view: str) -> Approvals:
    """The requests of one view."""
    visible = ApprovalRequest.objects.visible_to(principal)
    match view:
        case "needs-me":
            return needing(principal, visible.pending())
        case "waiting":
            return waiting_for_others(principal, visible.pending())
        case "decided":
            return visible.exclude(status=ApprovalRequest.Status.PENDING)
    return visible.pending()


def needing(principal: Principal, pending: Approvals) -> Approvals:
    """Those in which this person can fill a place here and now."""
    if not principal.may("vote"):
        return pending.none()
    open_to_me = pending.filter(channels__contains=[principal.channel]).exclude(
        excluded__contains=[principal.person.pk]
    )
    groups = Value(sorted(principal.groups), ArrayField(TextField()))
    mine = open_to_me.filter(~Exists(votes_of(principal)), FreePlace("pk", "seats", "revision", groups))
    with_others = Handover.objects.filter(approval=OuterRef("pk"), until__gt=Now()).exclude(person=principal.person)
    return mine.filter(~Exists(put_off(principal).filter(approval=OuterRef("pk"))), ~Exists(with_others))


def put_off(principal: Principal) -> "QuerySet[Snooze]":
    """What this person looks at later."""
    return Snooze.objects.filter(person=principal.person, until__gt=Now())


def waiting_for_others(principal: Principal, pending: Approvals) -> Approvals:
    """Those that this person has voted for, put off or handed over, or whose run is theirs: each has its own index."""
    voted = pending.filter(FOR_SEVERAL, Exists(votes_of(principal)))
    theirs = pending.filter(excluded__contains=[principal.person.pk])
    given = Handover.objects.filter(given_by=principal.person, until__gt=Now())
    later = (some.values("approval") for some in (put_off(principal), given))
    return pending.filter(pk__in=voted.values("pk").union(theirs.values("pk"), *later, all=True))


def votes_of(principal: Principal) -> "QuerySet[Decision]":
    """This person's vote for the current revision."""
    return current_votes().filter(person=principal.person)


def current_votes() -> "QuerySet[Decision]":
    """Votes for the current revision of the request around them."""
    return Decision.objects.filter(
        approval=OuterRef("pk"), revision=OuterRef("revision"), kind="approve", undone_at=None
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading; others of it may come behind this page, or have come before it."""

    name: str
    rows: list[ApprovalRequest]
    goes_on: bool = False
    is_continued: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a view."""

    view: str
    groups: list[Group]
    next: str | None

    @property
    def rows(self) -> list[ApprovalRequest]:
        """All rows in order."""
        return [row for group in self.groups for row in group.rows]


def view_of(principal: Principal, approval: ApprovalRequest) -> str:
    """Where somebody who came straight to a request would look for it."""
    if not approval.is_pending:
        return "decided"
    found = (view for view in ("needs-me", "waiting") if requests(principal, view).filter(pk=approval.pk).exists())
    return next(found, "open")


def listing(
    principal: Principal, view: str, wanted: dict[str, Any], now: datetime, opened: ApprovalRequest | None = None
) -> Listing:
    """The rows of a view that fit the filters, the most urgent first; decided ones, the last decision first.

    Before them all comes the one that is open, where it is further back.
    """
    named = Exists(Comment.objects.filter(approval=OuterRef("pk"), mentioned__contains=[principal.person.username]))
    found = filtered(requests(principal, view), wanted)
    given = Exists(Handover.objects.filter(approval=OuterRef("pk"), person=principal.person, until__gt=Now()))
    mine = {"names_me": named, "is_given_to_me": given}
    cursor = wanted.get("cursor", "")
    if view == "decided":
        rows, following = lately_decided(for_rows(found).annotate(names_me=named), cursor, PAGE)
        before = ""
    else:
        place = urgency.Place.read(cursor) if cursor else None
        now, before = (place.as_of, place.band) if place else (now, "")
        rows = urgency.rows_from(found, now, PAGE + 1, place, lambda rows: for_rows(rows).annotate(**mine))
        following = str(urgency.Place.of(rows[PAGE - 1], now)) if len(rows) > PAGE else None
    groups = grouped(rows[:PAGE], view, now, before, goes_on=bool(following))
    if opened and opened not in rows:
        groups.insert(0, Group("Open here", list(for_rows(ApprovalRequest.objects.filter(pk=opened.pk)))))
    return Listing(view, groups, following)


def filtered(found: Approvals, wanted: dict[str, Any]) -> Approvals:
    """Only what the filters ask for."""
    if "risk" in wanted:
        found = found.filter(risk__in=["high"] if wanted["risk"] == "high" else ["high", "medium"])
    if "agent" in wanted:
        named = Agent.objects.filter(name=wanted["agent"]).values_list("pk", flat=True)
        found = found.filter(run__agent__in=list(named))  # by key the planner knows how much work is theirs
    if "tool" in wanted:
        found = found.filter(tool_call__tool=wanted["tool"])
    if "rule" in wanted:
        found = found.under_rule(wanted["rule"])
    if "run" in wanted:
        found = found.filter(run=wanted["run"])
    if "text" in wanted:
        found = found.filter(title__icontains=wanted["text"])
    return found


def for_rows(found: Approvals) -> Approvals:
    """With what a row shows, and without what only the card needs."""
    count = current_votes().order_by().values("approval").annotate(count=Count("pk")).values("count")
    filled = Coalesce(Subquery(count, output_field=IntegerField()), 0)
    holder = Case(When(claimed__lapses_at__gt=Now(), then=F("claimed__person__name")), output_field=CharField())
    shown = ("status", "title", "risk", "seats", "revision", "deadline_at", "created_at", "decided_at", "subject_kind")
    named = {
        "tool": F("tool_call__tool"),
        "agent": F("run__agent__name"),
        "instructs": KT(f"explanation__{INSTRUCTS}__0"),
        "is_repeated": KT(f"explanation__{DONE_BEFORE}__0"),
        "batchable": KT("explanation__requirement__batchable"),
    }
    return found.annotate(filled=filled, holder=holder, **named).only(*shown)


def grouped(
    rows: Iterable[ApprovalRequest], view: str, now: datetime, before: str = "", *, goes_on: bool = False
) -> list[Group]:
    """Rows under headings of time left, in their order; `before` is the heading that the page before ended under."""
    if view == "decided":
        return [Group("", list(rows))] if rows else []
    by_heading = groupby(rows, key=lambda row: urgency.heading(row.deadline_at - now))
    named = [(name, list(some)) for name, some in by_heading]
    last = named[-1][0] if named and goes_on else ""
    return [Group(name, some, goes_on=name == last, is_continued=name == before) for name, some in named]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a filter may be set to, and what it is."""

    name: str
    label: str
    options: list[str]
    chosen: str


def choices(principal: Principal, wanted: dict[str, Any]) -> list[Choice]:
    """Agents, tools and rules of the workspace, as filters; one that is gone stays as long as it is chosen."""
    workspace, epoch = principal.workspace, principal.workspace.switch.rules_epoch
    agents = Agent.objects.filter(workspace=workspace).values_list("name", flat=True)
    tools = list(catalogue(workspace.pk, epoch))
    rules = [rule.name for rule in rules_in_force(workspace.pk, epoch)]
    found = [("agent", "Agent", list(agents)), ("tool", "Tool", tools), ("rule", "Rule", rules)]
    return [_choice(name, label, options, wanted.get(name, "")) for name, label, options in found]


def _choice(name: str, label: str, options: list[str], chosen: str) -> Choice:
    return Choice(name, label, sorted({*options, chosen} - {""}), chosen)
