"""What a run executes: its agent version, frozen, and the tools behind the names it lists."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from agents import blobs
from agents.models import AgentVersion, Recording, Tool
from agents.runtime import flow
from agents.runtime.text import dumps, loads
from agents.tools import registry
from agents.tools.question import QUESTION
from agents.tools.spec import ToolSpec
from agents.tools.types import Effect, Reach

ANY_OBJECT: dict[str, Any] = {"type": "object"}
STRICTER = {"read": 0, "keyed": 1, "unsafe": 2, "inside": 0, "outside": 1}


@dataclass(frozen=True, slots=True)
class Version:
    """An agent version in memory; immutable in the database once a run has used it."""

    id: int
    number: int
    chain: list[dict[str, str]]
    instructions: str
    settings: dict[str, Any]
    tools: list[str]
    limits: Mapping[str, float]
    digest: bytes

    def offers(self, name: str) -> bool:
        return name in self.tools


@lru_cache(maxsize=512)
def load(version_id: int) -> Version:
    """The version of a run, read once a process."""
    row = AgentVersion.objects.get(pk=version_id)
    limits = {
        "max_steps": row.max_steps,
        "max_tokens": row.max_tokens,
        "max_cost": int(row.max_cost * 1_000_000),
        "max_seconds": row.max_seconds,
        "max_depth": row.max_depth,
        "max_calls_in_turn": row.max_calls_in_turn,
        "max_parallel_calls": row.max_parallel_calls,
    }
    said = dumps([row.pk, row.chain, row.instructions, row.model_settings, row.tools])
    digest = hashlib.sha256(said.encode()).digest()[:16]
    return Version(row.pk, row.number, row.chain, row.instructions, row.model_settings, row.tools, limits, digest)


@lru_cache(maxsize=512)
def catalogue(workspace_id: int, rules_epoch: int) -> dict[str, ToolSpec]:
    """The tools of a workspace: what code declares, tightened by its rows. Changing a row bumps the rules epoch."""
    specs = {spec.name: spec for spec in [QUESTION, *registry.all()]}
    for row in Tool.objects.filter(workspace_id=workspace_id):
        declared = specs.get(row.name)
        if declared is not None:
            specs[row.name] = tightened(declared, effect=cast(Effect, row.effect), reaches=cast(Reach, row.reaches))
        elif row.is_recorded:
            specs[row.name] = recorded_tool(row)
    return specs


@lru_cache(maxsize=512)
def recorded_catalogue(workspace_id: int, rules_epoch: int) -> dict[str, ToolSpec]:
    """The tools of a run that plays a recording: no code is ever entered for it."""
    return {row.name: recorded_tool(row) for row in Tool.objects.filter(workspace_id=workspace_id, is_recorded=True)}


@lru_cache(maxsize=512)
def simulated_catalogue(workspace_id: int, rules_epoch: int) -> dict[str, ToolSpec]:
    """The tools of a run that does nothing: their simulations, which may be repeated; questions are for people."""
    known = catalogue(workspace_id, rules_epoch)
    return {name: spec if spec is QUESTION else spec.simulated() for name, spec in known.items()}


def tightened(spec: ToolSpec, *, effect: Effect, reaches: Reach) -> ToolSpec:
    """Code declares, an admin may only tighten."""
    stricter = effect if STRICTER[effect] > STRICTER[spec.effect] else spec.effect
    further = reaches if STRICTER[reaches] > STRICTER[spec.reaches] else spec.reaches
    return spec.declared_as(stricter, further)


def recorded_tool(row: Tool) -> ToolSpec:
    """A tool that only a recording answers for; without a schema it takes any JSON object."""
    return ToolSpec(
        name=row.name,
        description=row.description,
        schema=row.schema or ANY_OBJECT,
        effect=cast(Effect, row.effect),
        reaches=cast(Reach, row.reaches),
        function=None,
    )


def for_model(specs: dict[str, ToolSpec], version: Version) -> list[dict[str, Any]]:
    """The tools as the model is told of them, in the version's order, so that prompt caches hold."""
    offered = [specs[name] for name in version.tools if name in specs]
    return [{"name": spec.name, "description": spec.description, "input_schema": spec.schema} for spec in offered]


@lru_cache(maxsize=128)
def recording(recording_id: int) -> tuple[list[Any], list[Any]]:
    """Turns of the recorded model, and results of the recorded tools in the order of their calls."""
    row = Recording.objects.get(pk=recording_id)
    return loads(row.turns), loads(row.results)


def flow_run(
    spec: flow.FlowSpec, *, run_id: str, input: str, version: Version, history: str | None = None
) -> flow.FlowRun:
    """The handle for one drive of a run."""
    return flow.FlowRun(
        spec,
        run_id=run_id,
        input=loads(blobs.read(input)),
        settings_digest=version.digest,
        max_calls=int(version.limits["max_calls_in_turn"]),
        history=loads(blobs.read(history)) if history else [],
    )
