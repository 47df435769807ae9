"""Transcripts become runs: finished ones, or ones that the runtime plays with recorded model, tools and user."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from agents.exceptions import TranscriptRefused
from agents.importing.transcript import Transcript
from agents.models import Agent, AgentVersion, Checkpoint, Recording, Run, Tool, ToolCall
from agents.runtime import flow, version
from agents.runtime.drive import Drive
from agents.runtime.effects import Outcome
from agents.runtime.propose import call_digest
from agents.runtime.row import Row
from agents.runtime.text import dumps, headline
from agents.starting import announce
from agents.tools.title import plain_title
from workspaces import audit, canonical, events
from workspaces.models import Switch
from workspaces.principal import Principal

IMPORTED, PLAYED = "imported", "chat"
NAME = r"[\w./-]{1,100}"


@dataclass(frozen=True, slots=True)
class Importer:
    """Brings transcripts in as runs of one agent, in the name of one person."""

    principal: Principal
    agent: Agent

    @classmethod
    def into(cls, principal: Principal, name: str) -> "Importer":
        """An importer into the agent of this name, which is made if it is not there. Raises TranscriptRefused."""
        if not re.fullmatch(NAME, name):
            raise TranscriptRefused(f"No agent can be named {name!a:.120}: give the file a shorter or plainer name.")
        with transaction.atomic():
            agent, is_new = Agent.objects.get_or_create(
                workspace=principal.workspace, name=name, defaults={"description": "Recorded elsewhere and imported."}
            )
            if is_new:
                audit.record(agent.workspace_id, principal, "agent.kept", f"agent:{agent.pk}", {"name": name})
                events.record(agent.workspace_id, "configuration", "agent.kept")
        return cls(principal, agent)

    @transaction.atomic
    def bring(self, transcript: Transcript, *, play: bool) -> Run | None:
        """The run of a transcript, or None if it is there already."""
        recording = self._recording(transcript)
        name = PLAYED if play else IMPORTED
        if Run.objects.filter(recording=recording, flow=name).exists():
            return None
        return self._play(transcript, recording) if play else self._finished(transcript, recording)

    def _recording(self, transcript: Transcript) -> Recording:
        recording, _ = Recording.objects.get_or_create(
            workspace=self.agent.workspace,
            agent=self.agent,
            digest=transcript.digest,
            defaults={
                "messages": dumps(transcript.messages),
                "turns": dumps(transcript.turns),
                "results": dumps(transcript.results),
                "labels": transcript.labels,
            },
        )
        return recording

    def _play(self, transcript: Transcript, recording: Recording) -> Run:
        """A run whose user has said everything already, each word waiting for its `receive`."""
        run = self._new(transcript, recording, flow=PLAYED)
        for content in transcript.heard:
            run.say(content)
        announce(run)
        return run

    def _finished(self, transcript: Transcript, recording: Recording) -> Run:
        """A run that has ended, with the journal that its flow would have written."""
        spoken = Spoken(transcript, version.load(self._version(transcript).pk))
        run = self._new(
            transcript,
            recording,
            flow=IMPORTED,
            status="succeeded",
            ended_by="recording",
            seq=len(spoken.rows),
            result=dumps(spoken.last_text),
            started_at=now(),
            finished_at=now(),
        )
        Checkpoint.objects.bulk_create([_checkpoint(run, row) for row in spoken.rows])
        declared = {tool.name: tool for tool in Tool.objects.filter(workspace=run.workspace)}
        calls = [row for row in spoken.rows if row.kind == "tool"]
        ToolCall.objects.bulk_create([_call(run, row, spoken.asked[row.position], declared) for row in calls])
        return run

    def _new(self, transcript: Transcript, recording: Recording, **fields: Any) -> Run:
        return Run.objects.create(
            workspace=self.agent.workspace,
            agent=self.agent,
            version=self._version(transcript),
            revision=1,
            input="null",
            title=headline(_words(transcript.heard[0])),
            labels=transcript.labels,
            recording=recording,
            started_by=self.principal.person,
            **fields,
        )

    def _version(self, transcript: Transcript) -> AgentVersion:
        tools = self._tools(transcript)
        chain = [{"provider": "recorded", "model": "recording"}]
        wanted: dict[str, Any] = {
            "instructions": transcript.instructions,
            "tools": tools,
            "chain": chain,
            "flow": PLAYED,
        }
        found = self.agent.versions.filter(**wanted).first()
        return found or self.agent.add_version(
            **wanted, max_steps=10_000, max_tokens=10**9, max_cost=10_000, max_calls_in_turn=10_000
        )

    def _tools(self, transcript: Transcript) -> list[str]:
        """Every recorded tool of the workspace; one that was called and is not declared becomes an unsafe one."""
        known = set(Tool.objects.filter(workspace=self.agent.workspace).values_list("name", flat=True))
        missing = [name for name in transcript.tools if name not in known]
        if missing:
            rows = [Tool(workspace=self.agent.workspace, name=name, is_recorded=True) for name in missing]
            Tool.objects.bulk_create(rows)
            Switch.tighten(self.agent.workspace_id)
        recorded = Tool.objects.filter(workspace=self.agent.workspace, is_recorded=True)
        return sorted(recorded.values_list("name", flat=True))


class Spoken:
    """A transcript driven through the flow in memory: the rows that a worker would have committed."""

    def __init__(self, transcript: Transcript, of: version.Version):
        self.asked: dict[str, dict[str, Any]] = {}
        self._said: dict[str, Iterator[dict[str, Any]]] = {
            "receive": ({"role": "user", "content": content} for content in transcript.heard),
            "model": ({"blocks": blocks, "stop": "", "model": "recording"} for blocks in transcript.turns),
            "tool": ({"status": "succeeded", "value": value} for value in transcript.results),
        }
        spec = flow.get(IMPORTED, 1)
        handle = version.flow_run(spec, run_id="", input="null", version=of)
        drive = Drive(spec, handle, now=lambda: 0.0, random=lambda: 0.0).redrive([])
        while self._deliver_next(drive):
            continue
        self.rows, self.last_text = drive.take(), handle.last_text
        drive.close()

    def _deliver_next(self, drive: Drive) -> bool:
        """Hand over what the recording has for the next request; False where it has nothing more."""
        position, (effect, _) = next(iter(drive.pending.items()))
        value = next(self._said[effect.kind], None)
        if value is None:
            return False
        if effect.kind == "tool":
            self.asked[position] = effect.ask
            value["id"] = effect.ask["id"]
        drive.deliver(position, Outcome.of(value), name=effect.kind)
        return True


def _checkpoint(run: Run, row: Row) -> Checkpoint:
    assert run.started_at and run.finished_at
    return Checkpoint(
        run=run,
        seq=row.seq,
        epoch=0,
        started_at=run.started_at,
        finished_at=run.finished_at,
        position=row.position,
        kind=row.kind,
        request=row.request,
        outcome=row.outcome.stored,
        state=row.state,
        messages=row.messages,
        keyframe=row.keyframe,
    )


def _call(run: Run, row: Row, asked: dict[str, Any], declared: dict[str, Tool]) -> ToolCall:
    tool = declared[asked["name"]]
    args = canonical.dumps(asked["input"])
    return ToolCall(
        workspace=run.workspace,
        run=run,
        position=row.position,
        provider_id=asked["id"],
        tool=tool.name,
        title=plain_title(tool.name, asked["input"]),
        effect=tool.effect,
        reaches=tool.reaches,
        status="succeeded",
        args=args,
        digest=call_digest(tool.name, args),
        seq=row.seq,
        finished_at=run.finished_at,
    )


def _words(content: list[dict[str, Any]]) -> str:
    return "".join(block["text"] for block in content)
