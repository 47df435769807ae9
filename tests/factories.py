"""Rows for stories: plain functions with keyword defaults. People come from tests/people.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from agents.models import Agent, Run, Tool, ToolCall
from agents.runtime.gate import Proposal, gate
from agents.runtime.propose import FOR_PEOPLE, STATUS, call_digest
from agents.runtime.text import dumps
from agents.runtime.version import catalogue
from agents.tools.question import QUESTION
from agents.tools.spec import ToolSpec
from agents.tools.title import title
from reviews.models import ApprovalRequest, PolicySet
from tests.people import acting, make_token, make_workspace, settle
from workspaces.models import Group, Person, Switch, Workspace
from workspaces.principal import Principal

REFUND = {
    "type": "object",
    "properties": {"amount": {"type": "number", "minimum": 0.01}, "order": {"type": "string"}},
    "required": ["amount", "order"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class House:
    """A workspace with its people: olga operates; ana and ben approve (finance; finance and support); cleo approves
    in no group; root administers; sam is a member of another workspace, where he approves."""

    workspace: Workspace
    olga: Person
    ana: Person
    ben: Person
    cleo: Person
    root: Person
    sam: Person
    agent: Agent

    def by(self, name: str) -> Principal:
        """One of them in the browser."""
        return acting(getattr(self, name))

    def token(self, name: str, *scopes: str, kind: str = "personal") -> Principal:
        """One of them with a token that may do `scopes`."""
        principal = Principal.of_token(make_token(getattr(self, name), *scopes, kind=kind))
        assert principal
        return principal


def make_house() -> House:
    """A workspace where an agent `desk` may propose the tools `refund` (unsafe), `find` (reads) and `question`."""
    workspace = make_workspace("Acme")
    finance, support = Group.objects.bulk_create(Group(workspace=workspace, name=one) for one in ("finance", "support"))
    make_tool(workspace, "refund", schema=REFUND)
    make_tool(workspace, "find", effect="read")
    members = {
        "olga": ("operator", []),
        "ana": ("approver", [finance]),
        "ben": ("approver", [finance, support]),
        "cleo": ("approver", []),
        "root": ("admin", []),
    }
    [sam] = settle(make_workspace("Other"), {"sam": ("approver", [])})
    people = {person.username: person for person in settle(workspace, members)}
    return House(workspace=workspace, **people, sam=sam, agent=make_agent(workspace))


def make_agent(
    workspace: Workspace, name: str = "desk", tools: Iterable[str] = ("refund", "find"), **fields: Any
) -> Agent:
    """An agent with an active version that the scripted model drives."""
    agent = Agent.objects.create(workspace=workspace, name=name)
    chain = fields.pop("chain", [{"provider": "scripted", "model": "story"}])
    agent.add_version(chain=chain, tools=[*tools, QUESTION.name], **fields)
    return agent


def make_tool(workspace: Workspace, name: str, schema: Mapping[str, Any] | None = None, **fields: Any) -> Tool:
    """A tool that only recordings answer for: enough for everything but running it."""
    return Tool.objects.create(workspace=workspace, name=name, schema=schema, is_recorded=True, **fields)


def make_policy(workspace: Workspace, *rules: Mapping[str, Any], name: str = "Policy") -> PolicySet:
    """A policy in force."""
    policy = PolicySet.objects.create(workspace=workspace, name=name)
    policy.publish(rules, None)
    return policy


def make_run(agent: Agent, started_by: Person | None = None, **fields: Any) -> Run:
    """A run that waits."""
    version = agent.active_version
    assert version
    values = {"flow": version.flow, "revision": version.revision, "input": dumps("hello"), "status": "waiting"}
    return Run.objects.create(
        workspace_id=agent.workspace_id, agent=agent, version=version, started_by=started_by, **{**values, **fields}
    )


def make_proposal(
    run: Run, tool: str | ToolSpec = "refund", arguments: Mapping[str, Any] | None = None, heard: str = ""
) -> Proposal:
    """What the gate is asked about a call, once the user has said what was `heard`."""
    epoch = Switch.objects.get(pk=run.workspace_id).rules_epoch
    spec = tool if isinstance(tool, ToolSpec) else catalogue(run.workspace_id, epoch)[tool]
    arguments = {"amount": 80, "order": "A-1"} if arguments is None else arguments
    args = spec.prepare(arguments)
    return Proposal(
        workspace_id=run.workspace_id, run_id=run.pk, agent=run.agent.name, agent_version_id=run.version_id,
        started_by_id=run.started_by_id,
        started_by=run.started_by.username if run.started_by else None,
        labels=run.labels, steps=run.seq, cost=run.cost, tool=spec,
        arguments=dict(arguments), args=args, digest=call_digest(spec.name, args), rules_epoch=epoch,
        held=FOR_PEOPLE.get(spec.name, ""),
        heard=lambda: [{"role": "user", "content": heard}] if heard else [],
    )  # fmt: skip


@transaction.atomic
def make_call(
    run: Run,
    tool: str | ToolSpec = "refund",
    arguments: Mapping[str, Any] | None = None,
    heard: str = "",
    **fields: Any,
) -> ToolCall:
    """A call as the runtime proposes it: judged by the gate, and put before people where they are asked."""
    proposal = make_proposal(run, tool, arguments, heard)
    verdict = gate().check(proposal)
    values: dict[str, Any] = {
        "status": STATUS[verdict.decision],
        "why": verdict.why,
        "verdict": verdict.explanation,
        "facts": verdict.facts,
    }
    call = ToolCall.objects.create(
        workspace_id=run.workspace_id, run=run, position=f"{ToolCall.objects.filter(run=run).count()}",
        provider_id="t0", tool=proposal.tool.name, title=title(proposal.tool, proposal.arguments, verdict.facts),
        effect=proposal.tool.effect, reaches=proposal.tool.reaches, args=proposal.args, digest=proposal.digest,
        schema_digest=proposal.tool.digest(), rules_epoch=proposal.rules_epoch, **{**values, **fields},
    )  # fmt: skip
    if call.status in ("waiting", "in_doubt"):
        gate().opened([call.pk])
    return call


def make_approval(
    house: House, tool: str = "refund", arguments: Mapping[str, Any] | None = None, **fields: Any
) -> ApprovalRequest:
    """An approval of a waiting call in a run that olga started; `fields` are columns of the call."""
    call = make_call(make_run(house.agent, house.olga), tool, arguments, **fields)
    return ApprovalRequest.objects.select_related("tool_call", "run").get(tool_call=call, status="pending")


__all__ = [
    "House",
    "acting",
    "make_agent",
    "make_approval",
    "make_call",
    "make_house",
    "make_policy",
    "make_proposal",
    "make_run",
    "make_tool",
]
