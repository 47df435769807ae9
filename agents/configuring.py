"""Configuring agents and tools: what engineers change, checked, audited, and told to verdicts that it makes old."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from agents.exceptions import IllegalMove, UnknownFlow
from agents.gateway.chain import ADAPTERS
from agents.models import Agent, AgentVersion, Effect, Reach, Tool
from agents.runtime import flow
from agents.runtime.performing import PASSED_ON
from agents.runtime.version import catalogue
from agents.tools import registry
from workspaces import audit, events, look_alikes
from workspaces.models import Switch
from workspaces.principal import Principal

PLAIN_NAME = re.compile(r"[A-Za-z0-9_./-]+")
MODEL_SETTINGS = {"max_tokens", "timeout", "effort", "single_tool", "deadline_seconds", *PASSED_ON}


@transaction.atomic
def keep_agent(agent: Agent, by: Principal) -> None:
    """Save a new or changed agent; which version it uses is said by `activate`."""
    by.require("engineer")
    check_agent_name(agent.name)
    agent.full_clean()
    agent.save()
    _tell("agent.kept", agent, by, name=agent.name)


@transaction.atomic
def add_version(version: AgentVersion, by: Principal | None, *, activate_it: bool = False) -> None:
    """Save `version` as its agent's next one; without `by` the installation does it by itself."""
    _ask(by)
    check_version(version)
    agent = Agent.objects.select_for_update(no_key=True).get(pk=version.agent_id)
    version.workspace_id, version.created_by = agent.workspace_id, by.person if by else version.created_by
    version.number = (agent.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version.full_clean()
    version.save(force_insert=True)
    _tell("agent.version_added", agent, by, name=agent.name, number=version.number)
    if activate_it:
        activate(version, by)


@transaction.atomic
def change_version(version: AgentVersion, by: Principal) -> None:
    """Save changes to a version that no run has used yet; raises IllegalMove for any other."""
    by.require("engineer")
    check_version(version)
    AgentVersion.objects.select_for_update().get(pk=version.pk)  # a run that starts now waits, and uses what is saved
    if is_used(version):
        raise IllegalMove(f"{version} has been used by a run and does not change: make a new version from it.")
    version.full_clean()
    version.save(force_update=True)
    _tell("agent.version_changed", version.agent, by, name=version.agent.name, number=version.number)


@transaction.atomic
def activate(version: AgentVersion, by: Principal | None) -> None:
    """Let new runs use this version; runs that are under way keep theirs."""
    _ask(by)
    version.agent.activate(version)
    _tell("agent.activated", version.agent, by, name=version.agent.name, number=version.number)


@transaction.atomic
def replace_active(version: AgentVersion, by: Principal, *, instead_of: int | None) -> None:
    """`activate`, unless another version than `instead_of` has become the active one since; raises IllegalMove."""
    by.require("engineer")
    agent = Agent.objects.select_for_update(no_key=True).get(pk=version.agent_id)
    active = agent.active_version.number if agent.active_version else None
    if active != instead_of:
        now = f"version {active} is" if active else "no version is"
        raise IllegalMove(f"Somebody has changed this meanwhile: {now} active now. Look again, then choose.")
    activate(version, by)


@transaction.atomic
def keep_tool(tool: Tool, by: Principal) -> None:
    """Save how strictly the workspace takes a tool; verdicts given before no longer count."""
    by.require("engineer")
    check_tool(tool)
    if spec := registry.get(tool.name):
        tool.description, tool.schema = spec.description, spec.schema
    tool.updated_at = Now()
    tool.full_clean(exclude=["updated_at"])
    tool.save()
    Switch.tighten(tool.workspace_id)
    _tell("tool.kept", tool, by, name=tool.name, effect=tool.effect, reaches=tool.reaches)


def is_used(version: AgentVersion) -> bool:
    """Whether a run has used this version; then it never changes."""
    return version.runs.exists()


def check_agent_name(name: str) -> None:
    """Raise ValidationError unless the name can be told from every other: plain letters, and what poses is named."""
    if not PLAIN_NAME.fullmatch(name):
        posing = " ".join(look_alikes.remarks(name[:100]))
        raise ValidationError(f"A name has only the letters a to z, digits, and the characters _ . / and -. {posing}")


def check_version(version: AgentVersion) -> None:
    """Raise ValidationError by field unless a run could use this version: it knows its flow, models and tools."""
    found = {
        "flow": _flow_problem(version.flow, version.revision),
        "chain": _chain_problem(version.chain),
        "model_settings": _settings_problem(version.model_settings),
        "tools": _tools_problem(version.agent.workspace_id, version.tools),
    }
    if problems := {name: problem for name, problem in found.items() if problem}:
        raise ValidationError(problems)


def check_tool(tool: Tool) -> None:
    """Raise ValidationError unless this only tightens what code, or a recording, declares."""
    floors = list(Tool.objects.filter(pk=tool.pk, is_recorded=True).values_list("effect", "reaches"))
    if spec := registry.get(tool.name):
        floors.append((spec.effect, spec.reaches))
    if not floors:
        raise ValidationError({"name": "No tool of this name is declared in code."})
    problems = {
        "effect": _looser(tool.effect, Effect.values, [effect for effect, _ in floors]),
        "reaches": _looser(tool.reaches, Reach.values, [reaches for _, reaches in floors]),
    }
    if found := {name: problem for name, problem in problems.items() if problem}:
        raise ValidationError(found)


def _looser(chosen: str, from_loose_to_strict: Sequence[str], floors: Iterable[str]) -> str:
    floor = max(floors, key=from_loose_to_strict.index)
    is_looser = chosen not in from_loose_to_strict[from_loose_to_strict.index(floor) :]
    return f"This may only be tightened: the tool is declared as {floor}." if is_looser else ""


def _flow_problem(name: str, revision: int) -> str:
    try:
        flow.get(name, revision)
    except UnknownFlow as unknown:
        return f"{unknown} Known are {', '.join(sorted(flow.served()))}."
    return ""


def _chain_problem(chain: Any) -> str:
    if not isinstance(chain, list) or not chain or not all(_is_link(link) for link in chain):
        return 'A chain is a list of models, first choice first: [{"provider": "anthropic", "model": "…"}].'
    unknown = {link["provider"] for link in chain} - set(ADAPTERS)
    return f"Known providers are {', '.join(sorted(ADAPTERS))}." if unknown else ""


def _is_link(link: Any) -> bool:
    is_shaped = isinstance(link, Mapping) and set(link) == {"provider", "model"}
    return is_shaped and all(isinstance(value, str) and value for value in link.values())


def _settings_problem(settings: Any) -> str:
    if isinstance(settings, dict) and set(settings) <= MODEL_SETTINGS:
        return ""
    return f"Settings are an object of {', '.join(sorted(MODEL_SETTINGS))}."


def _tools_problem(workspace_id: int, names: list[str]) -> str:
    epoch = Switch.objects.values_list("rules_epoch", flat=True).get(pk=workspace_id)
    unknown = sorted(set(names) - set(catalogue(workspace_id, epoch)))
    return f"Not known in this workspace: {', '.join(unknown)}." if unknown else ""


def _ask(by: Principal | None) -> None:
    if by:
        by.require("engineer")


def _tell(kind: str, row: Agent | Tool, by: Principal | None, **detail: Any) -> None:
    audit.record(row.workspace_id, by, kind, f"{row._meta.model_name}:{row.pk}", detail)
    events.record(row.workspace_id, "configuration", kind)
