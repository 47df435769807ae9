"""How figures read: durations, money, times, names."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import now


def duration(seconds: float) -> str:
    """212 ms, 4.86 s, 18 m 44 s, 2 h 05 m, 3 d 4 h."""
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 60:
        exact = f"{seconds:#.3g} s" if seconds % 1 else f"{seconds:.0f} s"
        return exact if seconds < 59.95 else "1 m 00 s"
    return long_duration(round(seconds))


def short(key: Any) -> str:
    """What people call something by that has only an id: its last digits, for the first are those of its time."""
    return str(key)[-6:]


def long_duration(seconds: int) -> str:
    """From a minute up."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} m {seconds % 60:02} s"
    if hours < 48:
        return f"{hours} h {minutes % 60:02} m"
    return f"{days} d {hours % 24} h"


def dollars(millionths: int) -> str:
    """$0.064, $12.50; small amounts keep two digits that matter."""
    amount = millionths / 1_000_000
    if millionths == 0 or amount >= 0.995:
        return f"${amount:,.2f}"
    return f"${amount:.{3 if amount >= 0.01 else 5}f}"


def clock(moment: datetime) -> str:
    """16:52:08 today, otherwise with its date; UTC, which the browser turns into its own time."""
    is_recent = abs(now() - moment) < timedelta(hours=20)
    return moment.strftime("%H:%M:%S" if is_recent else "%-d %b %Y, %H:%M")


def initials(name: str) -> str:
    """JH for Jonas Hartmann."""
    words = [word for word in name.replace(".", " ").split() if word]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
