"""Cursor pages: `next` is opaque, and a page costs the same wherever it lies."""

import base64
import binascii
from uuid import UUID

from django.db import models

from workspaces.exceptions import Unprocessable


def page[M: models.Model](rows: models.QuerySet[M], cursor: str, limit: int) -> tuple[list[M], str | None]:
    """One page of rows with uuid7 keys, newest first, and the cursor of the next."""
    if cursor:
        rows = rows.filter(pk__lt=read(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    more = len(found) > limit
    return found[:limit], write(found[limit - 1].pk) if more else None


def write(key: UUID) -> str:
    """The cursor after this key."""
    return base64.urlsafe_b64encode(key.bytes).decode().rstrip("=")


def read(cursor: str) -> UUID:
    """The key that a cursor stands for; raises Unprocessable."""
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise Unprocessable("This cursor is not one of ours.", [{"path": "cursor", "message": "unreadable"}]) from None
