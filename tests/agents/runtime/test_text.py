"""JSON text in and out: nothing is rounded, nothing is lost."""

import pytest

from agents.runtime.text import dumps, loads

BORDERS = [10**15, 10**16 + 1, 2**53 + 1, 10**18 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 10**40 + 1]


@pytest.mark.parametrize("number", BORDERS)
def test_integers_of_any_size_come_back_as_they_were(number):
    assert loads(str(number)) == number and isinstance(loads(str(number)), int)
    assert loads(dumps({"n": [number, -number]}).encode()) == {"n": [number, -number]}


def test_what_only_python_reads_comes_back_as_it_was():
    text = "order 12345678901234567890 \ud800 é"
    assert loads(dumps([text, 1.5])) == [text, 1.5]
    assert loads('["\ud800", 1e400]') == ["\ud800", float("inf")]
