import json
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces import canonical
from workspaces.canonical import MAX_VALUES
from workspaces.exceptions import CanonicalError, CanonicalTooLarge

UNREADABLE = {
    "nothing": b"",
    "half an object": b"{",
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "trailing comma": b"[1,]",
    "NaN": b'{"a": NaN}',
    "Infinity": b"[-Infinity]",
    "a number too large": b"[1e400]",
    "an integer too long for Python": b"[" + b"9" * 5000 + b"]",
    "an integer beyond 2^53": b'{"amount": 9007199254740993}',
    "a float that would be written as such an integer": b"[1e17]",
    "the same name twice": b'{"to": "a", "to": "b"}',
    "the same name twice, once escaped": b'{"to": 1, "\\u0074o": 2}',
    "NUL in a text": b'{"a": "x\\u0000y"}',
    "NUL in a name": b'{"x\\u0000": 1}',
    "half a surrogate pair": b'["\\ud800"]',
    "a surrogate pair the wrong way round": b'["\\udc00\\ud800"]',
    "not UTF-8": b'["\xff"]',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "100,000 open objects": b'{"a":' * 100_000,
    "depth hidden behind a quote": b'["\\"", ' + b"[" * 200 + b"]" * 201,
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_json_that_parsers_read_differently_is_refused_with_a_sentence(raw):
    with pytest.raises(CanonicalError, match=r"\.$") as refusal:
        canonical.parse(raw)
    assert refusal.value.status == 400


def test_the_place_is_named():
    with pytest.raises(CanonicalError) as refusal:
        canonical.parse(b'{"lines": [{"a/b": "ok"}, {"a/b": "x\\u0000"}]}')
    assert refusal.value.path == "/lines/1/a~1b"


def test_long_input_is_refused_before_it_is_read():
    with pytest.raises(CanonicalError) as refusal:
        canonical.parse(b"[" + b"1," * 40 + b"1]", max_bytes=50)
    assert refusal.value.status == 413


def test_brackets_in_texts_are_not_depth():
    assert canonical.parse(json.dumps(["[" * 500, '\\"' + "{" * 500]))[0] == "[" * 500


def test_many_different_names_cost_no_more_than_reading_them():
    names = ",".join(f'"{number}":1' for number in range(60_000))
    with pytest.raises(CanonicalError, match="'7'"):
        canonical.parse("{" + names + ',"7":2}')


WRITTEN = [  # RFC 8785, 3.2.2 and appendix B
    ({"b": 1, "a": 2}, b'{"a":2,"b":1}'),
    ([56.0, {"d": True, "10": None, "1": []}], b'[56,{"1":[],"10":null,"d":true}]'),
    (
        {"numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001]},
        b'{"numbers":[333333333.3333333,4.5,0.002,1e-27]}',
    ),
    ({"string": '€$\x0f\nA\'B"\\\\"/'}, '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()),
    (
        {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7},
        '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'.encode(),
    ),
    (-0.0, b"0"),
    (1e-7, b"1e-7"),
    (1e21, b"1e+21"),
    (9007199254740991, b"9007199254740991"),
    (struct.unpack(">d", bytes.fromhex("3eb0c6f7a0b5ed8d"))[0], b"0.000001"),
]


@pytest.mark.parametrize(("value", "raw"), WRITTEN, ids=[raw.decode()[:20] for _, raw in WRITTEN])
def test_there_is_one_way_to_write_a_value(value, raw):
    assert canonical.dumps(value) == raw


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, -(2**53), 10**400, 1e17, "\ud800", "\x00", {1: 2}, {"a": object()}, b"x"],
)
def test_what_cannot_be_written_is_refused(value):
    with pytest.raises(CanonicalError):
        canonical.dumps({"value": [value]})


def test_a_value_nested_in_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(CanonicalError, match="nested"):
        canonical.dumps(value)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-9e15, 9e15) | st.floats(1e21, 1e308)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(values)
def test_what_was_written_reads_back_as_the_same_value_and_the_same_bytes(value):
    raw = canonical.dumps(value)
    assert canonical.parse(raw) == value
    assert canonical.dumps(canonical.parse(raw)) == raw


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_nothing_but_a_canonical_error_comes_out_of_parse(raw):
    with suppress(CanonicalError):
        canonical.dumps(canonical.parse(raw))


def test_more_values_than_anybody_needs_are_refused_before_they_are_read() -> None:
    many = "[" + ",".join("1" for _ in range(MAX_VALUES + 2)) + "]"
    with pytest.raises(CanonicalTooLarge, match="more than 100,000 values"):
        canonical.parse(many)

    assert canonical.parse('"' + "," * (MAX_VALUES + 2) + '"')
