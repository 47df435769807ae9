"""What makes a proposal suspicious whatever the rules say: its risk is higher then, and the reason is kept by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from agents.models import ToolCall
from agents.runtime import version
from agents.runtime.gate import Proposal
from agents.runtime.text import dumps, storable
from agents.speakers import AGENT, told
from reviews import repeating
from reviews.instructing import phrases
from reviews.repeating import DONE_BEFORE

INSTRUCTS, STRANGERS = "instructed_by", "strangers"  # keys of an explanation; without suspicion they are not there
MAX_KEPT = 3
NEXT_RISK = {"low": "medium", "medium": "high", "high": "high"}
ADDRESS = re.compile(
    r"[^\s@]{1,64}@[^\s@]{1,200}\.[^\s@.]{2,20}|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
)


def suspicions(proposal: Proposal, facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Phrases that instruct in what the agent read, and addresses and accounts that nobody but the agent has named."""
    addresses = [text for text in _texts(proposal.arguments) if ADDRESS.fullmatch(text)]
    if proposal.call_id:  # judged again: what was read before it is as it was
        found = _found_before(proposal.call_id, addresses)
    else:
        read = [text for who, text in told(proposal.heard()) if who != AGENT]
        named = "\n".join([*read, dumps(facts), version.load(proposal.agent_version_id).instructions]).casefold()
        strangers = [one for one in addresses if one.casefold() not in named] if read else []
        found = {INSTRUCTS: [phrase for text in read for phrase in phrases(text)], STRANGERS: strangers}
    return {name: [storable(one) for one in some[:MAX_KEPT]] for name, some in found.items() if some}


def repetition(proposal: Proposal, facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """That it was done before, of the arguments as they are now."""
    found = repeating.factor(proposal.workspace_id, proposal.tool, proposal.digest, facts, proposal.call_id)
    return {DONE_BEFORE: [found]} if found else {}


def raised(explanation: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a request that are other than the rules demand; never a lower risk."""
    if INSTRUCTS in explanation or STRANGERS in explanation:
        return {"risk": "high"}
    return {"risk": NEXT_RISK[explanation["requirement"]["risk"]]} if DONE_BEFORE in explanation else {}


def words(explanation: Mapping[str, Any]) -> list[str]:
    """Why the risk is higher than the rules say, in sentences."""
    quoted = "”, “".join(explanation.get(INSTRUCTS, []))
    instructing = [f"A text that it read tries to instruct: “{quoted}”."] if quoted else []
    strangers = [f"“{one}” appears in no message or result before this call." for one in explanation.get(STRANGERS, [])]
    return [*explanation.get(DONE_BEFORE, []), *instructing, *strangers]


def _found_before(call_id: UUID, addresses: list[str]) -> dict[str, list[str]]:
    """What was found when it was proposed; an address that a person has typed since is no stranger."""
    before = ToolCall.objects.values_list("verdict", flat=True).get(pk=call_id)
    strangers = [one for one in before.get(STRANGERS, []) if one in addresses]
    return {INSTRUCTS: before.get(INSTRUCTS, []), STRANGERS: strangers}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
