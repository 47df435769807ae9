"""What one claim may still spend where budgets apply, and what it has spent."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.db import transaction

from agents.exceptions import LostClaim
from agents.models import Budget
from agents.models.budget import SHARDS
from agents.runtime import database
from agents.runtime.budgets import statements
from agents.runtime.budgets.estimate import Amounts, of_segment

if TYPE_CHECKING:
    from agents.runtime.claim import Claim
    from agents.runtime.commit import Segment

type Room = Literal["held", "later", "none"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget in memory: which runs it is about. What it allows is read anew each time."""

    id: UUID
    agent_id: int | None
    period: str
    unit: str
    has_soft: bool
    has_hard: bool
    asks: bool
    asks_for: Decimal
    word: str
    words: str


@dataclass(frozen=True, slots=True)
class Account:
    """How a budget stands in one term: what is used, what calls under way hold, and what is allowed."""

    id: UUID
    term: str
    used: Decimal
    held: Decimal
    allowed: Decimal

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.allowed

    @property
    def is_full(self) -> bool:
        """Nothing is left unless calls under way use less than they hold."""
        return self.used + self.held >= self.allowed


def judged(accounts: Collection[Account]) -> Room:
    """Whether a call may start: in all of its budgets something is left."""
    if any(account.is_used_up for account in accounts):
        return "none"
    return "later" if any(account.is_full for account in accounts) else "held"


@lru_cache(maxsize=512)
def limits(workspace_id: int, rules_epoch: int) -> tuple[Limit, ...]:
    """The budgets of a workspace. Whoever changes one moves `rules_epoch` in the same transaction."""
    rows = Budget.objects.filter(workspace_id=workspace_id).select_related("agent").order_by("pk")
    return tuple(_limit(row) for row in rows)


def _limit(row: Budget) -> Limit:
    return Limit(
        id=row.pk,
        agent_id=row.agent_id,
        period=row.period,
        unit=row.unit,
        has_soft=row.soft is not None,
        has_hard=row.hard is not None,
        asks=row.on_hard == Budget.OnHard.ASK,
        asks_for=row.asks_for or Decimal(0),
        word=row.word,
        words=str(row),
    )


class Spending:
    """The budgets of one claim. A run that plays a recording spends nothing."""

    def __init__(self, claim: "Claim"):
        self.claim = claim
        self.used_up: dict[str, tuple[Limit, Account]] = {}
        self.holds = False

    def room(self, position: str, most: Callable[[], Amounts]) -> Room:
        """Take hold of what the call at `position` may use at most, or say that it must wait, or that it may not."""
        self.used_up.pop(position, None)
        hard = {limit.id: limit for limit in self.limits if limit.has_hard}
        amounts = most() if hard else {}
        wanted = {key: amounts[limit.unit] for key, limit in hard.items() if limit.unit in amounts}
        if not wanted:
            return "held"
        accounts = self._hold(position, wanted)
        found = judged(accounts)
        self.holds = self.holds or found == "held"
        if found == "none":
            spent = next(account for account in accounts if account.is_used_up)
            self.used_up[position] = hard[spent.id], spent
        return found

    def begin(self) -> None:
        """Take hold of the run itself, exactly: one held by a run that has not committed yet is used, for it will."""
        runs = {limit.id: limit for limit in self.limits if limit.has_hard and limit.unit == "runs"}
        if not runs:
            return
        with transaction.atomic():
            database.rows(statements.STAND_IN_LINE, budgets=list(runs))
            accounts = self._hold("0", dict.fromkeys(runs, Decimal(1)))
        full = next((account for account in accounts if account.is_full), None)
        self.holds = self.holds or not full
        if full:
            self.used_up["0"] = runs[full.id], full

    def settlement(self, segment: "Segment", busy: Collection[str]) -> dict[str, Any] | None:
        """The values of `statements.SETTLE` for a segment; None where nothing is to be settled."""
        limits = self.limits
        if not (limits and (segment.rows or segment.doubts)) and not self.holds:
            return None
        self.holds = bool(busy)
        used = of_segment(segment)
        return {
            "run": self.claim.id,
            "busy": list(busy),
            "root": self.root,
            "shard": self.claim.id.int % SHARDS,
            "budgets": [limit.id for limit in limits],
            "amounts": [used[limit.unit] for limit in limits],
            "told_by_run": [limit.id for limit in limits if limit.period == "run" and limit.has_soft],
        }

    @property
    def limits(self) -> list[Limit]:
        """Those that this run counts towards."""
        if self.claim.recording_id is not None:
            return []
        found = limits(self.claim.workspace_id, self.claim.rules_epoch)
        return [limit for limit in found if limit.agent_id in (None, self._agent(limit))]

    def _agent(self, limit: Limit) -> int:
        """A run's own budget is that of its root, whichever agents its child runs are of."""
        agent: int = self._line["agent_id"] if limit.period == "run" else self.claim.agent_id
        return agent

    @property
    def root(self) -> str:
        """The term of budgets a run."""
        return str(self._line["root"]) if any(limit.period == "run" for limit in self.limits) else ""

    @cached_property
    def _line(self) -> database.Row:
        found = database.row(statements.ROOT, run=self.claim.id)
        if found is None:
            raise LostClaim
        return found

    def _hold(self, position: str, wanted: dict[UUID, Decimal]) -> list[Account]:
        found = database.rows(
            statements.HOLD,
            run=self.claim.id,
            epoch=self.claim.epoch,
            position=position,
            root=self.root,
            budgets=list(wanted),
            amounts=list(wanted.values()),
        )
        if not all(row.pop("is_mine") for row in found):
            raise LostClaim
        return [Account(**row) for row in found]


def settle(settlement: dict[str, Any]) -> None:
    """Write what a segment has used, in the transaction of its commit."""
    database.rows(statements.SETTLE, **settlement)
    if settlement["told_by_run"]:
        database.rows(statements.TELL, root=settlement["root"], budgets=settlement["told_by_run"])
