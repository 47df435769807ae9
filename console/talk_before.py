"""The conversation before a proposal: the agent's own reason, the last turns, and where the values come from."""

from functools import cached_property
from itertools import chain, islice
from typing import Any

from agents import reading, speakers
from console import facts, sources, talk
from console.facts import Fact
from console.proposal import Proposal
from console.sources import Source
from reviews import instructing
from reviews.models import ApprovalRequest

LAST_TURNS = 3
MAX_PHRASES = 3  # of one that speaks


class TalkBefore:
    """What was said before somebody was asked."""

    def __init__(self, approval: ApprovalRequest, proposal: Proposal):
        self.run, self.call, self.proposal = approval.run, approval.tool_call, proposal

    @cached_property
    def _messages(self) -> list[dict[str, Any]]:
        return reading.messages_at(self.run)

    @cached_property
    def _proposed_at(self) -> int | None:
        """The message that made the proposal."""
        for place in reversed(range(len(self._messages))):
            blocks = speakers.blocks(self._messages[place].get("content"))
            if any(block.get("type") == "tool_use" and block.get("id") == self.call.provider_id for block in blocks):
                return place
        return None

    @cached_property
    def why(self) -> list[talk.Piece]:
        """The agent's own words with the proposal."""
        if self._proposed_at is None:
            return []
        blocks = speakers.blocks(self._messages[self._proposed_at].get("content"))
        return [talk.piece(block) for block in blocks if block.get("type") == "text" and block.get("text")]

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Where each argument was said first, by its label."""
        values = {field.label: field.value for field in self.proposal.fields}
        return sources.trace(values, self._messages[: self._proposed_at])

    @cached_property
    def instructing(self) -> dict[str, list[str]]:
        """What the agent read before and seems to instruct it, by who said so."""
        found: dict[str, list[str]] = {}
        for who, words in speakers.told(self._messages[: self._proposed_at]):
            if who != speakers.AGENT and (phrases := instructing.phrases(words)):
                found.setdefault(who, []).extend(phrases[:MAX_PHRASES])
        return found

    @property
    def turns(self) -> list[talk.Turn]:
        """The last of the conversation, what the user said last, and the first turn that says a value of the call."""
        last = range(max(0, len(self._messages) - LAST_TURNS), len(self._messages))
        decisive = sorted({source.turn for source in self.sources.values() if source.turn is not None} - {*last})[:1]
        shown = [self._messages[place] for place in sorted({*decisive, *last, *self._asked_at})]
        return talk.turns(shown, self.run.agent.name)

    @property
    def _asked_at(self) -> list[int]:
        """Where the user spoke last."""
        places = reversed(range(len(self._messages)))
        return list(islice((place for place in places if talk.is_of_user(self._messages[place])), 1))

    @cached_property
    def read_last(self) -> tuple[list[Fact], list[Fact]]:
        """What a tool found last, for a question, which has no lookups of its own."""
        turns = (talk.turn(message, "") for message in reversed(self._messages) if message.get("role") == "user")
        found = next((piece.pairs for turn in turns for piece in reversed(turn.pieces) if piece.pairs), [])
        return facts.sorted_out(found, (), ())

    @property
    def instructed_by(self) -> list[talk.Turn]:
        """The first message that may instruct the agent, to be read as it is."""
        told = speakers.told(self._messages[: self._proposed_at])
        found = (
            place for place, (who, words) in enumerate(told) if who != speakers.AGENT and instructing.phrases(words)
        )
        return talk.turns((self._messages[place] for place in islice(found, 1)), self.run.agent.name)

    @property
    def turn_count(self) -> int:
        """How long the conversation is."""
        return len(self._messages)

    @cached_property
    def passages(self) -> list[str]:
        """What is marked in it: the values of the call that somebody said."""
        said = {field.label: sources.searched(field.value) for field in self.proposal.fields}
        found = [said[label] for label, source in self.sources.items() if source.turn is not None]
        return [*found, *chain.from_iterable(self.instructing.values())]
