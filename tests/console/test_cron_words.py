"""Cron expressions in words."""

import pytest

from console.cron_words import in_words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/1 * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("30 */6 * * *", "every 6 hours, at minute 30"),
        ("0 7 * * *", "every day at 7:00"),
        ("5 7 * * 1-5", "Monday to Friday at 7:05"),
        ("0 0 * * 7", "every Sunday at 0:00"),
        ("0 0 1 * *", "on day 1 of each month at 0:00"),
    ],
)
def test_usual_expressions_have_words(cron: str, words: str) -> None:
    assert in_words(cron) == words


@pytest.mark.parametrize(
    "cron",
    ["*/7 * * * *", "0 */5 * * *", "0 7 1 * 1", "0 7 * 2 *", "0,30 7 * * *", "0 7 * * mon", "0 7 * * 1,2", "0 7"],
)
def test_what_words_would_get_wrong_has_none(cron: str) -> None:
    assert in_words(cron) == ""
