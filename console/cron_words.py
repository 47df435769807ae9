"""The usual cron expressions in words; the unusual ones speak for themselves."""

import re

DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EVERY = re.compile(r"\*(?:/(\d+))?", re.ASCII)


def in_words(cron: str) -> str:
    """`*/15 * * * *` is every 15 minutes, `0 7 * * 1-5` at 7:00 from Monday to Friday; of others nothing."""
    fields = cron.split()
    if len(fields) != 5:
        return ""
    minute, hour, day, month, weekday = fields
    if month != "*" or (day != "*" and weekday != "*"):
        return ""
    is_daily = day == weekday == "*"
    if minute.isdecimal() and hour.isdecimal():
        days = on_days(day, weekday)
        return f"{days} at {int(hour)}:{minute:0>2}".strip() if days else ""
    if hour == "*" and is_daily and EVERY.fullmatch(minute):
        return every(minute, "minute")
    if minute.isdecimal() and is_daily and EVERY.fullmatch(hour):
        hours = every(hour, "hour")
        return f"{hours}, at minute {int(minute)}" if hours else ""
    return ""


def every(field: str, unit: str) -> str:
    """Every minute, every 15 minutes; a step that does not divide the unit is left to the expression."""
    step, whole = int(field[2:] or 1), {"minute": 60, "hour": 24}[unit]
    return f"every {unit}" if step == 1 else f"every {step} {unit}s" if whole % step == 0 else ""


def on_days(day: str, weekday: str) -> str:
    """Every day, Monday to Friday, on day 1 of each month."""
    if day.isdecimal():
        return f"on day {int(day)} of each month"
    if day == weekday == "*":
        return "every day"
    ends = weekday.split("-")
    if day != "*" or len(ends) > 2 or not all(end in "01234567" and len(end) == 1 for end in ends):
        return ""
    return " to ".join(DAYS[int(end)] for end in ends) if len(ends) == 2 else f"every {DAYS[int(weekday)]}"
