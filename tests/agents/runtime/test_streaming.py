"""What a model says is told while it says it, merged, and never stored."""

import itertools
import json

import pytest
import redis
from django.conf import settings

from agents.runtime.advance import advance
from agents.runtime.streaming import MERGE_SECONDS, Streaming
from agents.tools import credentials, growing
from agents.tools.legible import legible
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
    told({"type": "thinking", "text": "Hm\ud800 "})

    assert [(one["attempt"], one["offset"], one["text"]) for one in sent] == [
        (1, 0, "I "),
        (1, 2, "look "),
        (1, 7, "first.\n\n→ find\n"),
        (2, 0, "Hm⟨U+D800⟩ "),
    ]
    assert sent[0] | {"text": ""} == {"w": 7, "run": "r", "position": "3", "attempt": 1, "offset": 0, "text": ""}


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE qq\n-----END RSA PRIVATE KEY-----"
TOKEN = "ghp_" + "a1B2c3D4" * 5
LONG = "correct horse battery"


@pytest.mark.parametrize("width", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    "text",
    [
        f"Use {TOKEN}, or password: hunter22 instead, please",
        f"秘密は{TOKEN}です。次の文も表示されます",
        f"Authorization: Bearer {TOKEN[4:]} is set, and {KEY} was found there",
        f"postgres://shop:{TOKEN[4:]}@db/x and {LONG}, all right",
        f"It {LONG[:15]}s, 😀 a smile, and {LONG}y 😀 ",
        "What \u202eis\u202c turned\taround\nis told ",
    ],
)
def test_what_is_hidden_on_pages_is_hidden_while_it_is_said(text, width, monkeypatch):
    monkeypatch.setattr(credentials, "known", lambda: [LONG])
    monkeypatch.setattr(growing, "known", lambda: [LONG])
    sent, clock = [], itertools.count()
    told = Streaming(7, "r", "3", publish=lambda one: sent.append(json.loads(one)), clock=lambda: next(clock))
    for at in range(0, len(text), width):
        told({"type": "text", "text": text[at : at + width]})
    whole = legible(text, "\n\t")
    said = "".join(one["text"] for one in sent)
    assert whole.startswith(said) and len(whole) - len(said) <= max(map(len, whole.split()))
    places = itertools.accumulate((len(one["text"].encode("utf-16-le")) // 2 for one in sent), initial=0)
    assert [one["offset"] for one in sent] == list(places)[:-1]


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
