"""What processes write: a worker's log of a run, line by line; a request's id from head to answer."""

import json
import urllib.request

from agents.models import Run, ToolCall
from config.home import ROOT
from config.settings import FORMATS
from tests.agents.conftest import agent, ledger, workspace  # noqa: F401 - fixtures
from tests.product import Product
from workspaces import hints


def test_a_workers_log_of_a_run_names_run_step_and_call_and_no_argument(product: Product, ledger, agent) -> None:  # noqa: F811
    quiet = {"GATE": "agents.runtime.gate.AllowAll", "TOOL_MODULES": "tests.ledger.story", "PYTHONPATH": str(ROOT)}
    version = agent.add_version(chain=[{"provider": "scripted", "model": "ledger"}], tools=agent.active_version.tools)
    product.start("worker", LOG_FORMAT="json", **quiet)
    run = Run.objects.create(
        workspace=agent.workspace, agent=agent, version=version, flow="react", revision=1, input='"go"'
    )
    hints.ring_now("agents.advance_run", str(run.pk))
    product.wait_until(lambda: Run.objects.filter(pk=run.pk, status="succeeded").exists())
    product.stop("worker")

    lines = [json.loads(line) for line in product.log("worker").splitlines() if line.startswith("{")]
    of_the_run = [line for line in lines if line.get("run_id") == str(run.pk)]
    for call in ToolCall.objects.exclude(effect="read"):
        [started] = [line for line in of_the_run if line.get("tool_call") == str(call.pk)]
        assert started["message"] == f"The call of {call.tool} starts."
    run.refresh_from_db()
    [ended] = [line for line in of_the_run if line["message"] == "The run is succeeded."]
    assert (ended["seq"], ended["workspace"], ended["epoch"]) == (run.seq, run.workspace_id, 1)
    assert not [told for told in ("what", "seen a", "put b", "paid c") if told in product.log("worker")]


def test_every_answer_names_its_request(product: Product) -> None:
    product.start("web", LOG_FORMAT="json")

    def asked(**headers: str) -> str:
        request = urllib.request.Request(f"{product.url}/healthz", headers=headers)
        return str(urllib.request.urlopen(request, timeout=20).headers["X-Request-ID"])

    assert asked(**{"X-Request-ID": "order-7.1"}) == "order-7.1"
    assert len(asked(**{"X-Request-ID": "two words"})) == len(asked()) == 32
    assert asked() != asked()


def test_there_are_two_formats() -> None:
    assert FORMATS == ("json", "text")
