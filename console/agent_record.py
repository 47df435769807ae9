"""How an agent has done of late: its last runs, what people said to its calls, what it cost, and why it failed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q

from agents.models import Agent, Run, RunStatus
from agents.models.run_status import ENDED
from console.standing import RUN_TONES
from reviews.models import ApprovalRequest

RUNS = 200
MAX_REASONS = 6
HEIGHT = 44
ASKED = {
    "approved": "approved",
    "rejected": "rejected",
    "answered": "answered instead",
    "question": "question answered",
    "expired": "expired",
}
IN_DOUBT = Q(subject_kind="in_doubt") & ~Q(status="pending")


@dataclass(frozen=True, slots=True)
class Column:
    """One run in the picture, in percent of its width."""

    x: float
    width: float
    y: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Share:
    """So many of all, in words and as a bar."""

    words: str
    count: int
    of: int

    @property
    def percent(self) -> int:
        """Rounded, for people."""
        return round(100 * self.count / self.of) if self.of else 0


class Record:
    """The last 200 runs of an agent; whatever its past, reading it costs the same."""

    def __init__(self, agent: Agent) -> None:
        named = ("pk", "status", "cost", "error__type", "ended_by", "version__number")
        self.runs = list(Run.objects.filter(agent=agent).order_by("-pk").values(*named)[:RUNS])
        self.keys = [run["pk"] for run in self.runs]

    @property
    def ended(self) -> list[dict[str, Any]]:
        """Those that have come to an end."""
        return [run for run in self.runs if run["status"] in ENDED]

    @property
    def outcomes(self) -> list[Share]:
        """How the runs ended."""
        counted = Counter(run["status"] for run in self.ended)
        return [Share(status, counted[status], len(self.ended)) for status in ENDED if counted[status]]

    @cached_property
    def asked(self) -> Counter[str]:
        """How its requests stand: the answer to a question is what was asked for; what was in doubt is left out."""
        requests = ApprovalRequest.objects.filter(run__in=self.keys).exclude(IN_DOUBT).order_by()
        counted: Counter[str] = Counter()
        for status, subject, count in requests.values_list("status", "subject_kind").annotate(Count("pk")):
            counted["question" if (status, subject) == ("answered", "question") else status] += count
        return counted

    @property
    def still_open(self) -> int:
        """Requests that nobody has decided yet."""
        return self.asked["pending"]

    @cached_property
    def answers(self) -> list[Share]:
        """What people, or the clock, said to its requests."""
        asked = ApprovalRequest.objects.filter(run__in=self.keys, status__in=ASKED).exclude(IN_DOUBT)
        total = sum(self.asked[status] for status in ASKED)
        told = [status for status in ASKED if self.asked[status] or status != "question"]
        shares = [Share(ASKED[status], self.asked[status], total) for status in told]
        decided = asked.exclude(status="expired")
        edited = Share("of the decided, edited first", decided.filter(revision__gt=1).count(), decided.count())
        return [*shares, edited] if total else []

    @property
    def reasons(self) -> list[Share]:
        """Why runs failed or were set aside, the most frequent first."""
        failed = [run for run in self.runs if reason(run)]
        counted = Counter(reason(run) for run in failed)
        return [Share(words, count, len(failed)) for words, count in counted.most_common(MAX_REASONS)]

    @property
    def spend(self) -> int:
        """What these runs cost, in millionths of a dollar."""
        return sum(run["cost"] for run in self.runs)

    @property
    def spend_each(self) -> int:
        """And each of them."""
        return self.spend // len(self.runs) if self.runs else 0

    @property
    def picture(self) -> list[Column]:
        """Cost of each run, the newest on the right, in the colour of how it ended."""
        most = max((run["cost"] for run in self.runs), default=0)
        return list(columns(self.runs[::-1], most))


def columns(runs: list[dict[str, Any]], most: int) -> Iterable[Column]:
    """A column for each run; one that cost nothing is still to be seen."""
    width = min(100 / max(len(runs), 1), 2.5)
    for n, run in enumerate(runs):
        height = max(3.0, HEIGHT * run["cost"] / most) if most else 3.0
        tone = RUN_TONES.get(run["status"], "") or "mut"
        yield Column(round(n * width, 2), round(width * 0.72, 2), round(HEIGHT - height, 1), round(height, 1), tone)


def reason(run: dict[str, Any]) -> str:
    """One word for why a run did not get to its own end; empty where it did."""
    if run["status"] == RunStatus.FAILED:
        return str(run["error__type"] or run["ended_by"] or "failed")
    return str(run["status"]) if run["status"] in ("diverged", "poisoned", "unserved") else ""
