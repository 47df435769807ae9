"""Calls that were carried out before: the very same one, or another about the same thing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, Exists, ExpressionWrapper, F, OuterRef, Q

from agents.blobs import is_reference
from agents.models import CallStatus, ToolCall
from agents.models.tool_call import ToolCallQuerySet
from agents.runtime.text import loads
from agents.tools.lookups import MISSING, dig
from agents.tools.money import money
from agents.tools.spec import ToolSpec
from reviews.models.approval import ApprovalQuerySet

DONE_BEFORE = "done_before"  # a key of an explanation; of what was not done before it is not there
LATEST = 100  # calls of the tool, the newest, among which one about the same thing is looked for


@dataclass(frozen=True, slots=True)
class Repetition:
    """What was done before: the newest such call, where it was one of ours, and what a lookup says of it."""

    call: ToolCall | None
    is_exact: bool
    said: str


def carried_out(workspace: int | OuterRef) -> ToolCallQuerySet:
    """Writes that were done: nothing that a recording or a simulation has answered."""
    done = ToolCall.objects.filter(workspace=workspace, status=CallStatus.SUCCEEDED).exclude(effect="read")
    return done.filter(~Q(verdict__has_key="stand_in"), run__recording=None)


def factor(workspace_id: int, spec: ToolSpec, digest: bytes, facts: Mapping[str, Any], but: UUID | None) -> str:
    """Why a call that is proposed repeats another one, in a sentence; empty where it does not."""
    if spec.effect == "read":
        return ""
    same = carried_out(workspace_id).filter(digest=digest)
    if (same.exclude(pk=but) if but else same).exists():
        return "Done before: a call with exactly these arguments was carried out."
    said = told(spec, facts)
    return f"Done before: {said}." if said else ""


def with_same(approvals: ApprovalQuerySet) -> ApprovalQuerySet:
    """Requests that know whether their very call was carried out before."""
    same = carried_out(OuterRef("workspace")).filter(digest=OuterRef("tool_call__digest"))
    return approvals.annotate(has_same=Exists(same.exclude(pk=OuterRef("tool_call"))))


def repetition(call: ToolCall, spec: ToolSpec, args: Mapping[str, Any], *, has_same: bool = True) -> Repetition | None:
    """What was done before that call, or has been done since it was proposed; None where nothing was."""
    others = carried_out(call.workspace_id).exclude(pk=call.pk)
    said = told(spec, call.facts or {})
    if has_same and (same := others.filter(digest=call.digest).order_by("-pk").first()):
        return Repetition(same, True, said)
    about = _about(others, spec, args) if spec.done else None
    if about and not said and not _is_since(about, call.created_at):
        about = None  # the lookup knew of it, and says that nothing of it stands
    return Repetition(about, False, said) if about or said else None


def repeated(workspace_id: int, digests: Collection[bytes]) -> set[bytes]:
    """Those of the digests that were carried out."""
    return {bytes(one) for one in carried_out(workspace_id).filter(digest__in=digests).values_list("digest", flat=True)}


def told(spec: ToolSpec, facts: Mapping[str, Any]) -> str:
    """How much of it was done before, in words, by the fact that the tool names; empty where it is none."""
    found = dig(facts, spec.done) if spec.done else MISSING
    currency = dig(facts, f"{spec.done.rpartition('.')[0]}.currency")
    shown = money(found, currency if isinstance(currency, str) else "")
    name = spec.done.rpartition(".")[2].replace("_", " ")
    return f"{name} {shown}" if shown and float(str(found)) else ""


def _about(others: ToolCallQuerySet, spec: ToolSpec, args: Mapping[str, Any]) -> ToolCall | None:
    """The newest of this tool whose lookups were asked with the same; large arguments are not fetched."""
    paths = [path for lookup in spec.lookups for _, path in lookup.arguments]
    wanted = [dig(args, path) for path in paths]
    stored = ExpressionWrapper(F("args"), output_field=BinaryField())  # as it is kept, which may be a reference
    newest = others.filter(tool=spec.name).order_by("-pk").annotate(stored=stored)
    for key, kept in newest.values_list("pk", "stored")[:LATEST]:
        text = bytes(kept).decode()
        if not is_reference(text) and [dig(loads(text), path) for path in paths] == wanted:
            return ToolCall.objects.get(pk=key)
    return None


def _is_since(call: ToolCall, moment: datetime) -> bool:
    return (call.finished_at or call.created_at) > moment
