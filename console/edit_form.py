"""The arguments while somebody edits them: each beside what it was, what is wrong in words, and what the rules say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from agents.tools.legible import legible
from console import schema_form
from console.card import Card
from console.facts import AMOUNT
from console.prospect import seats_in_words
from console.schema_form import Field
from reviews.editing import outlook
from reviews.exceptions import KindRefused, NothingChanged
from workspaces.exceptions import Unprocessable

type Errors = Iterable[Mapping[str, str]]

CODED = re.compile(r"does not match|should match pattern|is not valid under any of")


class Unexplained(KindRefused):
    """Somebody changed arguments on the page and did not say why; a program may leave it out."""


@dataclass(frozen=True, slots=True)
class Control:
    """One field of the form, as it was sent where it was refused."""

    field: Field
    shown: str
    is_given: bool
    error: str = ""
    has_focus: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether it differs from what people were asked about."""
        return self.shown != self.field.shown or self.is_given != self.field.is_given


@dataclass(frozen=True, slots=True)
class Check:
    """What an edit would come to, while it is written: what the rules would say and how it would be called, or else
    what is wrong and in which controls, or nothing."""

    result: str = ""
    title: str = ""
    problem: str = ""
    wrong: tuple[str, ...] = ()
    beyond: str = ""


def controls(card: Card, sent: Mapping[str, str] | None = None, errors: Errors = ()) -> list[Control]:
    """The fields in order; with what was `sent` and refused, each beside its own error."""
    found = [_control(one, sent, errors) for one in card.proposal.fields]
    first = next((one for one in found if one.error), found[0] if found else None)
    return [replace(one, has_focus=one is first) for one in found]


def _control(one: Field, sent: Mapping[str, str] | None, errors: Errors) -> Control:
    if sent is None or one.name not in sent:
        return Control(one, one.shown, one.is_given)
    place = one.name.removeprefix("arg:")
    said = [in_words(one, error["message"]) for error in errors if is_about(place, error["path"])]
    is_given = f"given:{one.name}" in sent if one.may_be_left_out else one.is_given
    return Control(one, sent[one.name], is_given, " ".join(dict.fromkeys(said)))


def is_about(place: str, path: str) -> bool:
    """Whether an error is about what stands at that place, or inside it."""
    return path == place or path.startswith(f"{place}/")


def as_sent(card: Card, sent: Mapping[str, str], refusal: Unprocessable) -> dict[str, Any]:
    """The form with what was sent and refused; only a reason that lacks is asked for where it belongs."""
    found: dict[str, Any] = {"controls": controls(card, sent, refusal.errors), "reason": sent.get("reason", "")}
    if not isinstance(refusal, Unexplained):
        return found | {"elsewhere": elsewhere(card, refusal)}
    found["controls"] = [replace(one, has_focus=False) for one in found["controls"]]
    return found | {"reason_error": str(refusal)}


def elsewhere(card: Card, refusal: Unprocessable) -> str:
    """What is wrong with none of the fields; the refusal itself where nothing is wrong with any."""
    places = [one.name.removeprefix("arg:") for one in card.proposal.fields]
    if not refusal.errors:
        return str(refusal)
    rest = [error for error in refusal.errors if not any(is_about(place, error["path"]) for place in places)]
    return " ".join(error["message"] for error in rest)


def in_words(one: Field, message: str) -> str:
    """What is wrong; a pattern is for machines, so the description and an example say what is expected."""
    if not CODED.search(message):
        return legible(message)
    examples = [f"For example {example}." for example in one.schema.get("examples", [])[:1]]
    return legible(" ".join(filter(None, ["This does not fit.", one.schema.get("description", ""), *examples])))


def check(card: Card, sent: Mapping[str, str]) -> Check:
    """Schema and rules on what was typed so far; nothing is written."""
    approval = card.approval
    try:
        args = schema_form.read(card.proposal.schema, card.proposal.args, sent)
        title, found = outlook(approval, args, seen=bytes(approval.digest))
    except NothingChanged:
        return Check()
    except Unprocessable as refusal:
        return _problem(card, sent, refusal)
    return Check(compared(approval.explanation, found), title, beyond=beyond(card, args))


def beyond(card: Card, args: Mapping[str, Any]) -> str:
    """An amount above all that were looked up: perhaps a slip, and perhaps more than the tool will do."""
    known = [(float(reading.said), label) for label, reading in card.proposal.facts if AMOUNT.fullmatch(reading.said)]
    typed = [one for one in schema_form.fields(card.proposal.schema, args) if AMOUNT.fullmatch(one.text)]
    highest, label = max(known, default=(inf, ""))
    above = [one.label for one in typed if float(one.text) > highest]
    return (
        f"{', '.join(above)} is above every amount looked up: the highest is {label} {highest:,.2f}." if above else ""
    )


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What the rules say now beside what they said before."""
    if all(before.get(part) == after.get(part) for part in ("decision", "why", "requirement")):
        return "same result"
    return f"{after['why'].rstrip('.')}: {seats_in_words(after['requirement'])}"


def _problem(card: Card, sent: Mapping[str, str], refusal: Unprocessable) -> Check:
    wrong = [one for one in controls(card, sent, refusal.errors) if one.error]
    said = [*(f"{one.field.label}: {one.error}" for one in wrong), elsewhere(card, refusal)]
    return Check(problem=" ".join(said).strip(), wrong=tuple(one.field.name for one in wrong))
