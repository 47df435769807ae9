from datetime import UTC, datetime

import pytest

from reviews.webhooks.schedule import JITTER, PAUSES, Answer, outcome

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_retries_come_after_5_s_30_s_2_min_10_min_30_min_2_h_5_h_10_h_and_24_h_and_then_it_is_dead():
    planned = [5, 30, 120, 600, 1800, 7200, 18000, 36000, 86400]
    for retries, seconds in enumerate(planned):
        judged = outcome(Answer(500), retries, NOON)
        assert judged.status == "failed"
        assert seconds * (1 - JITTER) <= judged.pause_seconds <= seconds * (1 + JITTER)
    assert outcome(Answer(500), len(planned), NOON).status == "dead"


def test_not_all_receivers_are_tried_again_at_the_same_moment():
    assert len({outcome(Answer(500), 0, NOON).pause_seconds for _ in range(20)}) > 10


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered(status):
    assert outcome(Answer(status), 3, NOON).status == "delivered"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(101), "protocol"),
        (Answer(301), "redirect"),
        (Answer(302), "redirect"),
        (Answer(307), "redirect"),
        (Answer(400), "refused"),
        (Answer(404), "refused"),
        (Answer(429), "refused"),
        (Answer(500), "receiver_error"),
        (Answer(599), "receiver_error"),
        (Answer(error="timeout"), "timeout"),
        (Answer(error="private_address"), "private_address"),
    ],
)
def test_everything_else_is_tried_again_and_named(answer, reason):
    assert (outcome(answer, 0, NOON).status, answer.reason) == ("failed", reason)


def test_410_is_the_end_at_once():
    assert (outcome(Answer(410), 0, NOON).status, Answer(410).reason) == ("dead", "gone")


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("3600", 3600),
        (" 3600 ", 3600),
        ("Sat, 21 Nov 2026 13:00:00 GMT", 3600),
        ("999999999999999999999999", 86400),
        ("Sat, 21 Nov 2099 13:00:00 GMT", 86400),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_lengthens_the_pause_up_to_a_day(status, wish, seconds):
    assert outcome(Answer(status, retry_after=wish), 0, NOON).pause_seconds == seconds


@pytest.mark.parametrize(
    "wish", ["0", "-5", "soon", "", "1.5", "²", "Sat, 21 Nov 2026 11:00:00 GMT", "21 Nov 2026", "x" * 9999]
)
def test_a_retry_after_that_is_past_or_unreadable_changes_nothing(wish):
    assert outcome(Answer(503, retry_after=wish), 0, NOON).pause_seconds <= PAUSES[0] * (1 + JITTER)


@pytest.mark.parametrize("status", [500, 404])
def test_retry_after_counts_only_where_a_receiver_asks_to_slow_down(status):
    assert outcome(Answer(status, retry_after="3600"), 0, NOON).pause_seconds < 10
