"""Arguments as a form made from their JSON schema, and back: what nobody touches stays exactly as it was."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from agents.tools import credentials
from agents.tools.legible import legible
from workspaces import canonical
from workspaces.exceptions import CanonicalError, Unprocessable

MAX_DEPTH = 3
LONG = 90
SCALARS = {"string", "number", "integer", "boolean"}
ABSENT: Any = object()

type Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One place in the arguments. `kind` chooses the control; `json` takes whatever nothing else fits."""

    path: tuple[str, ...]
    kind: str
    value: Any
    schema: Schema = field(default_factory=dict)
    is_required: bool = False
    is_nullable: bool = False

    @property
    def name(self) -> str:
        """What the browser sends it as."""
        return "arg:" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in self.path)

    @property
    def label(self) -> str:
        """What people read."""
        return legible(".".join(self.path))

    @property
    def words(self) -> str:
        """Its kind and limits, in words."""
        said = [{"lines": "list, one a line", "json": "JSON", "longtext": "string"}.get(self.kind, self.kind)]
        said += [f"at least {self.schema['minimum']}"] if "minimum" in self.schema else []
        said += [f"at most {self.schema['maximum']}"] if "maximum" in self.schema else []
        return ", ".join(said + (["required"] if self.is_required else []))

    @property
    def limits(self) -> str:
        """The same for who only reads: a text that is there needs no words."""
        return ", ".join(word for word in self.words.split(", ") if word not in ("string", "required"))

    @property
    def is_given(self) -> bool:
        """Whether there is a value."""
        return self.value is not ABSENT and not (self.value is None and self.is_nullable)

    @property
    def may_be_left_out(self) -> bool:
        """Whether the form asks if there is a value at all."""
        return self.is_nullable or not self.is_required

    @property
    def text(self) -> str:
        """The value as the control holds it."""
        return text_of(self.kind, self.value) if self.is_given else ""

    @property
    def shown(self) -> str:
        """The same with its credentials hidden: sent back like this, they stay as they are."""
        return credentials.hidden(self.text)

    @property
    def warning(self) -> str:
        """The value with what cannot be seen written out, where there is such."""
        plain = self.shown.replace("\n", " ")
        return shown if (shown := legible(plain)) != plain else ""

    @property
    def options(self) -> list[tuple[str, str]]:
        """What a choice offers: how it is sent, and how it reads."""
        offered = [True, False] if self.kind == "boolean" else self.schema.get("enum", [])
        return [
            (text_of("choice", one), legible(one if isinstance(one, str) else text_of("json", one))) for one in offered
        ]

    def read(self, sent: Mapping[str, str]) -> Any:
        """The value that was sent; a text that is still what the control held is the very value it came from."""
        text = sent.get(self.name)
        if self.kind == "const" or text is None:
            return self.value
        if self.may_be_left_out and f"given:{self.name}" not in sent:
            return self.value if not self.is_given else None if self.is_required else ABSENT
        text = text.replace("\r\n", "\n")
        was_shown = self.is_given or not self.may_be_left_out
        is_same = was_shown and text == self.shown.replace("\r\n", "\n")
        return self.value if is_same else self._typed(self._whole(text))

    def _typed(self, text: str) -> Any:
        try:
            return value_of(self.kind, text, self.schema)
        except CanonicalError as error:
            raise self._refusal(str(error)) from error

    def _whole(self, text: str) -> str:
        """What was typed, unless it has a part whose credential nobody was shown."""
        stand_ins = [credentials.stand_in(*one) for one in credentials.found(self.text).items()]
        if any(one in text for one in stand_ins):
            raise self._refusal("It holds a hidden credential: leave it as it is, or replace all of it.")
        return text

    def _refusal(self, sentence: str) -> Unprocessable:
        return Unprocessable(sentence, [{"path": self.name.removeprefix("arg:"), "message": sentence}])


def fields(schema: Schema, args: Mapping[str, Any]) -> list[Field]:
    """The fields of some arguments, in the order of the schema; what it does not name comes last."""
    return list(_fields(schema, schema, args, ()))


def read(schema: Schema, args: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    """The arguments as they were sent."""
    result: dict[str, Any] = {}
    for one in fields(schema, args):
        value = one.read(sent)
        if value is not ABSENT:
            _put(result, one.path, value)
    return result


def _put(result: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *way, last = path
    for step in way:
        result = result.setdefault(step, {})
    result[last] = value


def _fields(root: Schema, schema: Schema, args: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Field]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    for name in [*properties, *(name for name in args if name not in properties)]:
        inner, is_nullable = resolved(root, properties.get(name, {}))
        place, value = (*path, name), args.get(name, ABSENT)
        if is_object(inner) and isinstance(value, dict) and value and len(place) < MAX_DEPTH:
            yield from _fields(root, inner, value, place)
        else:
            kind = "json" if value is None and not is_nullable else kind_of(inner, value)
            yield Field(place, kind, value, inner, name in required, is_nullable)


def resolved(root: Schema, schema: Schema) -> tuple[Schema, bool]:
    """The schema without references of its own document, and whether null is allowed beside it."""
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return resolved(root, {**root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {}), **rest})
    types = schema.get("type")
    if isinstance(types, list) and "null" in types and len(types) == 2:
        return {**schema, "type": next(one for one in types if one != "null")}, True
    others = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(others) == 1 and len(schema["anyOf"]) == 2:
        return resolved(root, others[0])[0], True
    return schema, False


def is_object(schema: Schema) -> bool:
    """Whether its properties can be fields of their own."""
    return schema.get("type") == "object" and bool(schema.get("properties"))


def kind_of(schema: Schema, value: Any) -> str:
    """The control for a value; one that does not fit its schema is shown as JSON."""
    if "const" in schema:
        return "const" if value is not ABSENT else "json"
    if "enum" in schema:
        return "choice" if value in (ABSENT, None) or value in schema["enum"] else "json"
    kind = schema.get("type")
    if kind == "array" and _is_list_of_scalars(schema, value):
        return "lines"
    if kind not in SCALARS or not fits(kind, value):
        return "json"
    if kind == "string":
        return "date" if schema.get("format") == "date" else _text_kind(schema, value)
    return str(kind)


def _text_kind(schema: Schema, value: Any) -> str:
    is_long = isinstance(value, str) and (len(value) > LONG or any(ord(one) < 32 for one in value))
    return "longtext" if is_long or schema.get("maxLength", 0) > 2 * LONG else "string"


def _is_list_of_scalars(schema: Schema, value: Any) -> bool:
    kind = schema.get("items", {}).get("type") if isinstance(schema.get("items"), dict) else None
    if kind not in SCALARS or not (value in (ABSENT, None) or isinstance(value, list)):
        return False
    members = value if isinstance(value, list) else []
    return all(
        fits(kind, one) and not (isinstance(one, str) and (not one or "\n" in one or "\r" in one)) for one in members
    )


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of a scalar type, or absent."""
    if value in (ABSENT, None):
        return True
    types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}
    return isinstance(value, types[kind]) and (kind == "boolean" or not isinstance(value, bool))  # type: ignore[arg-type]


def text_of(kind: str, value: Any) -> str:
    """A value as a control holds it."""
    if kind in ("string", "longtext", "date"):
        return str(value)
    if kind == "lines":
        return "\n".join(one if isinstance(one, str) else text_of("json", one) for one in value)
    return json.dumps(
        value, ensure_ascii=False, indent=2 if kind == "json" and isinstance(value, dict | list) else None
    )


def value_of(kind: str, text: str, schema: Schema) -> Any:
    """The value of what somebody typed; a text that is none of its kind stays text, and the schema refuses it."""
    match kind:
        case "json":
            return canonical.parse(text)
        case "lines":
            item = schema["items"]["type"]
            return [value_of(item, line.strip(), {}) for line in text.split("\n") if line.strip()]
        case "choice" | "boolean" | "number" | "integer":
            with suppress(CanonicalError):
                return canonical.parse(text.strip())
    return text
