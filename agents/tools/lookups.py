"""Trusted read tools that find what people need to know about a call before they decide."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connections

from agents.tools.exceptions import ArgumentsRefused, InvalidTool
from agents.tools.perform import perform
from agents.tools.spec import ToolSpec
from agents.tools.types import CallContext

SECONDS = 5.0
MISSING = object()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A read tool, what it is asked with (its parameter, path in the call's arguments), and the name of the fact."""

    tool: ToolSpec
    arguments: tuple[tuple[str, str], ...]
    fact: str


def lookup(tool: ToolSpec, *, as_: str = "", **arguments: str) -> Lookup:
    """`lookup(lookup_order, order_id="order.id", as_="order")`: the call's `order.id` becomes its `order_id`."""
    return Lookup(tool, tuple(arguments.items()), as_ or tool.name)


def as_lookup(asked: Lookup | ToolSpec, schema: Mapping[str, Any]) -> Lookup:
    """A lookup of a tool with this schema; a bare read tool is asked with the arguments that have the same names."""
    if isinstance(asked, ToolSpec):
        shared = [name for name in asked.schema["properties"] if name in schema["properties"]]
        asked = lookup(asked, **dict(zip(shared, shared, strict=True)))
    if complaint := _complaint(asked, schema):
        raise InvalidTool(f"Lookup {asked.tool.name!r} cannot be used: {complaint}")
    return asked


def _complaint(asked: Lookup, schema: Mapping[str, Any]) -> str:
    given, parameters = dict(asked.arguments), asked.tool.schema["properties"]
    if asked.tool.effect != "read":
        return "only a tool with effect read may look things up."
    if unknown := sorted(set(given) - set(parameters)):
        return f"it has no parameter {', '.join(unknown)}."
    if missing := sorted(set(asked.tool.schema.get("required", [])) - set(given)):
        return f"it needs {', '.join(missing)}."
    if foreign := sorted({path for path in given.values() if path.partition(".")[0] not in schema["properties"]}):
        return f"the call has no argument {', '.join(foreign)}."
    return ""


def look_up(spec: ToolSpec, args: Mapping[str, Any], context: CallContext, seconds: float = SECONDS) -> dict[str, Any]:
    """What the lookups of a call find, by name of the fact, within `seconds`; a failed one is {"error": …}."""
    inquiries = [Inquiry(lookup, args, context) for lookup in spec.lookups]
    for inquiry in inquiries:
        inquiry.start()
    ends = time.monotonic() + seconds
    return {inquiry.lookup.fact: inquiry.answer(ends - time.monotonic()) for inquiry in inquiries}


class Inquiry(threading.Thread):
    """One lookup, in a thread of its own: one that hangs is left behind and holds up nobody."""

    def __init__(self, lookup: Lookup, args: Mapping[str, Any], context: CallContext) -> None:
        super().__init__(name=f"lookup-{lookup.fact}", daemon=True)
        self.lookup, self.args, self.context = lookup, args, context
        self.found: Any = MISSING

    def run(self) -> None:
        try:
            self.found = self._find()
        finally:
            connections.close_all()

    def answer(self, seconds: float) -> Any:
        """What was found, waiting for it at most `seconds`."""
        self.join(max(seconds, 0))
        if self.found is MISSING:
            return _error("timeout", f"{self.lookup.tool.name} did not answer in time.")
        return self.found

    def _find(self) -> Any:
        tool = self.lookup.tool
        found = {parameter: dig(self.args, path) for parameter, path in self.lookup.arguments}
        try:
            asked = tool.prepare({parameter: value for parameter, value in found.items() if value is not MISSING})
        except ArgumentsRefused as refusal:
            return _error("arguments_refused", str(refusal), errors=refusal.errors)
        result = perform(tool, asked, self.context)
        return orjson.loads(result.value) if result.value is not None else {"error": result.error}


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path of nested objects, or MISSING."""
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return MISSING
        value = value[name]
    return value


def _error(type: str, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"type": type, "message": message, "retryable": True, **more}}
