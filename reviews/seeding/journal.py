"""A story as the rows that workers and people would have left, with times in seconds since the run's start.

The flow itself is driven in memory, so steps, positions and digests are those of a real run; the rules in force judge
every call. Nothing is written here: `multiply` puts the rows in place, as often as they are wanted.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from agents.models import AgentVersion
from agents.runtime import flow, version
from agents.runtime.drive import Drive
from agents.runtime.effects import Effect, Outcome
from agents.runtime.outcomes import explained
from agents.runtime.propose import denied
from agents.runtime.text import dumps, headline
from agents.runtime.version import recorded_catalogue
from agents.tools.question import QUESTION
from reviews.seeding.calls import Called
from reviews.seeding.scenery import Scenery
from reviews.seeding.stories import Ask, Story
from workspaces.models import Person

MODEL = "recorded"
CANCELLED = "A person stopped it."
GAVE_UP = {"type": "overloaded", "message": "The model did not answer after three attempts.", "retryable": True}

type Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """What one run leaves in each table."""

    run: Row
    steps: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    approvals: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)


class Journal:
    """Writes one story down."""

    def __init__(self, scenery: Scenery, chance: Random):
        self.scenery, self.chance = scenery, chance
        tools = recorded_catalogue(scenery.workspace.pk, scenery.rules_epoch)  # whatever code declares by these names
        self.specs = tools | {QUESTION.name: QUESTION}

    def write(self, story: Story) -> Rows:
        """All rows of one run."""
        self.story, self.clock, self.tokens, self.cost = story, 0.5, 0, 0
        self.version, self.starter = self._version(), self.chance.choice(self.scenery.starters)
        self.times: dict[str, tuple[float, float]] = {"0": (0.0, 0.5)}
        self.names: dict[str, tuple[str, int]] = {"0": ("start", 0)}
        self.called: list[Called] = []
        drive = self._drive()
        for text, asks in story.turns:
            self._turn(drive, text, asks)
        if story.end in ("succeeded", "failed"):
            self._end(drive)
        return self._rows(drive)

    def actor(self) -> Row:
        """Who started it, as rules see them."""
        return {"id": self.starter.pk, "username": self.starter.username}

    def person(self, person_id: int) -> Person:
        """One of the workspace's people."""
        return next(person for person in self.scenery.people.values() if person.pk == person_id)

    def _version(self) -> AgentVersion:
        known = [one for one in self.scenery.versions if one.agent.name == self.story.agent]
        return self.chance.choices(known, [3, 5, 8][: len(known)])[0]

    def _drive(self) -> Drive:
        spec = flow.get(self.version.flow, self.version.revision)
        loaded = version.load(self.version.pk)
        run = version.flow_run(spec, run_id="", input=dumps(self.story.ticket), version=loaded)
        return Drive(spec, run, now=lambda: 0.0, random=lambda: 0.0).redrive([])

    # --- turns ---

    def _turn(self, drive: Drive, text: str, asks: list[Ask]) -> None:
        blocks: list[Row] = [{"type": "text", "text": text}]
        ids = [f"toolu_{drive.seq}_{number}" for number in range(len(asks))]
        blocks += [
            {"type": "tool_use", "id": id, "name": ask.tool, "input": ask.args}
            for id, ask in zip(ids, asks, strict=True)
        ]
        self._say(drive, blocks)
        begun = self.clock
        pending = [effect for effect, _ in drive.pending.values()]
        calls = [self._called(effect, ask, begun) for effect, ask in zip(pending, asks, strict=True)]
        self.called += calls
        for call in sorted((one for one in calls if one.is_over), key=lambda one: one.ended):
            self._over(drive, call)

    def _called(self, effect: Effect, ask: Ask, created: float) -> Called:
        call = Called(self, ask, self.specs[ask.tool], effect.position, effect.ask["id"], created)
        call.judge()
        return call

    def _over(self, drive: Drive, call: Called) -> None:
        said = call.outcome() if call.ending != "denied" else denied(call.verdict)  # type: ignore[arg-type]
        outcome = Outcome.of({"id": call.provider_id} | said, failed=said["status"] not in ("succeeded", "answered"))
        self.clock = max(self.clock, call.ended)
        self.times[call.position] = (call.began or call.ended, call.ended)
        self.names[call.position] = (f"execute_tool {call.spec.name}", 0)
        drive.deliver(call.position, outcome)
        call.seq = drive.seq

    def _say(self, drive: Drive, blocks: list[Row]) -> None:
        """One turn of the model."""
        read, written = self.chance.randint(400, 4000), self.chance.randint(40, 400)
        cached = int(read * self.chance.choice([0, 0.6, 0.9]))
        usage = {"input": read - cached, "cache_read": cached, "cache_write": 0, "output": written}
        cost = 3 * (read - cached) + cached // 3 + 15 * written
        value = {"blocks": blocks, "stop": "", "usage": usage, "cost": cost, "model": MODEL, "provider": "recorded"}
        self.tokens, self.cost = self.tokens + read + written, self.cost + cost
        self._model(drive, Outcome.of(value | {"response_id": ""}), read + written)

    def _end(self, drive: Drive) -> None:
        if self.story.end == "failed":
            self._model(drive, Outcome.of(GAVE_UP, failed=True), 0)
        else:
            self._say(drive, [{"type": "text", "text": self.story.last}])

    def _model(self, drive: Drive, outcome: Outcome, tokens: int) -> None:
        (position,) = drive.pending
        began, self.clock = self.clock + 0.02, self.clock + self.chance.uniform(1.5, 14.0)
        self.times[position], self.names[position] = (began, self.clock), (f"chat {MODEL}", tokens)
        drive.deliver(position, outcome)

    # --- rows ---

    def _rows(self, drive: Drive) -> Rows:
        rows = Rows(run={}, steps=[self._step(row) for row in drive.take()])
        if self.story.end == "cancelled":
            self.clock += 60.0
        for call in self.called:
            call.write(rows, self.clock)
        rows.run = self._run(drive)
        drive.close()
        return rows

    def _step(self, row: Any) -> Row:
        (began, ended), (name, tokens) = self.times[row.position], self.names[row.position]
        same = {name: getattr(row, name) for name in ("seq", "position", "kind", "request", "messages", "keyframe")}
        return same | {
            "outcome": row.outcome.stored,
            "failed": row.outcome.failed,
            "tokens": tokens,
            "began": began,
            "ended": ended,
            "name": name,
        }

    def _run(self, drive: Drive) -> Row:
        end, story = self.story.end, self.story
        open_until = [call.deadline for call in self.called if call.is_open]
        return {
            "agent": self.version.agent_id,
            "version": self.version.pk,
            "starter": self.starter.pk,
            "input": dumps(story.ticket),
            "title": headline(story.ticket),
            "status": end,
            "seq": drive.seq,
            "tokens": self.tokens,
            "cost": self.cost,
            "result": dumps(drive.result) if end == "succeeded" else None,
            "error": dumps(explained(drive.error)) if drive.error else None,
            "cancelled": self.clock - 0.2 if end == "cancelled" else None,
            "cancel_reason": CANCELLED if end == "cancelled" else "",
            "ended": None if end == "waiting" else self.clock,
            "asked": self.clock,
            "patience": min(open_until) - self.clock if open_until else 0.0,
        }
