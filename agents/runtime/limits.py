"""What a claim's version and its budgets still allow, and what happens where they allow nothing more."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import count
from typing import NoReturn
from uuid import UUID

from agents.gateway.pricing import unpriced
from agents.gateway.types import ModelFailure
from agents.models import ForkMode
from agents.runtime.breakers import Broken, breakers
from agents.runtime.budgets import Account, Amounts, Limit, Spending
from agents.runtime.claim import Call, Claim, News
from agents.runtime.clock import boot
from agents.runtime.commit import ProposedCall, Segment
from agents.runtime.drive import Drive
from agents.runtime.propose import Proposing
from agents.runtime.standing import Standing
from agents.runtime.text import loads
from agents.runtime.version import Version
from agents.runtime.work import Work
from agents.tools.raise_budget import RAISE_BUDGET

ROOM_SECONDS = 0.2  # how often a call looks whether those before it have left room in a budget
ASK = "budget."  # where a flow has places, a request for more has this and a number
REFUSED = frozenset({"rejected", "expired", "denied", "answered"})


class Limited(Standing):
    """The open calls of one claim, and the limits that they keep to."""

    def __init__(self, claim: Claim, work: Work, version: Version, proposing: Proposing):
        super().__init__(claim, work, version)
        self.proposing, self.spending = proposing, Spending(claim)
        self.asks: list[Call] = []
        self.numbers = count()

    def read(self, news: News) -> None:
        """Requests for more are no calls of the flow."""
        self.asks = [call for call in news.calls if call.position.startswith(ASK)]
        super().read(replace(news, calls=[call for call in news.calls if not call.position.startswith(ASK)]))

    def committed(self, segment: Segment, ids: dict[str, UUID]) -> None:
        super().committed(segment, ids)
        self.asks += [self.calls.pop(place) for place in list(self.calls) if place.startswith(ASK)]

    def may_begin(self, position: str, most: Callable[[], Amounts]) -> bool:
        """Whether this effect may begin now; it is tried again where room may be left by those under way."""
        if self.claim.seq + len(self.work.busy) >= self.version.limits["max_steps"]:
            return False
        room = self.spending.room(position, most)
        if room == "later":
            self.retry_at[position] = boot() + ROOM_SECONDS
        return room == "held"

    def unpriced(self) -> Callable[[], NoReturn] | None:
        """What a turn comes to where money is limited and nobody knows what a model of the chain costs."""
        limit = next((one for one in self.spending.limits if one.has_hard and one.unit == "cost"), None)
        link = unpriced(self.version.chain) if limit else None
        return partial(_refuse, link, limit) if link and limit else None

    def broken(self, call: Call, seconds: float) -> Broken | None:
        """Why the call's tool is left alone, where it is: what people have allowed waits meanwhile."""
        if call.status == "executing" or self.is_make_believe:
            return None
        found = breakers.broken(self.claim.workspace_id, call.tool, seconds)
        if found and call.effective is not None:
            self.held.add(call.position)
        return found

    @property
    def is_make_believe(self) -> bool:
        """Whether no tool is entered: records and simulations answer."""
        return bool(self.claim.recording_id) or self.claim.fork_mode == ForkMode.SIMULATED

    def limit(self, drive: Drive, segment: Segment) -> str:
        """The limit that ends the run here, or an empty string."""
        if self.is_busy or self.in_flight or segment.doubts:
            return ""
        limits, claim = self.version.limits, self.claim
        if claim.clock.now() - claim.began >= limits["max_seconds"]:
            return "max_seconds"
        kinds = {effect.kind for effect, _ in drive.pending.values()}
        plays = claim.recording_id or claim.fork_mode == ForkMode.RECORDED
        if self.proposing.stand_ins.ran_out or (plays and "receive" in kinds and not self.inbox_left(segment)):
            return "recording"
        if any(row.is_first for row in segment.rows):
            self.spending.begin()
        if ended_by := self.ended_by or self._over_budget():
            return ended_by
        spent = {"max_steps": claim.seq + len(segment.rows)}
        if "model" in kinds:
            spent |= {"max_tokens": claim.tokens + segment.tokens, "max_cost": claim.cost + segment.cost}
        return next((name for name, value in spent.items() if value >= limits[name]), "")

    def _over_budget(self) -> str:
        """The budget that is used up for good: it does not ask, or people have refused more."""
        final = {limit.word for limit, _ in self.spending.used_up.values() if not limit.asks}
        refused = {_budget(ask) for ask in self.asks if ask.status in REFUSED}
        final |= {limit.word for limit in self.spending.limits if str(limit.id) in refused} if refused else set()
        return min(final, default="")

    def ask_for_more(self) -> list[ProposedCall]:
        """One request for each budget that is used up, unless one is open; where nobody may be asked, the end."""
        asked = {_budget(ask) for ask in self.asks if ask.status == "waiting"}
        used_up = {limit.id: (limit, account) for limit, account in self.spending.used_up.values()}
        wanted = [found for key, found in used_up.items() if found[0].asks and str(key) not in asked]
        return [] if self.ended_by else [self._ask(*found) for found in wanted]

    def _ask(self, limit: Limit, account: Account) -> ProposedCall:
        said = {"used": account.used, "allowed": account.allowed, "more": limit.asks_for}
        numbers = {name: _number(amount) for name, amount in said.items()}
        arguments = {"budget": str(limit.id), "limits": limit.words, "term": account.term} | numbers
        position = f"{ASK}{self.claim.epoch}.{next(self.numbers)}"
        call = self.proposing.ask(position, RAISE_BUDGET, arguments)
        if call.status != "waiting":
            self.ended_by = limit.word
        return call


def _refuse(link: dict[str, str], limit: Limit) -> NoReturn:
    message = (
        f"What {link['model']} of {link['provider']} costs is not known, so the budget of {limit.words} cannot be "
        "kept. Name a model with a known price, or limit tokens instead of money."
    )
    raise ModelFailure(message, kind="unknown_price", retryable=False)


def _budget(ask: Call) -> str:
    return str(loads(ask.args)["budget"])


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)
