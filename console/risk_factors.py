"""What sets a call apart from earlier ones of its tool: each thing by name, never summed up to a number."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from statistics import median
from typing import Any

from django.db.models import BinaryField, ExpressionWrapper, F

from agents.blobs import is_reference
from agents.models import CallStatus, ToolCall
from agents.runtime.text import loads
from agents.tools.legible import legible
from console.schema_form import Field

LATEST = 100  # calls of the tool, the newest, of which those that were done count
ENOUGH = 5  # so many say what is usual
FAR = 3  # times what is usual
SHORT, READABLE_BYTES = 80, 20_000


def earlier_args(call: ToolCall) -> list[dict[str, Any]]:
    """The arguments of the calls of this tool that had been done when it was proposed, among the newest; large ones are
    not fetched."""
    same = ToolCall.objects.filter(workspace=call.workspace_id, tool=call.tool, pk__lt=call.pk).order_by("-pk")
    stored = ExpressionWrapper(F("args"), output_field=BinaryField())  # as it is kept, which may be a reference
    newest = same.annotate(stored=stored).values_list("status", "finished_at", "stored")[:LATEST]
    succeeded = ((at, bytes(args)) for status, at, args in newest if status == CallStatus.SUCCEEDED)
    done = [args for at, args in succeeded if at is None or at <= call.created_at]
    return [loads(args) for args in done if len(args) < READABLE_BYTES and not is_reference(args.decode())]


type Shown = Callable[[Field, Any], str]


def factors(fields: Iterable[Field], earlier: list[dict[str, Any]], as_money: Shown) -> list[str]:
    """In sentences; empty where nothing is unusual, or too little is known."""
    if not earlier:
        return ["There was no recent call of this tool to compare it with."]
    found = compared(fields, earlier, as_money)
    counted = "was only 1 recent call" if len(earlier) == 1 else f"were only {len(earlier)} recent calls"
    few = f"There {counted} to compare it with: too few to tell what is usual."
    return found if found or len(earlier) >= ENOUGH else [few]


def compared(fields: Iterable[Field], earlier: list[dict[str, Any]], as_money: Shown) -> list[str]:
    """What differs from earlier calls."""
    given = [field for field in fields if field.is_given]
    return [said for field in given for said in _about(field, [dig(args, field.path) for args in earlier], as_money)]


def _about(field: Field, before: list[Any], as_money: Shown) -> Iterator[str]:
    """What one argument adds, beside the values that it had before."""
    value = number(field.value)
    numbers = [known for one in before if (known := number(one)) is not None]
    if value is not None and len(numbers) >= ENOUGH:
        yield from _far(field, value, numbers, as_money)
    elif value is None and isinstance(field.value, str) and len(field.value) <= SHORT:
        yield from _new(field, [one for one in before if isinstance(one, str)])


def _far(field: Field, value: float, before: list[float], as_money: Shown) -> Iterator[str]:
    usual = median(before)
    if usual > 0 and value > FAR * usual:
        times, shown = f"{value / usual:.3g}", as_money(field, round(usual, 4)) or f"{usual:,.12g}"
        yield f"{field.label} is {times} times what was usual: {shown}, the middle of {len(before)} calls."


def _new(field: Field, before: list[str]) -> Iterator[str]:
    """A value that was never there, where values come again: what differs each time says nothing."""
    if len(before) >= ENOUGH and len(set(before)) <= len(before) / 2 and field.value not in before:
        yield f"{field.label} had never been “{legible(field.value)}” in the last {len(before)} calls."


def dig(args: Mapping[str, Any], path: Iterable[str]) -> Any:
    """The value at that place; None where there is none."""
    found: Any = args
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def number(value: Any) -> float | None:
    """A number, or the one that a text is: amounts are often texts."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None
