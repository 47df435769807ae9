"""What changed, for live pages, webhooks and catching up: written in the transaction of the change."""

import base64
import re
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import Func
from django.db.models.functions import Now

from workspaces.exceptions import Unprocessable
from workspaces.models.workspace import Workspace
from workspaces.models.xid8 import Xid8Field

_CURSOR = re.compile(r"\A(\d{1,19})\.(\d{1,18})\Z")


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the order of events: transaction, then number; opaque text outside."""

    xid: int
    seq: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.xid}.{self.seq}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that was given out as `text`; nothing is the very beginning."""
        if not text:
            return cls(0, 0)
        match = _CURSOR.match(_decode(text))
        if not match:
            raise Unprocessable("Unknown cursor.", [{"path": "/after", "message": "Not a cursor of ours."}])
        return cls(int(match[1]), int(match[2]))


class EventQuerySet(models.QuerySet["Event"]):
    """Events, read in an order that misses nothing."""

    def after(self, cursor: str, workspace: Workspace, limit: int = 100) -> "tuple[list[Event], str]":
        """The next events of a workspace and the cursor behind them.

        Only transactions older than every open one are shown: going by `seq` would pass over what commits late.
        """
        place = Cursor.read(cursor)
        found = list(
            self.filter(workspace=workspace, pk__gt=(place.xid, place.seq), xid__lt=_horizon()).order_by("xid", "seq")[
                :limit
            ]
        )
        if not found and place > Cursor.read(self.head()):
            raise Unprocessable("This cursor is of another time: the database was restored. Start again without one.")
        return found, str(found[-1].cursor) if found else cursor

    def head(self) -> str:
        """The cursor before everything that is still to come."""
        with connection.cursor() as database:
            database.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())")
            return str(Cursor(int(database.fetchone()[0]), 0))


class Event(models.Model):
    """A row of a table that is partitioned by day; the migration writes the table, this reads it."""

    class Topic(models.TextChoices):
        RUN = "run"
        APPROVAL = "approval"
        TOOL_CALL = "tool_call"
        CONFIGURATION = "configuration"
        BUDGET = "budget"

    pk = models.CompositePrimaryKey("xid", "seq")
    xid = Xid8Field(db_default=Func(function="pg_current_xact_id"))
    seq = models.BigIntegerField()
    workspace = models.ForeignKey(Workspace, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    topic = models.TextField(choices=Topic.choices)
    kind = models.TextField()
    object = models.UUIDField(null=True)
    number = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    announced_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.object or ''}".strip()

    @property
    def cursor(self) -> Cursor:
        """The place of this event."""
        return Cursor(self.xid, self.seq)


def _horizon() -> Func:
    return Func(Func(function="pg_current_snapshot"), function="pg_snapshot_xmin", output_field=Xid8Field())


def _decode(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""
