"""From a function's type hints to the JSON schema that the model sees, and from arguments back to Python values."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema, to_jsonable_python

from agents.tools.exceptions import InvalidTool
from agents.tools.types import CallContext
from agents.tools.validation import problem

DECIMAL = "^-?[0-9]{1,20}([.][0-9]{1,20})?$"
NAMED_SCHEMAS = ("properties", "$defs")
PLAIN_VALUES = ("default", "const", "enum", "examples", "required")


@dataclass(frozen=True, slots=True)
class Signature:
    """A tool's parameters."""

    schema: dict[str, Any]
    takes_context: bool
    adapter: TypeAdapter[dict[str, Any]]

    def read(self, args: bytes) -> dict[str, Any]:
        """Canonical arguments as the Python values that the function declares; raises ValidationError."""
        return self.adapter.validate_json(args)

    def problems(self, args: bytes) -> list[dict[str, str]]:
        """What the types refuse and the schema cannot say, such as the bounds of a decimal in a string."""
        try:
            self.read(args)
        except ValidationError as error:
            return [problem(one["loc"], one["msg"]) for one in error.errors(include_url=False, include_context=False)]
        return []


def signature_of(function: Callable[..., Any], descriptions: dict[str, str]) -> Signature:
    """The signature of a tool; raises InvalidTool with a sentence where the function cannot be one."""
    hints, parameters = _hints(function), list(inspect.signature(function).parameters.values())
    takes_context = bool(parameters) and _is_context(parameters[0], hints)
    fields = {parameter.name: _field(function, parameter, hints) for parameter in parameters[takes_context:]}
    adapter, schema = _adapter(function, fields)
    for parameter in parameters[takes_context:]:
        said = descriptions.get(parameter.name) or _annotated_text(hints[parameter.name])
        schema["properties"][parameter.name] |= _default(function, parameter) | ({"description": said} if said else {})
    return Signature(schema, takes_context, adapter)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise InvalidTool(f"The type hints of {function.__qualname__} cannot be read: {error}.") from error


def _is_context(parameter: inspect.Parameter, hints: dict[str, Any]) -> bool:
    return parameter.name == "context" and hints.get("context") is CallContext


def _field(function: Callable[..., Any], parameter: inspect.Parameter, hints: dict[str, Any]) -> Any:
    where = _place(function, parameter)
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise InvalidTool(f"{where} must be an ordinary parameter: a tool is called with named arguments.")
    if parameter.name not in hints:
        raise InvalidTool(f"{where} needs a type hint: the model is told what it may send.")
    hint = hints[parameter.name]
    return hint if parameter.default is parameter.empty else NotRequired[hint]


def _annotated_text(hint: Any) -> str | None:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, str)), None)


def _default(function: Callable[..., Any], parameter: inspect.Parameter) -> dict[str, Any]:
    """Said in the schema only: an absent argument stays absent, so that what is approved is what was proposed."""
    if parameter.default is parameter.empty:
        return {}
    try:
        return {"default": to_jsonable_python(parameter.default)}
    except PydanticSerializationError as error:
        raise InvalidTool(f"{_place(function, parameter)} has a default that is not JSON.") from error


def _place(function: Callable[..., Any], parameter: inspect.Parameter) -> str:
    return f"Parameter {parameter.name!r} of {function.__qualname__}"


def _adapter(function: Callable[..., Any], fields: dict[str, Any]) -> tuple[TypeAdapter[Any], dict[str, Any]]:
    arguments = cast(Any, TypedDict)(function.__name__, fields)
    arguments.__pydantic_config__ = ConfigDict(extra="forbid")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(arguments)
        return adapter, _closed(adapter.json_schema(schema_generator=_Schema))
    except PydanticUserError as error:
        raise InvalidTool(f"The parameters of {function.__qualname__} have no JSON schema: {error.message}") from error


class _Schema(GenerateJsonSchema):
    """Decimals travel as strings: a JSON number may lose digits on its way."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "string", "pattern": DECIMAL}


def _closed(schema: Any) -> Any:
    """Without titles, which say nothing new, and with every object closed to properties that nobody declared."""
    if isinstance(schema, list):
        return [_closed(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _member(key, value) for key, value in schema.items() if key != "title"}
    return {"additionalProperties": False, **closed} if "properties" in closed else closed


def _member(key: str, value: Any) -> Any:
    if key in PLAIN_VALUES:
        return value
    if key in NAMED_SCHEMAS:
        return {name: _closed(schema) for name, schema in value.items()}
    return _closed(value)
