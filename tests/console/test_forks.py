"""Forking on the page of a run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from agents.models import Run, ToolCall
from agents.runtime import flow
from agents.runtime.advance import advance
from reviews.models import ApprovalRequest
from tests.console import shop
from tests.factories import House, make_run
from workspaces.models import Membership


def test_an_engineer_forks_a_run_on_its_page(waiting: Run, house: House, browse: Callable[[str], Client]) -> None:
    root, olga = browse("root"), browse("olga")
    page = root.get(f"/runs/{waiting.pk}?step=4").content.decode()
    assert "?step=4&amp;view=waterfall&amp;part=fork" in page and "Replay" in page and "fork-form" not in page
    for asked in ("", "&part=fork"):
        assert "part=fork#" not in (theirs := olga.get(f"/runs/{waiting.pk}?step=4&view=tree{asked}").content.decode())
        assert "fork-form" not in theirs
    assert olga.get(f"/runs/{waiting.pk}/forks?step=4").status_code == 403

    panel = root.get(f"/runs/{waiting.pk}?step=4&part=fork").content.decode()
    assert "Do step 4 again" in panel and "row-step4-spark" in panel and "<details open" not in panel
    form = root.get(f"/runs/{waiting.pk}/forks?step=4").content.decode()
    assert "Do step 4 again" in form and "&lt;b&gt;Broken" in form and shop.WORDS not in form

    typed = {"step": "4", "again": "on", "mode": "live", "model": "nonsense", "say": "Be <b>kind</b>", "version": "77"}
    wrong = root.post(f"/runs/{waiting.pk}/forks", typed)
    assert wrong.status_code == 422 and "provider/model" in wrong.content.decode()
    assert "Be &lt;b&gt;kind&lt;/b&gt;" in wrong.content.decode()
    refused = root.post(f"/runs/{waiting.pk}/forks", {**typed, "model": ""})
    assert refused.status_code == 422 and "no version 77" in refused.content.decode()
    inside = root.post(f"/runs/{waiting.pk}/forks", typed, headers={"hx-request": "true"})
    assert (inside.status_code, inside.headers["HX-Retarget"]) == (422, "#fork-form")
    assert inside.content.startswith(b'<form class="col" id="fork-form"') and b"<details open" in inside.content
    both = {"step": "3", "again": "on", "mode": "live", "arguments": '{"order": "A-2"}'}
    assert "not both" in root.post(f"/runs/{waiting.pk}/forks", both).content.decode()
    for text in ("{", "[]"):
        assert (
            root.post(f"/runs/{waiting.pk}/forks", {"step": "3", "mode": "live", "arguments": text}).status_code == 422
        )
    assert not Run.objects.filter(forked_from=waiting).exists()

    made = root.post(f"/runs/{waiting.pk}/forks", {**typed, "model": "", "version": "", **as_it_was(root, waiting)})
    fork = Run.objects.get(forked_from=waiting)
    assert made.headers["Location"] == f"/runs/{fork.pk}" and fork.forked_seq == 3
    advance(fork.pk)
    assert ToolCall.objects.get(run=fork).status == "waiting" and ToolCall.objects.get(run=waiting, seq=None)
    shown = root.get(f"/runs/{fork.pk}").content.decode()
    assert ">ok, before the fork</text>" in shown  # its read is the other run's
    assert f'href="/runs/{waiting.pk}?step=4"' in shown and "on its own from step 4" in shown and "shop_order" in shown
    assert ">before the fork</text>" in shown and "Effects since the fork" in shown
    listed = root.get(f"/runs/{waiting.pk}").content.decode()
    assert "Forks of this run" in listed and "</b> from step 4" in listed
    assert "proposes: " in listed and ">same</span>" in listed
    token = "ghp_" + "a1" * 18
    changed = {"step": "3", "mode": "simulated", "arguments": '{"order": "A-2"}', "say": f"Sign with {token}"}
    sent = root.post(f"/runs/{waiting.pk}/forks", changed, headers={"hx-request": "true"})
    other = Run.objects.get(forked_from=waiting, forked_seq=2)
    assert sent.headers["HX-Redirect"] == f"/runs/{other.pk}" and "A-2" in other.lineage
    assert "no outcome yet" in root.get(f"/runs/{waiting.pk}").content.decode()
    advance(other.pk)
    done = root.get(f"/runs/{other.pk}").content.decode()
    assert "Succeeded, simulated" in done and "this run does nothing." in done and ">from the record" not in done
    assert "<b>0</b>reads done" in done and "<b>0</b>writes done" in done and ">ok, before the fork<" not in done
    form = root.get(f"/runs/{other.pk}/forks?step=4").content.decode()
    assert token not in form
    assert "⟨GitHub token, 40 characters, hidden⟩" in form
    partly = {"step": "4", "mode": "live", "said": "Use ⟨GitHub token, 40 characters, hidden⟩ now"}
    refused = root.post(f"/runs/{other.pk}/forks", partly)
    assert refused.status_code == 422 and "holds a hidden credential" in refused.content.decode()

    for name in ("olga", "root"):
        answer = browse(name).post(f"/runs/{fork.pk}/verification").content.decode()
        assert "Same" in answer and "All 5 steps" in answer
    sam = browse("sam")
    Membership.objects.get(person=house.sam).change(roles=["engineer"], groups=[], by=None)
    for address in (f"/runs/{waiting.pk}/forks", f"/runs/{waiting.pk}/verification"):
        unknown = address.replace(str(waiting.pk), "01a1fe00-0000-7000-8000-000000000000")
        assert (sam.post(address).status_code, sam.post(address).content[:300]) == (
            404,
            sam.post(unknown).content[:300],
        )


def test_a_fork_whose_writes_all_came_from_the_record_says_so_and_counts_its_own_time(
    waiting: Run, house: House, browse: Callable[[str], Client]
) -> None:
    approval = ApprovalRequest.objects.get(run=waiting)
    approval.decide("approve", by=house.by("ben"), digest=bytes(approval.digest))
    advance(waiting.pk)
    Run.objects.filter(pk=waiting.pk).update(created_at=now() - timedelta(hours=1))
    root = browse("root")
    root.post(f"/runs/{waiting.pk}/forks", {"step": "4", "again": "on", "mode": "live"})
    fork = Run.objects.get(forked_from=waiting)
    advance(fork.pk)

    page = root.get(f"/runs/{fork.pk}")
    text = page.content.decode()
    assert "Succeeded, writes from the record" in text and "<b>1</b>write from the record" in text
    assert page.context["axis"].seconds == fork_seconds(fork) < 60
    assert "Waiting time</dt><dd>none<" in text
    assert ">Succeeded, writes from the record</span>" in root.get(f"/runs/{waiting.pk}").content.decode()
    assert "Succeeded</span>" in root.get(f"/runs/{waiting.pk}").content.decode()


def fork_seconds(fork: Run) -> float:
    fork.refresh_from_db()
    return fork.elapsed_seconds(now())


def as_it_was(client: Client, run: Run) -> dict[str, str]:
    """What the form shows in its fields, sent back as browsers do."""
    form = client.get(f"/runs/{run.pk}/forks?step=4").context["form"]
    return {name: form[name].value() or "" for name in ("said", "instructions", "outcome")}


async def asks_nobody(run: flow.FlowRun) -> str:
    """Code that has changed under a waiting run."""
    return (await run.model()).text


def test_a_run_that_diverged_offers_a_fork_to_the_newer_flow(
    waiting: Run, browse: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    was = flow.registry["shop_desk", 1]
    monkeypatch.setitem(flow.registry, ("shop_desk", 2), replace(was, revision=2))
    monkeypatch.setitem(flow.registry, ("shop_desk", 1), replace(was, function=asks_nobody))
    waiting.wake()
    advance(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == "diverged"
    chain = [{"provider": "scripted", "model": "shop"}]
    waiting.agent.add_version(chain=chain, tools=shop.TOOLS, flow="shop_desk", revision=2)
    page = browse("root").get(f"/runs/{waiting.pk}").content.decode()
    assert "Recorded" in page and "Asked for now" in page and "Fork to shop_desk revision 2" in page
    assert "An engineer can fork it" in browse("olga").get(f"/runs/{waiting.pk}").content.decode()
    browse("root").post(f"/runs/{waiting.pk}/forks", {"mode": "live", "version": "2"})
    fork = Run.objects.get(forked_from=waiting)
    advance(fork.pk)
    fork.refresh_from_db()
    assert (fork.revision, fork.version.number, fork.forked_seq, fork.status) == (2, 2, 4, "waiting")
    answer = browse("root").post(f"/runs/{waiting.pk}/verification").content.decode()
    assert "Differs" in answer and "Asked for now" in answer


def test_a_run_that_has_not_begun_cannot_be_forked_yet(house: House, browse: Callable[[str], Client]) -> None:
    run, root = make_run(house.agent, house.olga, status="queued"), browse("root")
    assert root.get(f"/runs/{run.pk}/forks").status_code == 200
    answer = root.post(f"/runs/{run.pk}/forks", {"mode": "live"})
    assert answer.status_code == 404 and b"no step" in answer.content
