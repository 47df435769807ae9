"""The performing of one call, in the thread that asks for it."""

import logging
from typing import Any

import orjson
from pydantic import ValidationError

from agents.exceptions import said
from agents.tools.exceptions import ToolError
from agents.tools.results import UnusableResult, text_of
from agents.tools.spec import ToolSpec
from agents.tools.types import CallContext, Effect, ToolResult, failed, lost
from workspaces import logs

MAX_MESSAGE = 2000
UNENCODABLE = str.maketrans({"\x00": "\N{REPLACEMENT CHARACTER}"})

logger = logging.getLogger(__name__)


def perform(spec: ToolSpec, args: bytes, context: CallContext) -> ToolResult:
    """Call the tool with canonical `args`; whatever happens comes back as a result, nothing is raised."""
    with logs.about(**context.named()):
        try:
            return _perform(spec, args, context)
        except BaseException as error:  # noqa: BLE001  # what it says of its own failure is foreign code too
            return lost(spec.effect, "exception", type(error).__name__)


def _perform(spec: ToolSpec, args: bytes, context: CallContext) -> ToolResult:
    try:
        values = _values(spec, args)
    except ValidationError as error:
        return failed("arguments_refused", f"{spec.name} was not entered: {_said(error)}")
    try:
        returned = spec(context, **values) if _takes_context(spec) else spec(**values)
    except ToolError as error:
        return _declined(error)
    except BaseException as error:  # noqa: BLE001  # foreign code: nothing it raises may end the worker
        return _raised(spec, error)
    return _returned(spec, returned)


def _values(spec: ToolSpec, args: bytes) -> dict[str, Any]:
    return spec.signature.read(args) if spec.signature else orjson.loads(args)


def _takes_context(spec: ToolSpec) -> bool:
    return spec.signature is not None and spec.signature.takes_context


def _declined(error: ToolError) -> ToolResult:
    explanation = {"explanation": _clean(str(error.explanation))} if error.explanation else {}
    return failed(_clean(str(error.type)), _said(error), retryable=bool(error.retryable), **explanation)


def _raised(spec: ToolSpec, error: BaseException) -> ToolResult:
    """The traceback goes to the log alone; a SystemExit is a process that wanted to end."""
    logger.warning("Tool %s raised %s\n%s", spec.name, type(error).__name__, logs.frames(error))
    message = f"{type(error).__name__}: {_said(error)}".removesuffix(": ")
    return lost(spec.effect, "crashed" if isinstance(error, SystemExit) else "exception", message)


def _returned(spec: ToolSpec, returned: Any) -> ToolResult:
    try:
        return ToolResult("succeeded", text_of(returned))
    except UnusableResult as error:
        return _unusable(spec.effect, error.type, str(error))
    except BaseException as error:  # noqa: BLE001  # a result is foreign code too: its properties run while it is read
        return _unusable(
            spec.effect, "unreadable", f"The result cannot be read: {type(error).__name__}: {_said(error)}"
        )


def _unusable(effect: Effect, type: str, message: str) -> ToolResult:
    """A read that says nothing usable has failed. Anything else has returned, so it happened: were it called failed,
    the model would do it again; were it called unknown, a person would be asked what the tool has just told us."""
    reason = {"type": type, "message": _clean(message)}
    if effect == "read":
        return failed(type, reason["message"])
    return ToolResult("succeeded", text_of({"unreadable_result": reason}))


def _said(error: BaseException) -> str:
    """The message of an exception, which is foreign code as well."""
    return _clean(said(error))


def _clean(text: str) -> str:
    """Text that can be stored: no NUL, no lone surrogates, of a bounded length."""
    return text[:MAX_MESSAGE].translate(UNENCODABLE).encode(errors="replace").decode()
