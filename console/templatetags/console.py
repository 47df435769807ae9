"""What templates say often: icons, people, figures, and text with everything in it visible."""

import zlib
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.models import AgentVersion, Run, ToolCall
from agents.tools.legible import legible as visible
from console import figures, standing

register = template.Library()

AVATAR_COLOURS = 4

register.filter("duration", figures.duration)
register.filter("dollars", figures.dollars)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A drawing of our sprite; decoration, so the words beside it have to say what it means."""
    sprite = static("sprite.svg")
    return format_html('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', size, sprite, name)


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
        value.isoformat(timespec="seconds"),
        style,
        value.strftime("%Y-%m-%d %H:%M:%S"),
        figures.clock(value),
    )


@register.simple_tag
def standing_of(thing: Run | ToolCall) -> standing.Standing:
    """How a run or a call stands: a word and a tone."""
    return standing.of_run(thing) if isinstance(thing, Run) else standing.of_call(thing)


@register.simple_tag
def started_by(run: Run) -> str:
    """Who started a run."""
    if run.started_by_token and run.started_by_token.kind == "service":
        return f"key {run.started_by_token.name}"
    return str(run.started_by or "the system")


@register.filter
def is_scripted(version: AgentVersion) -> bool:
    """Whether a scripted model speaks, which every page has to say."""
    return any(link.get("provider") == "scripted" for link in version.chain)


@register.filter
def legible(value: Any) -> str:
    """Text with what cannot be seen written out; line breaks and tabs stay."""
    return "".join(part if part in "\n\t" else visible(part) for part in str(value))


@register.filter
def thousands(value: int) -> str:
    """11,486."""
    return f"{value:,}"


@register.filter(name="hex")
def hexadecimal(value: bytes | memoryview) -> str:
    """Bytes as digits."""
    return bytes(value).hex()
