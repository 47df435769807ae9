"""The cap on request bodies, below Django."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from config.limits import MAX_BODY_BYTES, BodyLimit

MiB = 1024 * 1024


async def reads_all(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An application that reads the body and says 200."""
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def answer(chunks: int, announced: str = "") -> tuple[int, bytes, int]:
    """Status, body and how many chunks of 1 MiB were taken."""
    sent: list[Mapping[str, Any]] = []
    taken = 0

    async def receive() -> Mapping[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": bytes(MiB), "more_body": taken < chunks}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-length", announced.encode())] if announced else []
    async_to_sync(BodyLimit(reads_all))({"type": "http", "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"], taken


def test_a_body_up_to_the_cap_is_read() -> None:
    assert answer(chunks=MAX_BODY_BYTES // MiB)[0] == 200


def test_an_announced_body_beyond_the_cap_is_refused_unread() -> None:
    status, body, taken = answer(chunks=50, announced=str(50 * MiB))

    assert (status, taken) == (413, 0)
    assert json.loads(body)["status"] == 413


def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large() -> None:
    status, _, taken = answer(chunks=50)

    assert (status, taken) == (413, MAX_BODY_BYTES // MiB + 1)


@pytest.mark.parametrize("announced", ["-1", "x", "1e9", "²"])
def test_a_length_that_is_no_number_does_not_count(announced: str) -> None:
    assert answer(chunks=1, announced=announced)[0] == 200
