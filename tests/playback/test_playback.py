"""All recorded conversations are played through worker, gate and people: nothing is lost, nothing doubled."""

import gzip
import itertools
import json
import os
import random
import signal
import threading
import time
from collections import Counter

import httpx2
import pytest
from django.core.management import call_command
from django.db import close_old_connections

from agents.gateway.openai_messages import to_openai
from agents.models import Run, ToolCall
from agents.reading import messages_at
from agents.runtime.journal_check import verify
from reviews.models import ApprovalRequest, Decision
from tests.agents.importing.test_import_runs import DATA, needs_data, without_ids
from tests.factories import make_policy
from tests.people import make_member, make_token, make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), needs_data, pytest.mark.timeout(900)]
KILLS = os.environ.get("PLAYBACK_KILLS") == "1"
SECONDS = 600
FILE, TOOLS = DATA / "tau_airline_gpt4o.jsonl.gz", DATA / "airline_tools.json"
UNSAFE_ASKS = {
    "name": "unsafe asks",
    "condition": 'tool.effect == "unsafe"',
    "effect": "ask",
    "channels": ["api"],
    "seats": [{"count": 1, "group": None}],
}


class Approver:
    """Ana, who decides over the API with her personal token: approves every call, and knows what was recorded."""

    def __init__(self, url: str, token: str, results):
        self.http = httpx2.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self.results, self.decided, self.stopping = results, Counter(), threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stopping.set()
        self.thread.join()
        self.http.close()

    def work(self):
        while not self.stopping.is_set():
            waiting = self.http.get("/approvals", params={"status": "pending", "limit": 50}).json()["items"]
            for approval in waiting:
                self.decide(approval)
            if not waiting:
                self.stopping.wait(0.05)

    def decide(self, approval):
        doubt = approval["subject_kind"] == "in_doubt"
        said = (
            {"kind": "happened", "reason": "recorded", "result": self.results(approval)}
            if doubt
            else {"kind": "approve"}
        )
        answer = self.http.post(f"/approvals/{approval['id']}/decisions", json=said | {"digest": approval["digest"]})
        assert answer.status_code == 200, answer.text
        self.decided[said["kind"]] += 1


def test_all_conversations_play_to_their_end_under_a_policy_that_asks(product):
    workspace = make_workspace("Acme")
    make_member(workspace, "olga", "operator")
    ana = make_member(workspace, "ana", "approver")
    make_policy(workspace, UNSAFE_ASKS)
    token = make_token(ana, "approvals:read", "approvals:decide")
    for _ in range(2):
        call_command("import_runs", FILE, tools=TOOLS, person="olga", play=True)
    product.start("web")
    product.wait_until(lambda: answers(product.url))
    product.start("worker")
    product.start("sweep")
    began = time.monotonic()
    with Approver(product.url, token, recorded_result) as approver, killing(product):
        product.wait_until(lambda: not Run.objects.active().exists(), SECONDS)
    print(f"\n100 conversations in {time.monotonic() - began:.1f} s; {dict(approver.decided)}")
    check(approver.decided)


def check(decided):
    with gzip.open(FILE) as lines:
        recorded = [json.loads(line) for line in lines]
    by_task = {(r["task_id"], r["trial"]): r["traj"][1:] for r in recorded}
    assert Run.objects.count() == 100
    for run in Run.objects.all():
        assert (run.status, run.ended_by) == ("succeeded", "recording"), (run.pk, run.error)
        talk = by_task[run.labels["task_id"], run.labels["trial"]]
        assert without_ids(to_openai(messages_at(run))) == without_ids(talk)
        assert verify(run) == run.seq
    assert ToolCall.objects.count() == 572 and set(ToolCall.objects.values_list("status", flat=True)) == {"succeeded"}
    asked = ApprovalRequest.objects.filter(subject_kind="tool_call")
    assert asked.count() == Decision.objects.filter(kind="approve").count() == decided["approve"] == 121
    doubts = ApprovalRequest.objects.filter(subject_kind="in_doubt")
    assert doubts.count() == decided["happened"]
    assert KILLS or not doubts.exists()


def recorded_result(approval):
    """What the recording says that this call came to; ours is the n-th call of its conversation."""
    close_old_connections()
    call = ToolCall.objects.select_related("run__recording").get(pk=approval["tool_call"])
    turn, place = call.position.split(".")
    earlier = [other for other in call.run.tool_calls.all() if int(other.position.split(".")[0]) < int(turn)]
    return json.loads(call.run.recording.results)[len(earlier) + int(place)]


def answers(url):
    try:
        return httpx2.get(f"{url}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


class killing:
    """Kill the worker every few seconds and start the next one, when this long form is asked for."""

    def __init__(self, product):
        self.product, self.stopping = product, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        if KILLS:
            self.thread.start()

    def __exit__(self, *exception):
        self.stopping.set()
        if KILLS:
            self.thread.join()

    def work(self):
        for number in itertools.count(2):
            if self.stopping.wait(random.uniform(3, 6)):
                return
            name = "worker" if number == 2 else f"worker-{number - 1}"
            self.product.signal(name, signal.SIGKILL)
            self.product.start("worker", name=f"worker-{number}")
            print(f"killed {name}", flush=True)
