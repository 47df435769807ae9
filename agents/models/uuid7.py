"""Keys that sort by time."""

from uuid import UUID

from django.db import connection, models


class UUID7(models.Func):
    """PostgreSQL 18's `uuidv7()`: ids that sort by time."""

    function = "uuidv7"
    template = "%(function)s()"
    output_field = models.UUIDField()


def new_id() -> UUID:
    """A key for a row that is yet to be written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuidv7()")
        made: UUID = cursor.fetchone()[0]
    return made
