"""A decision against another decision, an edit, a cancellation, the deadline and a stop: one of them wins.

RACE_ROUNDS says how often each race is run; -s shows who won how often.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from agents.models import ToolCall
from agents.runtime.claim import Call, Claim
from reviews.exceptions import AlreadyDecided, Changed, Expired, SeatTaken, Withdrawn
from reviews.expiry import expire
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_house, make_policy
from tests.races.rounds import ROUNDS, race
from workspaces.models import Event, Switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

TWO_SEATS = {"name": "two", "effect": "ask", "seats": [{"count": 1, "group": "finance"}, {"count": 1, "group": None}]}


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


def deciding(house: House, approval: ApprovalRequest, name: str, kind: str, **said: Any) -> Callable[[], Decision]:
    """An action: this person decides, having seen the approval as it is now, on a copy of the row of their own."""
    by, digest, copy = house.by(name), bytes(approval.digest), ApprovalRequest.objects.get(pk=approval.pk)
    return lambda: copy.decide(kind, by=by, digest=digest, **said)


def call_of(approval: ApprovalRequest) -> ToolCall:
    return ToolCall.objects.get(pk=approval.tool_call_id)


def told(approval: ApprovalRequest, kind: str) -> int:
    return Event.objects.filter(object=approval.pk, kind=kind).count()


def kinds_of(results: list[Any]) -> list[str]:
    return [type(result).__name__ for result in results]


def started(approval: ApprovalRequest) -> bool:
    """Whether a worker that comes now may start the call: the very statement that writes the intent."""
    claim = Claim.take(approval.run_id)
    if claim is None:
        return False
    found = [call for call in claim.news(fresh=True).calls if call.id == approval.tool_call_id]
    return any(call.status == "ready" and start(claim, call) for call in found)


def start(claim: Claim, call: Call) -> bool:
    return claim.start(call, timeout=5) is not None


def test_of_two_approvals_one_decides(house: House) -> None:
    wins: Counter[str] = Counter()
    for _ in range(ROUNDS):
        approval = make_approval(house)
        results = race(deciding(house, approval, "ana", "approve"), deciding(house, approval, "ben", "approve"))
        assert sorted(kinds_of(results)) == ["AlreadyDecided", "Decision"]
        winner = next(result for result in results if isinstance(result, Decision))
        loser = next(result for result in results if isinstance(result, AlreadyDecided))
        assert loser.current and loser.current["person"] == winner.person.username
        assert told(approval, "approval.decided") == Decision.objects.filter(approval=approval).count() == 1
        assert (started(approval), started(approval)) == (True, False)
        wins[winner.person.username] += 1
    print("approve/approve:", dict(wins))


def test_two_last_votes_release_the_call_once(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    wins: Counter[str] = Counter()
    for _ in range(ROUNDS):
        approval = make_approval(house)
        results = race(deciding(house, approval, "ana", "approve"), deciding(house, approval, "ben", "approve"))
        assert kinds_of(results) == ["Decision", "Decision"]
        assert {vote.seat for vote in results} == {0, 1}
        assert (told(approval, "approval.voted"), told(approval, "approval.decided")) == (1, 1)
        assert (started(approval), started(approval)) == (True, False)
        wins[max(results, key=lambda vote: vote.n).person.username] += 1
    print("two seats, last vote:", dict(wins))


def test_of_three_votes_for_two_seats_two_count(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    for _ in range(ROUNDS):
        approval = make_approval(house)
        results = race(*(deciding(house, approval, name, "approve") for name in ("ana", "ben", "cleo")))
        votes = [result for result in results if isinstance(result, Decision)]
        refused = [result for result in results if not isinstance(result, Decision)]
        assert sorted(vote.seat or 0 for vote in votes) == [0, 1]
        assert [type(refusal) for refusal in refused] in ([AlreadyDecided], [SeatTaken])
        assert call_of(approval).status == "ready"


def test_one_person_in_two_tabs_fills_one_seat(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    for _ in range(ROUNDS):
        approval = make_approval(house)
        results = race(*(deciding(house, approval, "ben", "approve") for _ in range(3)))
        assert len(set(results)) == Decision.objects.filter(approval=approval).count() == 1
        assert call_of(approval).status == "waiting"


def test_of_approve_and_reject_one_wins(house: House) -> None:
    wins: Counter[str] = Counter()
    for _ in range(ROUNDS):
        approval = make_approval(house)
        results = race(
            deciding(house, approval, "ana", "approve"), deciding(house, approval, "ben", "reject", reason="No.")
        )
        assert sorted(kinds_of(results)) == ["AlreadyDecided", "Decision"]
        winner = next(result for result in results if isinstance(result, Decision))
        assert (call_of(approval).status == "ready") is (winner.kind == "approve") is started(approval)
        wins[winner.kind] += 1
    print("approve/reject:", dict(wins))


def test_of_approve_and_edit_one_wins(house: House) -> None:
    wins: Counter[str] = Counter()
    for number in range(ROUNDS):
        approval = make_approval(house)
        args = {"amount": 40, "order": "A-1"}
        edited, approved = race(
            deciding(house, approval, "ben", "edit", args=args),
            deciding(house, approval, "ana", "approve"),
            head_start=number % 20,
        )
        call = call_of(approval)
        if isinstance(approved, Decision):
            assert isinstance(edited, AlreadyDecided)
            assert (call.status, bytes(call.args)) == ("ready", b'{"amount":80,"order":"A-1"}')
        else:
            assert isinstance(approved, Changed) and isinstance(edited, Decision)
            assert (call.status, bytes(call.args)) == ("waiting", b'{"amount":40,"order":"A-1"}')
            assert approved.current["digest"] == bytes(call.digest).hex()
        wins["approve" if isinstance(approved, Decision) else "edit"] += 1
    print("approve/edit:", dict(wins))


def test_of_approve_and_cancel_one_wins(house: House) -> None:
    """Whoever came first: nothing starts once the cancellation is acknowledged."""
    wins: Counter[str] = Counter()
    for number in range(ROUNDS):
        approval = make_approval(house)
        decide = deciding(house, approval, "ana", "approve")
        approved, cancelled = race(
            lambda decide=decide, approval=approval: decide() and started(approval),
            lambda approval=approval: approval.run.cancel(reason="enough"),
            head_start=2 * (number % 20),
        )
        assert cancelled is True
        is_running = call_of(approval).status == "executing"
        assert approved is is_running or (isinstance(approved, Withdrawn) and not is_running)
        assert not started(approval)
        wins["approve, and it started" if is_running else "cancel"] += 1
    print("approve/cancel:", dict(wins))


def test_of_approve_and_the_deadline_one_wins(house: House) -> None:
    wins: Counter[str] = Counter()
    for number in range(ROUNDS):
        approval = make_approval(house)
        decide = deciding(house, approval, "ana", "approve")
        ApprovalRequest.objects.filter(pk=approval.pk).update(
            deadline_at=Now() + timedelta(milliseconds=6 + number % 12)
        )

        def sweep(approval: ApprovalRequest = approval) -> None:
            while ApprovalRequest.objects.pending().filter(pk=approval.pk).exists():
                expire()

        (approved, _) = race(decide, sweep)
        approval.refresh_from_db()
        is_approved = isinstance(approved, Decision)
        assert is_approved or isinstance(approved, Expired)
        assert (approval.status, call_of(approval).status) == (
            ("approved", "ready") if is_approved else ("expired", "expired")
        )
        assert told(approval, "approval.decided") + told(approval, "approval.expired") == 1
        assert started(approval) is is_approved
        wins["approve" if is_approved else "deadline"] += 1
    print("approve/expire:", dict(wins))


def test_of_approve_and_stop_one_wins(house: House) -> None:
    """Once a stop is acknowledged no effect starts, and what had started before is in its answer."""
    wins: Counter[str] = Counter()
    in_flight = import_string(settings.CALLS_IN_FLIGHT)
    root = house.by("root")

    def stop() -> set[Any]:
        Switch.objects.get(pk=house.workspace.pk).stop("workspace", "enough", root)
        return {call["id"] for call in in_flight(house.workspace.pk, "workspace")}

    for number in range(ROUNDS):
        approval = make_approval(house)
        decide = deciding(house, approval, "ana", "approve")
        has_started, flying = race(
            lambda decide=decide, approval=approval: decide() and started(approval), stop, head_start=2 * (number % 20)
        )
        assert call_of(approval).status == ("executing" if has_started else "ready")
        assert (approval.tool_call_id in flying) is has_started
        assert not started(approval)
        Switch.objects.get(pk=house.workspace.pk).resume("workspace", root)
        wins["approve, and it started" if has_started else "stop"] += 1
    print("approve/stop:", dict(wins))


def test_of_undo_and_start_one_wins(house: House) -> None:
    make_policy(house.workspace, {"name": "slow", "effect": "ask", "undo_seconds": 60})
    wins: Counter[str] = Counter()
    for _ in range(ROUNDS):
        approval = make_approval(house)
        ana = house.by("ana")
        n = approval.decide("approve", by=ana, digest=bytes(approval.digest)).n
        ToolCall.objects.filter(pk=approval.tool_call_id).update(effective_at=Now() + timedelta(milliseconds=12))
        approval.run.wake()

        def begin(approval: ApprovalRequest = approval) -> bool:
            claim = Claim.take(approval.run_id)
            assert claim
            (call,) = claim.news(fresh=True).calls
            return any(start(claim, call) for _ in range(30))

        has_started, undone = race(begin, lambda approval=approval, n=n, ana=ana: approval.undo(n, ana))
        is_undone = isinstance(undone, Decision)
        assert has_started is not is_undone
        approval.refresh_from_db()
        assert (approval.status, call_of(approval).status) == (
            ("pending", "waiting") if is_undone else ("approved", "executing")
        )
        wins["undo" if is_undone else "start"] += 1
    print("undo/start:", dict(wins))
