"""`@tool`: a typed function becomes something that agents may propose to call."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, get_args, overload

from agents.tools import docstring, registry
from agents.tools.exceptions import InvalidSchema, InvalidTool
from agents.tools.lookups import Lookup, as_lookup
from agents.tools.signature import signature_of
from agents.tools.spec import ToolSpec
from agents.tools.summary import paths
from agents.tools.types import Effect, Reach
from agents.tools.validation import validator
from workspaces.exceptions import CanonicalError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
MAX_TIMEOUT = 3600

Function = Callable[..., Any]


@overload
def tool(function: Function, /) -> ToolSpec: ...
@overload
def tool(
    *,
    effect: Effect = ...,
    reaches: Reach = ...,
    timeout: float = ...,
    retries: int = ...,
    summary: str = ...,
    lookups: Sequence[Lookup | ToolSpec] = ...,
    done: str = ...,
    simulate: Function | None = ...,
    name: str | None = ...,
) -> Callable[[Function], ToolSpec]: ...
def tool(  # noqa: PLR0913  # the words of a declaration, each with a default
    function: Function | None = None,
    /,
    *,
    effect: Effect = "unsafe",
    reaches: Reach = "inside",
    timeout: float = 30,
    retries: int = 0,
    summary: str = "",
    lookups: Sequence[Lookup | ToolSpec] = (),
    done: str = "",
    simulate: Function | None = None,
    name: str | None = None,
) -> ToolSpec | Callable[[Function], ToolSpec]:
    """Declare a typed function as a tool and register it; raises InvalidTool with a sentence.

    `effect` says whether repeating a call is harmless (`read`), harmless under the same key (`keyed`) or neither
    (`unsafe`, the default); `reaches` whether something leaves the house. `summary` is the title that people read,
    such as "Refund {amount:money} to {customer.name}"; `lookups` are read tools that find what it needs, and
    `done` is the fact that says how much of this was done before.
    """

    def declare(function: Function) -> ToolSpec:
        description, described = docstring.parse(function.__doc__)
        signature = signature_of(function, described)
        spec = ToolSpec(
            name=name or function.__name__,
            description=description,
            schema=signature.schema,
            effect=effect,
            reaches=reaches,
            timeout=timeout,
            retries=retries,
            summary=summary,
            lookups=tuple(as_lookup(lookup, signature.schema) for lookup in lookups),
            done=done,
            simulate=simulate,
            function=function,
            signature=signature,
        )
        check(spec)
        return registry.register(spec)

    return declare if function is None else declare(function)


def check(spec: ToolSpec) -> None:
    """Raise InvalidTool with a sentence unless the declaration makes sense."""
    for about in (_about_words, _about_numbers, _about_code, _about_summary, _about_done):
        if complaint := about(spec):
            raise InvalidTool(f"Tool {spec.name!r} cannot be declared: {complaint}")
    _check_schema(spec)


def _about_words(spec: ToolSpec) -> str:
    if not NAME.fullmatch(spec.name):
        return "its name must be 1 to 64 letters, digits, - or _, starting with a letter."
    if not spec.description:
        return "it needs a docstring, which tells the model what it does."
    if spec.effect not in get_args(Effect):
        return f"effect must be one of {', '.join(get_args(Effect))}, not {spec.effect!r}."
    if spec.reaches not in get_args(Reach):
        return f"reaches must be one of {', '.join(get_args(Reach))}, not {spec.reaches!r}."
    return ""


def _about_numbers(spec: ToolSpec) -> str:
    if not 0 < spec.timeout <= MAX_TIMEOUT:
        return f"timeout must be more than 0 and at most {MAX_TIMEOUT} seconds."
    if not isinstance(spec.retries, int) or spec.retries < 0:
        return "retries must be 0 or more."
    if spec.retries and spec.effect == "unsafe":
        return "an unsafe tool is never repeated, so it has no retries."
    return ""


def _about_code(spec: ToolSpec) -> str:
    if inspect.iscoroutinefunction(spec.function):
        return "a tool is an ordinary function, not an async one."
    if inspect.isgeneratorfunction(spec.function) or inspect.isasyncgenfunction(spec.function):
        return "a tool returns its result, it does not yield."
    if spec.simulate and spec.function and _parameters(spec.simulate) != _parameters(spec.function):
        return "its simulation must take the same parameters."
    return ""


def _parameters(function: Function) -> list[str]:
    return list(inspect.signature(function).parameters)


def _about_summary(spec: ToolSpec) -> str:
    try:
        roots = {path.partition(".")[0] for path in paths(spec.summary)}
    except ValueError as error:
        return f"its summary cannot be read: {error}."
    unknown = sorted(roots - set(spec.schema["properties"]))
    if unknown and not spec.lookups:
        return f"its summary names {', '.join(unknown)}, which is neither a parameter nor found by a lookup."
    return ""


def _about_done(spec: ToolSpec) -> str:
    if spec.done and spec.done.partition(".")[0] not in {lookup.fact for lookup in spec.lookups}:
        return f"done names {spec.done}, which no lookup finds."
    return ""


def _check_schema(spec: ToolSpec) -> None:
    try:
        validator(spec.schema)
        spec.digest()
    except (InvalidSchema, CanonicalError) as error:
        raise InvalidTool(f"Tool {spec.name!r} cannot be declared: {error}") from error
