"""Arguments on their way in: read strictly, checked against the schema, kept as canonical bytes."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from agents.tools import ArgumentsRefused, ToolSpec, tool
from agents.tools.exceptions import InvalidSchema
from agents.tools.validation import problems, validator


class Line(BaseModel):
    sku: str
    pieces: int


@tool
def order_goods(
    price: Annotated[Decimal, Field(gt=0)], lines: list[Line], schema: str = "none", weight: float = 1.5
) -> None:
    """Order goods."""


GOOD = {"lines": [{"pieces": 2, "sku": "a"}], "price": "1.10"}


@pytest.mark.parametrize(
    "arguments",
    [
        GOOD,
        '{"price" : "1.10", "lines":[{"sku":"\\u0061", "pieces":2.0}]}',
        b'{"price":"1.10","lines":[{"pieces":2,"sku":"a"}]}',
    ],
)
def test_equal_arguments_have_equal_bytes_and_defaults_are_not_filled_in(arguments: Any) -> None:
    assert order_goods.prepare(arguments) == b'{"lines":[{"pieces":2,"sku":"a"}],"price":"1.10"}'


@pytest.mark.parametrize(
    ("arguments", "path", "sentence"),
    [
        ("", "", "not JSON"),
        ("{", "", "not JSON"),
        ('"{}"', "", "must be one JSON object"),
        ("[]", "", "must be one JSON object"),
        (b"\xff{}", "", "not UTF-8"),
        ('{"price":"1","price":"2","lines":[]}', "", "appears twice"),
        ('{"price":NaN,"lines":[]}', "", "NaN is not JSON"),
        ('{"price":1e400,"lines":[]}', "", "too large"),
        ('{"price":"\\u0000","lines":[]}', "/price", "NUL"),
        ('{"price":"\\ud800","lines":[]}', "/price", "surrogate"),
        ({"price": "\ud800", "lines": []}, "/price", "surrogate"),
        ({"price": {1, 2}, "lines": []}, "/price", "set is not JSON"),
        ('{"price":"1","lines":' + "[" * 100_000, "", "nested more than"),
        ('{"price":"1","lines":[{"sku":"a","pieces":9007199254740993}]}', "/lines/0/pieces", "use a string"),
        ('{"price":"1","lines":[],"schema":"' + "x" * 1_100_000 + '"}', "", "longer than 1048576 bytes"),
        ({"price": "1", "lines": [], "schema": "x" * 1_100_000}, "", "longer than 1048576 bytes"),
        ({"lines": []}, "", '"price" is a required property'),
        ({**GOOD, "bcc": "x"}, "", "'bcc' was unexpected"),
        ({"price": "1", "lines": [{"sku": "a", "pieces": 1, "bcc": 1}]}, "/lines/0", "'bcc' was unexpected"),
        ({"price": 1.1, "lines": []}, "/price", 'not of type "string"'),
        ({"price": "1e3", "lines": []}, "/price", "does not match"),
        ({"price": "１", "lines": []}, "/price", "does not match"),
        ({"price": "-1.10", "lines": []}, "/price", "greater than 0"),
        ({**GOOD, "weight": "1"}, "/weight", 'not of type "number"'),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(arguments: Any, path: str, sentence: str) -> None:
    with pytest.raises(ArgumentsRefused) as refusal:
        order_goods.prepare(arguments)
    assert refusal.value.errors[0]["path"] == path
    assert sentence in refusal.value.errors[0]["message"]


def test_a_refusal_is_short_however_long_the_arguments_are() -> None:
    with pytest.raises(ArgumentsRefused) as refusal:
        order_goods.prepare({"price": 1, "lines": ["x" * 10_000] * 90})
    assert len(refusal.value.errors) <= 20
    assert max(len(error["message"]) for error in refusal.value.errors) <= 300


def test_a_tool_without_code_takes_what_its_schema_takes() -> None:
    recorded = ToolSpec(name="recorded", description="", schema={"type": "object"})
    assert recorded.prepare({"b": 1, "a": [None, True]}) == b'{"a":[null,true],"b":1}'


@pytest.mark.parametrize("schema", [{"type": "nope"}, {"pattern": "("}, {"$ref": "https://example.com/schema"}])
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidSchema, match="not a usable JSON schema"):
        validator(schema)


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    schema = {"properties": {"a/b": {"pattern": "^(a+)+$"}}}
    assert problems(schema, {"a/b": "a" * 50_000 + "!"})[0]["path"] == "/a~1b"
