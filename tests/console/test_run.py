"""The page of one run."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from agents import reading
from agents.models import Checkpoint, Run, ToolCall
from agents.runtime.advance import advance
from agents.runtime.text import dumps
from console.steps import rows
from console.tree import grown, place
from reviews.models import ApprovalRequest, PolicyRevision
from tests.console import shop
from tests.console.conftest import HTMX
from tests.factories import House, make_run
from workspaces.models import Membership

VIEWS = [
    "",
    "?view=messages",
    "?view=calls",
    "?step=2",
    "?step=2&part=messages",
    "?step=4&part=state",
    "?step=3&part=json",
    "?view=tree",
    "?view=events&part=messages",
]


def read(client: Client, run: Run, query: str = "") -> str:
    page = client.get(f"/runs/{run.pk}{query}")
    assert page.status_code == 200
    return page.content.decode()


def test_a_run_shows_what_happened_and_what_it_waits_for(waiting: Run, browse: Callable[[str], Client]) -> None:
    page = read(browse("olga"), waiting)
    approval = ApprovalRequest.objects.get()

    assert "Waiting for approval" in page and "Scripted model" in page
    assert "Asked shop_order</b>" in page and "Proposed shop_refund</b>" in page  # told by what was asked for
    assert "Written to state" in page  # what changed is the question, where a step wrote something
    assert "scripted</small>" in page and ">ok</text>" in page and "still open</text>" in page
    assert "Stop reason</dt><dd>tool use</dd>" in read(browse("olga"), waiting, "?step=2&part=step")
    assert "First words after</dt>" in read(browse("olga"), waiting, "?step=2&part=step")
    assert f'href="/review/{approval.pk}"' in page
    revision = PolicyRevision.objects.get()
    assert f'href="/policies/{revision.policy_set_id}" hx-boost="false">{revision.policy_set.name} r1</a>' in page
    assert "panels" in read(browse("olga"), waiting, "?step=1&part=step").rpartition("<h2>Task</h2>")[2]


@pytest.mark.parametrize("query", VIEWS)
def test_what_agent_user_and_tools_say_is_text(waiting: Run, browse: Callable[[str], Client], query: str) -> None:
    page = read(browse("olga"), waiting, query)

    for hostile in ("<img src=x", "<a hx-get='/runs'", "<script>Marta", "<b>Broken", "<em>", "\u202e", "\u200b"):
        assert hostile not in page


def test_what_cannot_be_seen_is_written_out(waiting: Run, browse: Callable[[str], Client]) -> None:
    olga, call = browse("olga"), ToolCall.objects.get(tool="shop_refund")

    assert "&lt;b&gt;Broken&lt;/b&gt; ⟨U+202E⟩panels" in read(olga, waiting)
    assert "⟨U+200B⟩hidden" in read(olga, waiting, "?view=messages")
    assert "&lt;em&gt;⟨U+202E⟩etoh" in read(olga, waiting, f"?call={call.pk}")


def test_the_state_is_shown_as_it_was_after_a_step(waiting: Run, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    before, after = (read(olga, waiting, f"?step={n}&part=state") for n in (2, 4))

    assert "+  &quot;phase&quot;: &quot;shop_order&quot;" in before
    assert "-  &quot;phase&quot;: &quot;shop_order&quot;" in after
    assert "+  &quot;phase&quot;: &quot;shop_refund&quot;" in after


def test_messages_are_those_up_to_the_chosen_step(waiting: Run, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")

    assert "I look first." not in read(olga, waiting, "?step=1&view=messages&part=json")
    assert "⟩hidden" not in read(olga, waiting, "?step=2&view=messages&part=json")
    assert "⟩hidden" in read(olga, waiting, "?step=4&view=messages&part=json")


def test_an_address_that_makes_no_sense_shows_the_latest_step(waiting: Run, browse: Callable[[str], Client]) -> None:
    for query in ("?step=999", "?step=0", "?step=x", "?view=x&part=y", "?call=1", "?step=1%00"):
        assert "step 4" in read(browse("olga"), waiting, query)


def test_a_tree_hangs_calls_from_the_turn_that_asked(waiting: Run, browse: Callable[[str], Client]) -> None:
    page = read(browse("olga"), waiting, "?view=tree")
    tree = re.sub(r"<[^>]*>|\s+", " ", page[page.index('id="tree"') : page.index("data-stream")])

    nodes = grown(rows(reading.timeline(waiting), waiting.tool_calls.all(), now()), [])
    assert [(node.row.name, [below.row.name for below in node.below]) for node in nodes] == [
        ("Start", []),
        ("Asked shop_order", ["shop_order"]),
        ("Proposed shop_refund", ["Waiting for approval", "shop_refund"]),
    ]
    assert re.search("Start.*shop_order.*shop_order.*Waiting for approval.*shop_refund.*after approval", tree)
    assert [place(one) for one in ("3+1", "4.1.2")] == [(3,), (4, 1, 2)]


def test_events_tell_who_did_what_and_when(waiting: Run, house: House, browse: Callable[[str], Client]) -> None:
    approval = ApprovalRequest.objects.get()
    approval.decide("reject", by=house.by("ana"), digest=bytes(approval.digest), reason="too much")
    waiting.say("Never mind")
    waiting.cancel(reason="enough")
    advance(waiting.pk)
    page = read(browse("olga"), waiting, "?view=events")
    words = re.sub(r"(<[^>]*>|\s)+", " ", page[page.index('id="happenings"') : page.index("data-stream")])

    order = "Started.*Olga.*Asked shop_order.*Proposed shop_order.*Started shop_order.*Succeeded shop_order"
    order += ".*Proposed, held for people: shop_refund.*Rejected shop_refund too much Ana.*"
    assert re.search(order + "Message never read.*End asked for enough.*Run cancelled", words), words
    listed = re.sub(r"(<[^>]*>|\s)+", " ", read(browse("olga"), waiting, "?view=calls"))
    assert re.search(r"reads done [\d:]+ .*Refund.*rejected by Ana rejected [\d:]+ ", listed), listed
    assert re.search(r'datetime="[^"]*:\d\d\.\d{3}\+00:00" data-local="exact"', page)
    ahead = Checkpoint.objects.filter(run=waiting).latest("seq")
    Checkpoint.objects.filter(pk=ahead.pk).update(finished_at=now() + timedelta(minutes=1))
    assert "Run cancelled" in read(browse("olga"), waiting, "?view=events").rsplit('<li class="ev">', 1)[1]


@pytest.fixture
def long(house: House) -> Run:
    """A run of 450 steps, of which each says something."""
    run = make_run(house.agent, house.olga, seq=450, title="Long")
    for seq in range(1, 451):
        said = dumps({"": [{"role": "user", "content": f"word {seq}."}]})
        Checkpoint.objects.create(
            run=run, seq=seq, epoch=1, position=str(seq - 1), kind="note", request=b"", started_at=now(),
            outcome=dumps({"n": seq}), messages=said, state=dumps([{"op": "add", "path": "", "value": {"n": seq}}]),
        )  # fmt: skip
    return run


def test_a_long_run_is_read_by_ranges(
    long: Run, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    olga = browse("olga")
    with django_assert_max_num_queries(24):
        page = read(olga, long)
    assert "steps 251 to 450 of 450" in page and "after=50&amp;" in page and "Later steps" not in page
    middle = read(olga, long, "?step=200&part=state")
    assert "steps 101 to 300 of 450" in middle and "Later steps" in middle
    assert "-  &quot;n&quot;: 199" in middle and "+  &quot;n&quot;: 200" in middle
    first = read(olga, long, "?after=0&step=440&part=json")  # the chosen step lies in another range
    assert "steps 1 to 200 of 450" in first and "Earlier steps" not in first and "&quot;n&quot;: 440" in first
    said = read(olga, long, "?step=400&view=messages&part=json")
    assert "340 earlier messages" in said and "word 400." in said and "word 340." not in said
    assert "160 earlier messages" in read(olga, long, "?step=400&view=messages&last=240")
    assert "word 300." in read(olga, long, "?step=300&part=messages")


def test_a_turn_of_the_model_under_way_is_work_and_no_wait(long: Run, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    begun, at_it = now() - timedelta(seconds=50), "under way"
    Run.objects.filter(pk=long.pk).update(created_at=begun)
    Checkpoint.objects.filter(run=long, seq=450).update(finished_at=begun + timedelta(seconds=10))
    assert at_it not in read(olga, long)

    alive = {"status": "running", "owner": "one", "lease_until": now() + timedelta(minutes=1)}
    Run.objects.filter(pk=long.pk).update(**alive)
    text = read(olga, long)
    assert at_it in text and re.search(r"Working time</dt><dd><span data-grows=.4\d\.\d+.>4\d\.\d s", text)
    assert re.search(r"Waiting time</dt><dd>1\d(\.\d)? s", text)
    assert at_it in read(olga, long, "?view=tree") and at_it not in read(olga, long, "?after=10")

    Run.objects.filter(pk=long.pk).update(lease_until=now() - timedelta(seconds=1))
    assert at_it not in read(olga, long), "its worker is missed"


def test_an_open_page_gets_the_part_that_changes(waiting: Run, browse: Callable[[str], Client]) -> None:
    part = browse("olga").get(f"/runs/{waiting.pk}", headers=HTMX).content.decode()

    assert "<html" not in part
    assert f"cs:run-{waiting.pk} from:body" in part


def test_an_operator_is_told_what_a_cancellation_withdraws_and_all_read_who_did_it(
    waiting: Run, browse: Callable[[str], Client]
) -> None:
    olga = browse("olga")
    assert "1 open request is withdrawn:</b> Refund 90.5" in read(olga, waiting)
    assert "1 open request is withdrawn." in olga.get(f"/runs/changes?run={waiting.pk}").content.decode()
    answer = olga.post(f"/runs/{waiting.pk}/cancellation", {"reason": "wrong"})
    waiting.refresh_from_db()

    assert answer.status_code == 302
    assert waiting.cancel_requested_at
    assert "Cancelling" in read(browse("ana"), waiting)
    advance(waiting.pk)
    waterfall, tree = (read(browse("ana"), waiting, query) for query in ("", "?view=tree"))
    said = re.sub(r"(<[^>]*>|\s)+", " ", waterfall)
    assert re.search(r"Cancelled by Olga at [\d:]+ ?: wrong ?\. 1 open request was withdrawn\.", said), said
    for page in (waterfall, tree):
        assert re.search("Waiting for approval</b>.*withdrawn</.*Cancelled by Olga</b>.*wrong</", page, re.DOTALL)


def test_an_operator_pauses_a_run_and_lets_it_go_on(waiting: Run, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    assert "Pause</button>" in read(olga, waiting)
    olga.post(f"/runs/{waiting.pk}/pause")
    paused = read(olga, waiting)

    assert "Paused" in paused and "Resume</button>" in paused and "Pause</button>" not in paused
    assert olga.post(f"/runs/{waiting.pk}/resumption").status_code == 302
    assert olga.post(f"/runs/{waiting.pk}/resumption").status_code == 409


def test_a_run_that_has_ended_is_not_cancelled(house: House, browse: Callable[[str], Client]) -> None:
    run = make_run(house.agent, house.olga, status="succeeded")
    answer = browse("olga").post(f"/runs/{run.pk}/cancellation")

    assert answer.status_code == 409
    assert b"has already succeeded" in answer.content


def test_a_chat_takes_messages_while_it_is_open(house: House, browse: Callable[[str], Client]) -> None:
    chat, olga = make_run(house.agent, house.olga, flow="chat"), browse("olga")
    answer = olga.post(f"/runs/{chat.pk}/messages", {"content": "Hello\r\nthere"})

    assert answer.status_code == 302
    assert chat.inbox.get().content == '"Hello\\nthere"'
    assert 'id="say"' in read(olga, chat)
    assert 'id="say"' not in read(olga, make_run(house.agent, house.olga, status="succeeded"))


def test_a_viewer_only_reads(house: House, browse: Callable[[str], Client]) -> None:
    chat = make_run(house.agent, house.olga, flow="chat")
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    olga = browse("olga")
    page = read(olga, chat)

    assert "Cancel run" not in page and 'id="say"' not in page
    assert olga.post(f"/runs/{chat.pk}/messages", {"content": "x"}).status_code == 403
    assert olga.post(f"/runs/{chat.pk}/cancellation").status_code == 403


def test_a_run_that_has_not_begun_has_a_page(house: House, browse: Callable[[str], Client]) -> None:
    page = read(browse("olga"), make_run(house.agent, house.olga, status="queued"))

    assert "Queued" in page and "No step is committed yet." in page


@pytest.mark.parametrize("query", VIEWS)
def test_a_page_costs_few_queries(
    waiting: Run, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries, query: str
) -> None:
    olga = browse("olga")
    with django_assert_max_num_queries(25):  # of a step that wrote to the state
        olga.get(f"/runs/{waiting.pk}{query}")


def test_words_of_the_agent_stand_beside_its_proposal(waiting: Run, browse: Callable[[str], Client]) -> None:
    assert shop.WORDS.split(">")[0].replace("<", "&lt;") in read(browse("olga"), waiting, "?step=4&part=step")
