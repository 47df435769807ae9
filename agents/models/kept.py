"""Bytes that may be kept elsewhere."""

from typing import TYPE_CHECKING, Any

from django.db import models

from agents import blobs

if TYPE_CHECKING:
    BinaryField = models.BinaryField[bytes, bytes]
else:
    BinaryField = models.BinaryField


class KeptBytesField(BinaryField):
    """Bytes, or a reference to them where they are large; whoever reads it gets the bytes."""

    def from_db_value(self, value: bytes | memoryview | None, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else blobs.read_bytes(bytes(value))
