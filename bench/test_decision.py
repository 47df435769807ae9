"""B5: from a decision being effective to the tool's code running in another process, at growing histories."""

import pytest

import bench.story  # noqa: F401
from agents.models import Agent, Run
from agents.starting import start_run
from reviews.models import ApprovalRequest
from tests.factories import make_policy
from tests.people import acting, make_member, make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
SAMPLES = {10: 40, 200: 15, 500: 8}


@pytest.mark.parametrize("rounds", [10, 200, 500])
def test_b5_decision_to_tool(product, show, tmp_path, rounds):
    stamps = tmp_path / "stamps"
    workspace = make_workspace()
    olga, ana = make_member(workspace, "olga", "operator"), make_member(workspace, "ana", "approver")
    make_policy(workspace, {"name": "writes ask", "condition": 'tool.effect == "unsafe"', "effect": "ask"})
    agent = Agent.objects.create(workspace=workspace, name="bench")
    agent.add_version(
        chain=[{"provider": "instant", "model": f"{rounds}:bench_stamp"}],
        tools=["bench_look", "bench_stamp"],
        max_steps=10**6,
        max_tokens=10**9,
    )
    known = {"TOOL_MODULES": "bench.story", "BENCH_STAMPS": str(stamps)}
    product.start("worker", **known)
    product.start("sweep", **known)
    taken = []
    for number in range(SAMPLES[rounds]):
        start_run(acting(olga), "bench", "go")
        approval = product.wait_until(lambda: ApprovalRequest.objects.pending().first(), 60)
        approval.decide("approve", by=acting(ana), digest=bytes(approval.digest))
        product.wait_until(lambda n=number: stamps.exists() and len(stamps.read_text().splitlines()) > n)
        approval.refresh_from_db()
        taken.append(float(stamps.read_text().splitlines()[-1]) - approval.effective_at.timestamp())
        product.wait_until(lambda: not Run.objects.active().exists())
    show("B5_decision_to_tool", "ms", [1000 * seconds for seconds in taken], history_rounds=rounds)
