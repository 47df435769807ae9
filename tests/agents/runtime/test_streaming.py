"""What a model says is told while it says it, merged, and never stored."""

import json

import pytest
import redis
from django.conf import settings

from agents.runtime.advance import advance
from agents.runtime.streaming import MERGE_SECONDS, Streaming
from tests.agents.conftest import STORIES, says
from workspaces import hints


def test_pieces_are_merged_and_a_new_attempt_begins_anew():
    sent, clock = [], iter([0.0, 0.0, 0.01, 0.02, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.01])
    told = Streaming(7, "r", "3", publish=lambda text: sent.append(json.loads(text)), clock=lambda: next(clock))
    assert MERGE_SECONDS == 0.05
    for text in ("I ", "look ", "first", "."):
        told({"type": "text", "text": text})
    told({"type": "tool", "name": "find", "partial_json": "{"})
    told({"type": "tool", "name": "find", "partial_json": "}"})
    told({"type": "restart"})
    told({"type": "thinking", "text": "Hm\ud800"})

    assert [(one["attempt"], one["offset"], one["text"]) for one in sent] == [
        (1, 0, "I "),
        (1, 2, "look first."),
        (1, 13, "\n\n→ find"),
        (2, 0, "Hm\ud800"),
    ]
    assert sent[0] | {"text": ""} == {"w": 7, "run": "r", "position": "3", "attempt": 1, "offset": 0, "text": ""}


@pytest.mark.django_db(transaction=True)
def test_a_worker_tells_open_pages_what_the_model_says(start):
    run = start("r", [])
    STORIES["r"] = [lambda request: says("The answer is forty-two, as everybody knows.")]
    client = redis.Redis.from_url(hints.redis_url(settings.BROKER_URL))
    with client, client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(hints.TEXT_CHANNEL)
        channel.get_message(timeout=5)
        advance(run.pk)
        pieces = iter(lambda: channel.get_message(timeout=5), None)
        piece = json.loads(next(piece["data"] for piece in pieces if piece["data"]))

    assert piece["w"] == run.workspace_id and piece["run"] == str(run.pk)
    assert (piece["position"], piece["attempt"], piece["offset"]) == ("1", 1, 0)
    assert "The answer is forty-two".startswith(piece["text"])
