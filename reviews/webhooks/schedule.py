"""When to try again, and when to give up: judged from one answer, without database or clock."""

import random
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

MINUTE, HOUR = 60, 3600
PAUSES = [
    5,
    30,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    24 * HOUR,
]  # the first try is at 0 s
JITTER = 0.2
MAX_RETRY_AFTER = 24 * HOUR
SLOW_DOWN = {429, 503}
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: a status, or the name of what went wrong before there was one."""

    status: int | None = None
    error: str = ""
    elapsed: float = 0.0
    body: bytes = b""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """One word for what went wrong; nothing if all is well."""
        if self.status is None or self.is_success:
            return self.error
        if self.status == GONE:
            return "gone"
        return {3: "redirect", 4: "refused", 5: "receiver_error"}.get(self.status // 100, "protocol")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a delivery."""

    status: Literal["delivered", "failed", "dead"]
    pause_seconds: float = 0.0

    @property
    def is_open(self) -> bool:
        """There will be another attempt."""
        return self.status == "failed"


def outcome(answer: Answer, retries: int, now: datetime) -> Outcome:
    """What becomes of a delivery that got this answer after so many retries."""
    if answer.is_success:
        return Outcome("delivered")
    if answer.status == GONE or retries >= len(PAUSES):
        return Outcome("dead")
    pause = PAUSES[retries] * random.uniform(1 - JITTER, 1 + JITTER)
    return Outcome("failed", max(pause, _asked_pause(answer, now)))


def _asked_pause(answer: Answer, now: datetime) -> float:
    """The receiver's own wish, in seconds or as a date, where it may have one; a day at most."""
    if answer.status not in SLOW_DOWN:
        return 0.0
    wish = answer.retry_after.strip()
    if wish.isascii() and wish.isdigit():
        return float(min(int(wish[:9]), MAX_RETRY_AFTER))
    try:
        seconds = (parsedate_to_datetime(wish) - now).total_seconds()
    except (ValueError, TypeError):  # no date at all, or one without a zone
        return 0.0
    return min(max(seconds, 0.0), float(MAX_RETRY_AFTER))
