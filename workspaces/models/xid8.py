"""PostgreSQL's 64-bit transaction id as a model field."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    IntField = models.Field[int, int]
else:
    IntField = models.Field


class Xid8Field(IntField):
    """An int in Python; it goes out as text, because PostgreSQL has no cast from bigint to xid8."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None or hasattr(value, "resolve_expression") else str(value)
