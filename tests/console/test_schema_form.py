"""Arguments as a form and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.schema_form import ABSENT, Field, fields, read
from workspaces.exceptions import Unprocessable

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "amount": {"type": "number"},
        "urgent": {"type": "boolean"},
        "colour": {"enum": ["red", "green", 3]},
        "day": {"type": "string", "format": "date"},
        "kind": {"const": "refund"},
        "to": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "customer": {"$ref": "#/$defs/Customer"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "rest": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["name", "count", "amount", "urgent", "colour", "day", "kind", "to", "sizes", "customer", "note"],
    "$defs": {
        "Customer": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "a/b": {"type": "integer"}},
            "required": ["name"],
        }
    },
}
ARGS: dict[str, Any] = {
    "name": "Ada",
    "count": 2,
    "amount": 12.5,
    "urgent": False,
    "colour": "red",
    "day": "2026-01-31",
    "kind": "refund",
    "to": ["a@x", "b@x"],
    "sizes": [1, 2],
    "customer": {"name": "Marta", "a/b": 7},
    "note": None,
    "rest": [{"x": 1}],
}


def sent(schema: dict[str, Any], args: dict[str, Any], **changes: str) -> dict[str, str]:
    """What a browser sends: every control with its text, and the boxes that are ticked."""
    shown = fields(schema, args)
    form = {one.name: one.text for one in shown} | {f"arg:/{name}": text for name, text in changes.items()}
    return form | {
        f"given:{one.name}": "on" for one in shown if one.is_given or one.name.removeprefix("arg:/") in changes
    }


def field(name: str, schema: dict[str, Any] = SCHEMA, args: dict[str, Any] = ARGS) -> Field:
    return next(one for one in fields(schema, args) if one.label == name)


def test_each_type_has_its_control() -> None:
    assert {one.label: one.kind for one in fields(SCHEMA, ARGS)} == {
        "name": "string",
        "count": "integer",
        "amount": "number",
        "urgent": "boolean",
        "colour": "choice",
        "day": "date",
        "kind": "const",
        "to": "lines",
        "sizes": "lines",
        "customer.name": "string",
        "customer.a/b": "integer",
        "note": "string",
        "rest": "json",
    }


def test_what_nobody_touches_stays_as_it_was() -> None:
    assert read(SCHEMA, ARGS, sent(SCHEMA, ARGS)) == ARGS


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "12", "12"),
        ("name", "", ""),
        ("count", "3", 3),
        ("count", "3.5", 3.5),  # the schema refuses it, with its path
        ("count", "many", "many"),
        ("amount", " 7 ", 7),
        ("amount", "0.1", 0.1),
        ("amount", "NaN", "NaN"),
        ("amount", "1e400", "1e400"),
        ("amount", "9007199254740993", "9007199254740993"),
        ("urgent", "true", True),
        ("colour", "3", 3),
        ("colour", '"green"', "green"),
        ("day", "2026-02-01", "2026-02-01"),
        ("to", "c@x\r\n\r\n d@x ", ["c@x", "d@x"]),
        ("to", "", []),
        ("sizes", "3\n4", [3, 4]),
        ("sizes", "3\nfour", [3, "four"]),
        ("note", "hello", "hello"),
        ("rest", '[{"x": 2}]', [{"x": 2}]),
        ("name", "two\r\nlines", "two\nlines"),
    ],
)
def test_an_edit_keeps_its_type(name: str, text: str, value: Any) -> None:
    assert read(SCHEMA, ARGS, sent(SCHEMA, ARGS, **{name: text})) == ARGS | {name: value}


def test_a_nested_value_is_edited_in_its_place() -> None:
    form = sent(SCHEMA, ARGS) | {"arg:/customer/a~1b": "8"}

    assert read(SCHEMA, ARGS, form)["customer"] == {"name": "Marta", "a/b": 8}


def test_a_constant_cannot_be_changed() -> None:
    assert read(SCHEMA, ARGS, sent(SCHEMA, ARGS, kind="theft"))["kind"] == "refund"


def test_json_that_is_none_is_refused() -> None:
    with pytest.raises(Unprocessable, match="appears twice"):
        read(SCHEMA, ARGS, sent(SCHEMA, ARGS, rest='[{"x": 1, "x": 2}]'))


def test_an_optional_value_is_left_out_or_given() -> None:
    schema = {"type": "object", "properties": {"note": {"type": "string"}, "n": {"type": "integer"}}}

    assert read(schema, {"note": "x"}, {"arg:/note": "x", "arg:/n": ""}) == {}
    assert read(schema, {}, {"arg:/note": "", "given:arg:/note": "on", "arg:/n": "1", "given:arg:/n": "on"}) == {
        "note": "",
        "n": 1,
    }


def test_null_and_nothing_are_different() -> None:
    schema = {"type": "object", "properties": {"note": {"type": ["string", "null"]}}}

    assert read(schema, {"note": None}, {"arg:/note": ""}) == {"note": None}
    assert read(schema, {}, {"arg:/note": ""}) == {}
    assert field("note", schema, {}).value is ABSENT


def test_values_that_do_not_fit_their_schema_are_shown_as_json() -> None:
    schema = {
        "properties": {
            "n": {"type": "integer"},
            "s": {"enum": ["a"]},
            "to": {"type": "array", "items": {"type": "string"}},
        }
    }
    args = {"n": "seven", "s": "b", "to": ["a\nb"]}

    assert {one.label: one.kind for one in fields(schema, args)} == {"n": "json", "s": "json", "to": "json"}
    assert read(schema, args, sent(schema, args)) == args


def test_without_a_schema_everything_is_json() -> None:
    args = {"a": {"b": [1, None]}, "c": "x"}

    assert read({}, args, sent({}, args)) == args
    assert read({}, args, sent({}, args, c='{"d": 1}'))["c"] == {"d": 1}


def test_invisible_characters_are_pointed_out_and_kept() -> None:
    args = ARGS | {"name": "A\u202eda"}

    assert field("name", args=args).warning == "A⟨U+202E⟩da"
    assert read(SCHEMA, args, sent(SCHEMA, args)) == args


def test_a_name_cannot_stand_for_another_place() -> None:
    args = {"a/b": "1", "a~1b": "2"}
    names = [one.name for one in fields({}, args)]

    assert len(set(names)) == 2
    assert read({}, args, sent({}, args)) == args


scalars = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other", "", "/"]), values))
def test_any_arguments_survive_being_shown(args: dict[str, Any]) -> None:
    assert read(SCHEMA, args, sent(SCHEMA, args)) == args
