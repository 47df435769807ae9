"""The command palette, the rail, and a person's own keys."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.keys import KEYS
from tests.factories import House, make_agent, make_approval, make_run
from tests.people import make_member


def found(client: Client, text: str) -> str:
    return client.get("/palette", {"text": text}).content.decode()


def test_the_palette_finds_pages_agents_requests_and_runs(house: House, browse: Callable[[str], Client]) -> None:
    approval = make_approval(house)
    run = make_run(house.agent, house.olga, title="Broken <b>mug</b>")
    make_agent(house.workspace, "refunds")
    olga = browse("olga")

    assert f"/review/{approval.pk}" in found(olga, "") and 'href="/agents"' in found(olga, "")
    assert 'href="/agents/refunds"' in found(olga, "REFUN") and 'href="/runs"' not in found(olga, "refun")
    assert f'href="/runs/{run.pk}"' in found(olga, "mug broken") and "Broken &lt;b&gt;mug" in found(olga, "mug")
    assert f'href="/runs/{run.pk}"' in found(olga, str(run.pk)) and "mug" in found(olga, str(run.pk)[:30])
    assert f'href="/runs/{run.pk}"' in found(olga, f"mug {run.pk.hex[-6:].upper()}")
    assert f'href="/review/{approval.pk}"' in found(olga, approval.pk.hex[:31].upper())
    assert "Nothing fits “&lt;i&gt; ⟨U+202E⟩”" in found(olga, "<i> \u202e")
    assert "Nothing fits" in found(olga, "\x00" + "x" * 500)


def test_the_palette_says_nothing_of_others_and_asks_a_bounded_number_of_queries(
    house: House, browse: Callable[[str], Client]
) -> None:
    runs = [make_run(house.agent, house.olga, title="Broken mug") for _ in range(12)]
    approval, sam, olga = make_approval(house), browse("sam"), browse("olga")

    assert "Nothing fits" in found(sam, "mug") and "/runs/" not in found(sam, str(runs[0].pk))
    assert str(approval.pk) not in found(sam, "") and "Nothing fits" in found(sam, "desk")
    with CaptureQueriesContext(connection) as queries:
        assert found(olga, "mug").count("/runs/") == 6
    assert len(queries) <= 10


def test_what_stops_the_most_comes_last_and_what_fits_besides_is_counted(
    house: House, browse: Callable[[str], Client]
) -> None:
    for n in range(8):
        make_agent(house.workspace, f"desk-{n}")
    stops = browse("olga").get("/palette", {"text": "stop desk"}).context["groups"]["Stop switch"]

    assert [one.words for one in stops][-2:] == ["3 more: go on typing", "Stop agent desk-7"]
    assert len(stops) == 7 and not any(one.is_grave for one in stops)


def test_own_keys_are_kept_only_where_each_means_one_thing(house: House, browse: Callable[[str], Client]) -> None:
    olga, usual = browse("olga"), {f"key:{key}": key for key in KEYS}
    assert b"data-keymap" not in olga.get("/runs").content

    refused = olga.post("/profile/keys", usual | {"key:a": "r", "key:e": "enter", "bare_keys": "on"})
    assert refused.status_code == 422 and "r already means: Approve." in refused.content.decode()
    assert "One letter, digit or sign" in refused.content.decode() and 'value="enter"' in refused.content.decode()
    house.olga.refresh_from_db()
    assert house.olga.keymap == {}

    assert olga.post("/profile/keys", usual | {"key:a": "U", "bare_keys": "on"}).status_code == 302
    assert 'data-keymap="{&quot;a&quot;: &quot;u&quot;}"' in olga.get("/runs").content.decode()
    assert b"data-bare-keys" not in olga.get("/runs").content
    assert olga.post("/profile/keys", {}).status_code == 302  # nothing ticked, nothing renamed
    assert b'data-bare-keys="off"' in olga.get("/runs").content
    assert b"data-bare-keys" not in browse("ana").get("/runs").content


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "engineer", "admin"])
def test_every_entry_of_the_rail_opens_for_whom_it_is_shown(house: House, role: str) -> None:
    client = Client()
    client.force_login(make_member(house.workspace, "pat", role))
    page = client.get("/profile")

    for _, entries in page.context["shell"].entries:
        for entry in entries:
            assert client.get(f"/{entry.name}").status_code == 200
