"""Keys that sort by time."""

from django.db import models


class UUID7(models.Func):
    """PostgreSQL 18's `uuidv7()`: ids that sort by time."""

    function = "uuidv7"
    template = "%(function)s()"
    output_field = models.UUIDField()
