"""Large values: stored once, read as before, and never anything else than what was kept."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from agents import blobs
from agents.api.runs import shown
from agents.blobs.s3 import Bucket, signed
from agents.exceptions import ValueMissing
from agents.models import Blob, BlobUse, Checkpoint, Run, ToolCall
from agents.reading import messages_at, timeline
from agents.runtime.advance import advance
from agents.runtime.flow import flow
from agents.runtime.journal_check import verify
from agents.runtime.propose import call_digest
from agents.runtime.text import dumps, loads
from agents.starting import start_run
from tests.agents.blobs.bucket import ObjectStore
from tests.agents.conftest import STORIES, asks, says
from tests.people import acting, make_member

pytestmark = pytest.mark.django_db(transaction=True)
BIG = 200_000
FETCH, ASK = ("ledger_fetch", {"size": BIG}), ("question", {"text": "Go on?"})
SECRET = "a secret for tests"


def answered(run):
    ToolCall.objects.filter(run=run, tool="question").update(status="answered", outcome='{"value":"yes"}')
    run.wake()
    advance(run.pk)
    run.refresh_from_db()
    return run


def sees(seen):
    def turn(request):
        seen.append([block["content"] for block in request.messages[2]["content"]])
        return asks(ASK) if request.turns_so_far == 1 else says("done")

    return turn


@pytest.fixture
def store(settings):
    with ObjectStore(SECRET) as store:
        settings.BLOB_STORE = f"s3://values/here?endpoint={store.url}&region=eu-1"
        settings.BLOB_STORE_KEY_ID, settings.BLOB_STORE_SECRET = "tests", SECRET
        yield store


def test_a_large_result_is_stored_once_and_everybody_sees_it_as_before(play):
    seen = []
    turns = [asks(FETCH, FETCH), sees(seen), sees(seen)]
    run = answered(play("big", turns))  # the second claim drives the flow again, from the references
    other = play("again", [asks(FETCH), says("done")])

    assert run.status == other.status == "succeeded"
    whole = "x" * BIG
    assert seen == [[whole, whole]] * 2
    assert [block["content"] for block in messages_at(run)[2]["content"]] == [whole, whole]
    steps = [step for step in timeline(run) if step.kind == "tool"]
    assert steps[0].outcome["value"] == whole
    assert all(len(step.stored) < 120 for step in steps[:2])
    assert verify(run) == run.seq
    ids = {loads(blobs.read(step.stored))["id"] for step in steps[:2]}
    assert (len(ids), Blob.objects.count()) == (2, 2)  # an outcome names its call, the second run's first is the same
    assert BlobUse.objects.count() == 3


def test_a_flow_that_only_passes_results_on_never_loads_them(play):
    run = play("big", [asks(FETCH, ASK), says("done")])
    Blob.objects.update(content=b"nobody looks at this")
    run.wake()
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "waiting"


def test_large_messages_and_state_of_a_flow_are_kept_too(play):
    @flow("says_much", says_input=False)
    async def says_much(run):
        run.messages.say("m" * BIG)
        reply = await run.model()
        return len(run.input) + len(reply.text)

    run = play("much", [], flow="says_much")
    assert run.status == "failed"  # the model has no story of that name
    STORIES["m" * BIG] = [says("ok")]
    run = play("much", [], flow="says_much")
    assert (run.status, run.result) == ("succeeded", "6")
    start = Checkpoint.objects.get(run=run, seq=1)
    assert blobs.is_reference(start.messages) and blobs.size(start.messages) > BIG
    assert messages_at(run)[0]["content"] == "m" * BIG
    assert verify(run) == run.seq


@flow("relays", says_input=False)
async def relays(run):
    message = await run.receive()
    return await run.child("echoes", message["content"] + run.input)


@flow("echoes", says_input=False)
async def echoes(run):
    return run.input


def test_large_inputs_messages_and_results_are_kept_too(agent, settings):
    agent.add_version(chain=agent.active_version.chain, flow="relays")
    run = start_run(acting(make_member(agent.workspace, "olga", "operator")), "clerk", "i" * BIG)
    run.say("m" * BIG)
    advance(run.pk)
    advance(run.children.get().pk)
    advance(run.pk)
    run.refresh_from_db()
    child, whole = run.children.get(), "m" * BIG + "i" * BIG
    assert (run.status, child.status) == ("succeeded", "succeeded")
    assert (loads(blobs.read(run.input)), loads(blobs.read(run.result))) == ("i" * BIG, whole)
    kept = [run.input, run.result, child.input, child.result, run.inbox.get().content]
    assert all(blobs.is_reference(one) for one in kept) and len({child.input, child.result, run.result}) == 1
    assert (shown(run)["input"], shown(run)["result"], verify(run)) == ("i" * BIG, whole, run.seq)
    settings.MAX_RESULT_BYTES = BIG
    failed = Run.objects.create(input=run.input, flow="echoes", revision=1, **owners(run))
    advance(failed.pk)
    failed.refresh_from_db()
    assert failed.error["message"] == "The flow returned more than 200,000 bytes."


def owners(run):
    return {"workspace": run.workspace, "agent": run.agent, "version": run.version}


def test_large_arguments_are_what_was_proposed_and_what_runs(play):
    run = play("args", [asks(("ledger_look", {"what": "y" * BIG}), ASK), sees([])])
    call = ToolCall.objects.get(tool="ledger_look")
    assert call.arguments == {"what": "y" * BIG}
    assert call.digest == call_digest("ledger_look", call.args)
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(args) FROM agents_toolcall WHERE tool = 'ledger_look'")
        assert cursor.fetchone()[0] < 120
    assert messages_at(run)[1]["content"][0]["input"] == {"what": "y" * BIG}
    assert timeline(run)[2].outcome["value"] == f"seen {'y' * BIG}"
    assert answered(run).status == "waiting"


def test_a_large_history_of_a_thread_is_kept_too(start):
    STORIES["h" * BIG] = [says("ok")]
    run = start("next", [])
    reference = blobs.keep(dumps([{"role": "user", "content": "h" * BIG}]), run.workspace_id, run.pk)
    Run.objects.filter(pk=run.pk).update(history=reference)
    advance(run.pk)
    run.refresh_from_db()
    assert (run.status, [message["role"] for message in messages_at(run)]) == (
        "succeeded",
        ["user", "user", "assistant"],
    )
    assert messages_at(run)[0]["content"] == "h" * BIG
    assert verify(run) == run.seq


@pytest.mark.parametrize("harm", [{"content": b"{}"}, None])
def test_a_value_that_is_gone_or_changed_ends_the_run_with_a_clear_error(play, harm):
    run = play("big", [asks(FETCH), asks(ASK), says("done")])
    Blob.objects.update(**harm) if harm else Blob.objects.all().delete()
    run = answered(run)
    assert (run.status, run.error["type"]) == ("failed", "value_missing")
    assert "@sha256:" in run.error["message"]
    with pytest.raises(ValueMissing):
        messages_at(run)


def test_a_result_beyond_the_cap_is_an_error_that_the_model_sees(play, settings):
    settings.MAX_RESULT_BYTES = 1000
    run = play("big", [asks(FETCH), says("sorry")])
    [result] = messages_at(run)[2]["content"]
    assert result["is_error"] and "more than 1,000 bytes" in result["content"]
    assert not Blob.objects.exists()


def test_short_values_stay_where_they_are(workspace):
    assert blobs.keep("é" * 30_000, workspace.pk, None) == "é" * 30_000
    assert blobs.read('"@sha256"') == '"@sha256"'


def test_what_no_run_refers_to_goes_after_a_day(play, start, agent):
    run = play("big", [asks(FETCH), says("done")])
    other = start("other", [])
    reference = blobs.keep("y" * BIG, agent.workspace_id, other.pk)
    BlobUse.objects.filter(run=other).delete()
    assert blobs.sweep_unused() == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agents_blob SET kept_at = now() - interval '25 hours'")
    assert blobs.sweep_unused() == 1
    with pytest.raises(ValueMissing):
        blobs.read(reference)
    assert timeline(run)[2].outcome["value"] == "x" * BIG
    ToolCall.objects.all().delete()
    Checkpoint.objects.all().delete()
    Run.objects.all().delete()
    assert blobs.sweep_unused() == 1


# --- an object store ---


def test_an_object_store_takes_signed_requests_and_has_the_bytes(play, store):
    run = play("big", [asks(FETCH), says("done")])
    blob = Blob.objects.get()
    assert (blob.content, blob.address) == (None, f"s3://values/here?endpoint={store.url}&region=eu-1")
    [(path, content)] = store.objects.items()
    assert path == f"/values/here/{run.workspace_id}/{blob}" and len(content) == blob.size
    assert timeline(run)[2].outcome["value"] == "x" * BIG

    BlobUse.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agents_blob SET kept_at = now() - interval '25 hours'")
    assert blobs.sweep_unused() == 1
    assert not store.objects


def test_what_the_store_does_not_take_goes_into_the_database(play, store, settings):
    settings.BLOB_STORE_SECRET = "wrong"
    run = play("big", [asks(FETCH), says("done")])
    assert run.status == "succeeded" and not store.objects
    assert (Blob.objects.get().address, len(Blob.objects.get().content) > BIG) == ("", True)


def test_a_run_waits_for_a_store_that_does_not_answer_and_then_goes_on(play, store):
    run = play("big", [asks(FETCH), asks(ASK), says("done")])
    store.status = 503
    run = answered(run)
    assert run.status == "waiting" and run.due
    store.status = 0
    Run.objects.filter(pk=run.pk).update(due="2020-01-01T00:00:00Z")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_an_object_that_is_gone_is_missing(play, store):
    run = play("big", [asks(FETCH), says("done")])
    store.objects.clear()
    with pytest.raises(ValueMissing, match="object store has no"):
        messages_at(run)


@pytest.mark.parametrize("address", ["s3://", "https://bucket", "s3://bucket?endpoint=ftp://x"])
def test_an_address_that_names_no_bucket_is_refused(address):
    with pytest.raises(ImproperlyConfigured, match="BLOB_STORE is s3://"):
        Bucket.at(address)


def test_a_signature_is_the_one_of_the_specification(settings):
    """The example "Get Bucket Lifecycle" of the S3 API reference, with its made-up key."""
    settings.BLOB_STORE_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
    settings.BLOB_STORE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed("GET", "https://examplebucket.s3.amazonaws.com", "/?lifecycle=", b"", "us-east-1", moment)
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
