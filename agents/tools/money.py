"""Amounts as people write them, and never rounded: what is shown is what is paid."""

import re
from decimal import Decimal
from typing import Any

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
PLACES = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
MAX_PLACES = 10
_NUMBER = re.compile(r"-?[0-9]{1,20}([.][0-9]{1,10})?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


def money(value: Any, currency: str, *, in_minor_units: bool = False) -> str:
    """`€1,240.00` or `1,240.00 CHF`; empty for what is not a plain amount in a currency (or in none)."""
    number = _number(value)
    if number is None or (currency and not _CURRENCY.fullmatch(currency)):
        return ""
    code = currency.upper()
    places = PLACES.get(code, 2)
    number = number.scaleb(-places) if in_minor_units else number
    digits = f"{abs(number):,.{max(places, -_exponent(number))}f}"
    sign = "-" if number < 0 else ""
    return f"{sign}{SYMBOLS[code]}{digits}" if code in SYMBOLS else f"{sign}{digits} {code}".strip()


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value if isinstance(value, str) else repr(value)
    number = Decimal(text) if isinstance(value, int | float) or _NUMBER.fullmatch(text) else None
    return number if number is not None and -MAX_PLACES <= _exponent(number) <= MAX_PLACES else None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else MAX_PLACES + 1  # NaN and infinities
