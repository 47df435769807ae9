"""Declarations of recorded tools: {"tools": [{"name", "effect", "reaches", "description"?, "schema"?}]}."""

from pathlib import Path
from typing import Annotated, Any

from django.db import transaction
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agents.exceptions import TranscriptRefused
from agents.importing.transcript import MAX_TOOL_NAME, TOOL_NAME
from agents.models import Tool
from agents.models.tool import Effect, Reach
from agents.tools import registry
from agents.tools.exceptions import InvalidSchema
from agents.tools.validation import validator
from workspaces import audit, canonical
from workspaces.exceptions import CanonicalError
from workspaces.models import Switch
from workspaces.principal import Principal


class Declaration(BaseModel):
    """One tool as a file declares it; without a schema it takes any JSON object."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(pattern=TOOL_NAME, max_length=MAX_TOOL_NAME)]
    effect: Effect = Effect.UNSAFE
    reaches: Reach = Reach.INSIDE
    description: str = ""
    schema_: Annotated[dict[str, Any] | None, "JSON schema of the arguments"] = None


class Declarations(BaseModel):
    """The whole file."""

    tools: list[Declaration]


@transaction.atomic
def declare(principal: Principal, path: Path) -> int:
    """Make or change the recorded tools of a workspace; how many the file declares. Raises TranscriptRefused."""
    declared = _read(path)
    rows = Tool.objects.filter(workspace=principal.workspace, is_recorded=False)
    own = {spec.name for spec in registry.all()} | set(rows.values_list("name", flat=True))
    for tool in declared:
        if tool.name in own:
            raise TranscriptRefused(f"{path.name} declares {tool.name}, which is a tool of this installation")
        _keep(tool, principal)
    Switch.tighten(principal.workspace.pk)
    return len(declared)


def _keep(tool: Declaration, principal: Principal) -> None:
    fields = {"effect": tool.effect, "reaches": tool.reaches}
    kept = {**fields, "description": tool.description, "schema": tool.schema_, "is_recorded": True}
    row, _ = Tool.objects.update_or_create(workspace=principal.workspace, name=tool.name, defaults=kept)
    audit.record(principal.workspace.pk, principal, "tool.kept", f"tool:{row.pk}", {"name": tool.name, **fields})


def _read(path: Path) -> list[Declaration]:
    try:
        value = canonical.parse(path.read_bytes(), 20_000_000)
        renamed = {"tools": [_renamed(tool) for tool in value["tools"]]}
        declared = Declarations.model_validate(renamed).tools
        for tool in declared:
            if tool.schema_ is not None:
                validator(tool.schema_)
    except (OSError, CanonicalError, KeyError, TypeError, ValidationError, InvalidSchema) as error:
        raise TranscriptRefused(f"{path.name} does not declare tools: {error}") from error
    return declared


def _renamed(tool: dict[str, Any]) -> dict[str, Any]:
    return {"schema_" if key == "schema" else key: value for key, value in tool.items()}
