"""Forking: a new run that goes its own way from a step of another, which is left as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from pydantic import ValidationError as InvalidState

from agents import configuring
from agents.exceptions import CallUnderWay, ForkRefused, NoSuchStep
from agents.models import AgentVersion, CallStatus, Checkpoint, Effect, ForkMode, Line, Run, ToolCall
from agents.other_outcomes import arguments_changed, outcome_changed
from agents.runtime import flow
from agents.runtime.edits import stated
from agents.runtime.flow import FlowSpec
from agents.runtime.journal_check import agrees_until
from agents.runtime.text import dumps
from agents.starting import announce, stored
from workspaces import audit, canonical, events
from workspaces.principal import Principal

MAX_EDIT_BYTES = 1_048_576
OWN = ("version", "chain", "instructions", "input", "say")
COPIED = ("title", "labels", "history", "input", "depth")
FROM_VERSION = ("flow", "revision", "model_settings", "tools", *(f"max_{name}" for name in (
    "steps", "tokens", "cost", "seconds", "calls_in_turn", "parallel_calls", "depth")))  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """What a fork does otherwise; what is not named stays as it was.

    `edits` may hold state (fields), messages (all of them), said (the user's last message), outcome (of the step) and
    arguments (of the step's call); `say` is put before the next turn of the model.
    """

    version: int | None = None
    chain: list[dict[str, str]] | None = None
    instructions: str | None = None
    input: Any = None
    say: Any = None
    edits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> list[str]:
        """The words for what is changed."""
        words = [
            name for name in ("version", "chain", "instructions", "input", "say") if getattr(self, name) is not None
        ]
        return sorted([*words, *self.edits])


NOTHING = Changes()


@transaction.atomic
def fork_run(
    principal: Principal,
    source: Run,
    seq: int | None = None,
    *,
    mode: str = ForkMode.LIVE,
    changes: Changes = NOTHING,
) -> Run:
    """Queue a run that begins with the steps of `source` up to `seq`, and then goes on by itself.

    Without `seq`, from the last step with which the flow of the chosen version agrees. Nothing of `source` is touched,
    and no effect of it happens again. Raises Forbidden, NoSuchStep, CallUnderWay, ForkRefused.
    """
    principal.require("engineer")
    version = _version(principal, source, changes)
    spec = _flow(source, version)
    seq = agrees_until(source, version, spec) if seq is None else seq
    step = _step(source, seq)
    edit = dict(changes.edits)
    if "arguments" in edit:
        step, edit["outcome"] = arguments_changed(source, step, edit.pop("arguments"))
    elif "outcome" in edit:
        edit["outcome"] = outcome_changed(step, edit["outcome"])
    _check(version, spec, step, edit, changes)
    line = Line.of_fork(source, step.seq, edit)
    columns = _copied(source, changes) | {"version": version, "flow": spec.name, "revision": spec.revision}
    fork = _made(principal, source, line, mode, columns)
    if changes.say is not None:
        fork.say(changes.say)
    _tell(principal, source, fork, changes)
    return fork


def _step(source: Run, seq: int) -> Checkpoint:
    """The step after which the fork goes its own way; where a call may be happening, there is none to begin at."""
    if not 1 <= seq <= source.seq:
        raise NoSuchStep(f"This run has steps 1 to {source.seq}; there is no step {seq}.")
    step = source.journal.defer("state", "messages", "keyframe").get(seq=seq)
    open_then = ToolCall.objects.filter(
        run=step.run_id,
        status__in=[CallStatus.EXECUTING, CallStatus.IN_DOUBT],
        effect__in=[Effect.KEYED, Effect.UNSAFE],
        created_at__lte=step.finished_at,
    )
    if call := open_then.only("tool").first():
        raise CallUnderWay(
            f"At step {seq} the call of {call.tool} was open, and whether it happens is not known yet: a fork could do "
            "it again. Say what became of it, or fork from a step before it was proposed."
        )
    return step


def _check(version: AgentVersion, spec: FlowSpec, step: Checkpoint, edit: dict[str, Any], changes: Changes) -> None:
    """Refuse what could not be carried out; a flow that asks for something else is found when it is driven."""
    if changes.input is not None and step.seq > 1:
        raise ForkRefused("Only a fork from step 1 can be given another input; say something else instead.")
    canonical.check({"edit": edit, "input": changes.input, "say": changes.say})
    if len(dumps(edit)) > MAX_EDIT_BYTES:
        raise ForkRefused(f"The changes are longer than {MAX_EDIT_BYTES:,} bytes.")
    if "state" in edit:
        _check_state(spec, edit["state"])
    if any(link["provider"] == "recorded" for link in version.chain):
        raise ForkRefused("This agent plays a recording, which ends where a fork begins: name a model.")


def _check_state(spec: FlowSpec, state: dict[str, Any]) -> None:
    declared = spec.state
    if declared is None:
        raise ForkRefused("This flow declares no state; what it knows is its conversation.")
    if unknown := sorted(state.keys() - declared.model_fields.keys()):
        raise ForkRefused(f"The state has no {', '.join(unknown)}.")
    try:
        stated(declared(), state)
    except InvalidState as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ForkRefused(f"The state does not fit: {said}") from None


def _flow(source: Run, version: AgentVersion) -> FlowSpec:
    """The flow of the version; a child run that was started as another flow keeps that one."""
    if source.flow in (source.version.flow, version.flow):
        return flow.get(version.flow, version.revision)
    return flow.get(source.flow, source.revision)


def _version(principal: Principal, source: Run, changes: Changes) -> AgentVersion:
    """The version that the fork uses; other models or instructions make one, which new runs do not use."""
    version = source.version
    if changes.version is not None:
        found = AgentVersion.objects.filter(agent=source.agent_id, number=changes.version).first()
        if found is None:
            raise ForkRefused(f"The agent {source.agent} has no version {changes.version}.")
        version = found
    wanted = {name: getattr(changes, name) for name in ("chain", "instructions") if getattr(changes, name) is not None}
    if all(getattr(version, name) == value for name, value in wanted.items()):
        return version
    copied = {name: getattr(version, name) for name in (*FROM_VERSION, "chain", "instructions")} | wanted
    return _known(source, copied) or _added(principal, source, copied)


def _known(source: Run, fields: dict[str, Any]) -> AgentVersion | None:
    """A version like this one that an earlier fork has made."""
    return AgentVersion.objects.filter(agent=source.agent_id, **fields).first()


def _added(principal: Principal, source: Run, fields: dict[str, Any]) -> AgentVersion:
    version = AgentVersion(agent=source.agent, workspace_id=source.workspace_id, **fields)
    try:
        configuring.add_version(version, principal)
    except ValidationError as error:
        raise ForkRefused(" ".join(error.messages)) from None
    return version


def _copied(source: Run, changes: Changes) -> dict[str, Any]:
    columns = {name: getattr(source, name) for name in COPIED}
    return columns | ({} if changes.input is None else stored(changes.input, source.workspace_id))


def _made(principal: Principal, source: Run, line: Line, mode: str, columns: dict[str, Any]) -> Run:
    return Run.objects.create(
        workspace_id=source.workspace_id,
        agent=source.agent,
        seq=line.seq - 1,
        forked_from=source,
        forked_seq=line.seq,
        fork_mode=mode,
        lineage=line.written(),
        started_by=principal.person,
        started_by_token=principal.token,
        **columns,
    )


def _tell(principal: Principal, source: Run, fork: Run, changes: Changes) -> None:
    detail = {"from": str(source.pk), "seq": fork.forked_seq, "mode": fork.fork_mode, "changed": changes.named}
    audit.record(source.workspace_id, principal, "run.fork", fork.pk, detail)
    events.record(source.workspace_id, "run", "run.forked", source.pk, fork.forked_seq)
    announce(fork)
