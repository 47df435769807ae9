"""What a tool returned, as canonical JSON text."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from pydantic_core import PydanticSerializationError, to_json

from workspaces import canonical
from workspaces.exceptions import CanonicalError, CanonicalTooLarge


class UnusableResult(Exception):
    """What the tool returned cannot be kept; `type` is the reason in one word."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


def text_of(value: Any) -> str:
    """Models, dataclasses, decimals and dates included; raises UnusableResult."""
    max_bytes = settings.MAX_RESULT_BYTES
    try:
        return canonical.dumps(canonical.parse(_json(value), max_bytes)).decode()
    except CanonicalTooLarge as error:
        raise UnusableResult("too_large", f"The result has more than {max_bytes:,} bytes.") from error
    except (CanonicalError, PydanticSerializationError, ValueError, TypeError) as error:
        raise UnusableResult("unreadable", f"The result is not usable JSON: {error}") from error


def _json(value: Any) -> bytes:
    if isinstance(value, Iterator):  # it may never end
        raise TypeError(f"a {type(value).__name__} is not JSON, return a list")
    return to_json(value, inf_nan_mode="constants")
