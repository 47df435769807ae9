"""What templates say often: icons, people, figures, and text with everything in it visible."""

import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from agents.gateway.pricing import FREE_PROVIDERS
from agents.models import AgentVersion, Run, ToolCall
from agents.tools.legible import clip
from agents.tools.legible import legible as visible
from agents.tools.question import QUESTION
from console import considered, facts, figures, prose, standing
from console.card import ON_EXPIRY, UNANSWERED
from console.facts import Fact
from console.truth import Part
from reviews.models import Decision, Rule

register = template.Library()

AVATAR_COLOURS = 4
MAX_VALUE = 60
HOT_SECONDS = 5 * 60  # as in static/js/countdown.js
KIND_WORDS = {
    "approve": "approved",
    "edit": "edited the arguments",
    "reject": "rejected",
    "respond": "answered instead",
    "happened": "said that it happened",
    "did_not_happen": "said that it did not happen",
    "retry": "asked for a retry",
}

STOPS = {
    "end_turn": "end of turn",
    "tool_use": "tool use",
    "max_tokens": "token limit",
    "stop_sequence": "stop sequence",
}

register.filter("duration", figures.duration)
register.filter("dollars", figures.dollars)
register.filter("short", figures.short)
register.filter("unwrapped", prose.unwrapped)
register.filter("in_words", facts.in_words)


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str, size: str = "") -> SafeString:
    """A drawing of our sprite; decoration, so the words beside it have to say what it means."""
    sprite = static("sprite.svg")
    return format_html('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', size, sprite, name)


@register.simple_tag
def icon_in(name: str) -> SafeString:
    """A drawing in the middle of the ring of a timer."""
    return format_html('<use href="{}#{}" x="12.5" y="12.5" width="15" height="15"/>', static("sprite.svg"), name)


@register.simple_tag
def avatar(name: str, state: str = "") -> SafeString:
    """A person's disc; its colour stays the same."""
    colour = zlib.crc32(name.encode()) % AVATAR_COLOURS
    letters = figures.initials(name)
    return format_html('<span class="av {}" aria-hidden="true">{}</span>', state or f"a{colour}", letters)


@register.simple_tag
def moment(value: datetime | None, style: str = "clock") -> SafeString | str:
    """A time; static/js/local_time.js shows it in the reader's zone."""
    if value is None:
        return ""
    return format_html(
        '<time datetime="{}" data-local="{}" title="{} UTC">{}</time>',
        value.isoformat(timespec="milliseconds" if style == "exact" else "seconds"),
        style,
        value.strftime("%Y-%m-%d %H:%M:%S"),
        figures.clock(value),
    )


@register.simple_tag
def instant(value: datetime | None) -> str:
    """A time to be printed: with its day, in full, in one zone."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if value else ""


@register.simple_tag
def standing_of(thing: Run | ToolCall) -> standing.Standing:
    """How a run or a call stands: a word and a tone."""
    return standing.of_run(thing) if isinstance(thing, Run) else standing.of_call(thing)


@register.filter
def then(rule: Rule) -> str:
    """What happens when nobody decides in time, as the card of such a request says it."""
    is_question = rule.tool == QUESTION.name and rule.on_expiry == Rule.Expiry.REJECT
    return UNANSWERED if is_question else ON_EXPIRY.get(rule.on_expiry, "")


register.filter("otherwise", standing.otherwise)
register.filter("plain_condition", considered.plain)


@register.simple_tag
def remedy_of(run: Run) -> str:
    """What can be done about a run that the runtime set aside."""
    return standing.remedy(run)


@register.simple_tag
def started_by(run: Run) -> str:
    """Who started a run."""
    if run.started_by_token and run.started_by_token.kind == "service":
        return f"key {run.started_by_token.name}"
    return str(run.started_by or "Countersign")


@register.filter
def attr(thing: Any, name: str) -> Any:
    """An attribute of what a filter gave."""
    return getattr(thing, name, "")


@register.filter
def is_scripted(version: AgentVersion) -> bool:
    """Whether a scripted model speaks, which every page has to say."""
    return any(link.get("provider") == "scripted" for link in version.chain)


@register.filter
def spent(run: Run) -> str:
    """What a run cost, which may be nothing; or that the list of prices has none for its models."""
    is_free = all(link.get("provider") in FREE_PROVIDERS for link in run.version.chain)
    return figures.dollars(run.cost) if run.cost or is_free or not run.tokens else "unknown"


@register.filter
def legible(value: Any) -> str:
    """Text with what cannot be seen written out, and credentials hidden; line breaks and tabs stay."""
    return visible(str(value), "\n\t")


@register.filter
def pieces(parts: Iterable[Part]) -> SafeString:
    """Parts of a text; what stands for characters that cannot be seen, or were left out, is told from the rest."""
    marked = '<mark class="{1}">{0}</mark>'
    return mark_safe("".join(format_html(marked if part.kind else "{0}", part.text, part.kind) for part in parts))


@register.filter
def marking(value: Any, passages: Collection[str] = ()) -> SafeString:
    """Legible text with these passages in it marked."""
    text = legible(value)
    known = [legible(passage) for passage in sorted(passages, key=len, reverse=True)]
    found = re.split(f"({'|'.join(map(re.escape, known))})", text) if known else [text]
    marked = (format_html("<mark>{}</mark>" if place % 2 else "{}", part) for place, part in enumerate(found))
    return mark_safe("".join(marked))


@register.filter
def mentioning(text: str, names: Collection[str]) -> SafeString:
    """Legible text with the @names in it marked that are people's here."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    found = re.split(rf"(?i)(?<![\w.@+-])(@(?:{known}))(?![\w@+-])", legible(text)) if known else [legible(text)]
    marked = (
        format_html('<mark class="at">{}</mark>' if place % 2 else "{}", part) for place, part in enumerate(found)
    )
    return mark_safe("".join(marked))


@register.filter
def gist(pairs: Iterable[Fact], passages: Collection[str] = ()) -> SafeString:
    """Pairs of name and value in a line, those with a passage first."""
    ranked = sorted(pairs, key=lambda pair: not any(passage in pair[1].said for passage in passages))
    said = [f"{label} {clip(reading.text, MAX_VALUE)}".strip() for label, reading in ranked]
    return marking(" · ".join(said), passages)


@register.filter
def of(found: Mapping[str, Any], name: str) -> Any:
    """What a mapping has under that name."""
    return found.get(name)


@register.simple_tag
def risk_bars(risk: str) -> SafeString:
    """One to three bars; the word is said to those who do not see them."""
    bars = '<span class="risk" data-level="{}" role="img" aria-label="{} risk"><i></i><i></i><i></i></span>'
    return format_html(bars, risk, risk.capitalize())


@register.simple_tag
def pips(filled: int, total: int) -> SafeString:
    """A dot for each seat, the filled ones first."""
    dots = mark_safe('<i class="on"></i>' * filled + "<i></i>" * (total - filled))  # two numbers, nothing of a person's
    said = '<span class="pips" role="img" aria-label="{} of {} approvals">{}</span>'
    return format_html(said, filled, total, dots)


@register.simple_tag
def countdown(asked: datetime, deadline: datetime, now: datetime) -> SafeString:
    """The time left in a row; static/js/countdown.js counts on."""
    seconds, whole = max(0, round((deadline - now).total_seconds())), round((deadline - asked).total_seconds())
    said = '<time class="{}" data-seconds="{}" data-of="{}">{}</time>'
    return format_html(said, urgency(seconds, whole), seconds, whole, figures.duration(seconds))


@register.filter
def urgency(left: int, whole: int) -> str:
    """The tone of the time left: hot at the very end, soon in the last quarter."""
    return "hot" if left < HOT_SECONDS else "soon" if left < whole / 4 else ""


@register.filter
def words(made: Decision) -> str:
    """What somebody decided, in the past tense; a question is answered in nobody's place."""
    is_answer = made.kind == "respond" and made.approval.subject_kind == "question"
    return "answered" if is_answer else KIND_WORDS.get(made.kind, made.kind)


@register.filter
def stop_words(stop: str) -> str:
    """Why a model's turn ended; what a provider calls otherwise is told as it is."""
    return STOPS.get(stop, stop)


@register.filter
def thousands(value: int) -> str:
    """11,486."""
    return f"{value:,}"


@register.filter(name="hex")
def hexadecimal(value: bytes | memoryview) -> str:
    """Bytes as digits."""
    return bytes(value).hex()
