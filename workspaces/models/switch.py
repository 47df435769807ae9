"""The stop switch: the start of every effect reads this row FOR SHARE, so an acknowledged stop is a stop."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F, Func, Q, Value

from workspaces import audit, events
from workspaces.exceptions import Unprocessable
from workspaces.models.audit_entry import AuditEntry

if TYPE_CHECKING:
    from workspaces.principal import Principal

LISTS = {"agent": "stopped_agents", "tool": "stopped_tools"}


class SwitchQuerySet(models.QuerySet["Switch"]):
    """Switches, by workspace."""

    def tighten(self, workspace_id: int) -> None:
        """Verdicts given before now no longer count: policy, roles or tools have changed."""
        self.filter(pk=workspace_id).update(rules_epoch=F("rules_epoch") + 1)


class Switch(models.Model):
    """One row a workspace. Only people touch it: nothing hot may update it, or every start would wait."""

    workspace = models.OneToOneField("Workspace", models.CASCADE, primary_key=True, related_name="switch")
    stopped = models.BooleanField(default=False, db_default=False)
    stopped_agents = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    stopped_tools = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    rules_epoch = models.IntegerField(default=0, db_default=0)
    reason = models.TextField(default="", db_default="", blank=True)

    objects = SwitchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "switches"

    def __str__(self) -> str:
        return "stopped" if self.is_stopping else "running"

    @classmethod
    def tighten(cls, workspace_id: int) -> None:
        """See SwitchQuerySet.tighten."""
        cls.objects.tighten(workspace_id)

    def stop(self, scope: str, reason: str, by: "Principal") -> None:
        """No new write starts in `scope` ('workspace', 'agent:NAME' or 'tool:NAME') once this is committed."""
        self._turn("stopped", scope, reason, by)

    def resume(self, scope: str, by: "Principal") -> None:
        """Lift the stop of `scope`."""
        self._turn("resumed", scope, "", by)

    @property
    def is_stopping(self) -> bool:
        """Whether anything at all is stopped."""
        return bool(self.stopped or self.stopped_agents or self.stopped_tools)

    @property
    def scopes(self) -> list[str]:
        """Everything that is stopped, widest first."""
        whole = ["workspace"] if self.stopped else []
        return whole + [f"{kind}:{name}" for kind, column in LISTS.items() for name in getattr(self, column)]

    def entries(self) -> dict[str, AuditEntry]:
        """Of each scope that is stopped the entry of the audit that says who stopped it, when and why."""
        latest = AuditEntry.objects.filter(workspace=self.pk, kind="switch.stopped", object__in=self.scopes)
        return {entry.object: entry for entry in latest.order_by("object", "-id").distinct("object")}

    def holding(self, agent: str, tool: str) -> str:
        """What is stopped and keeps this tool of this agent from starting; empty where nothing does."""
        if self.stopped:
            return "this workspace"
        if agent in self.stopped_agents:
            return f"agent {agent}"
        return f"tool {tool}" if tool in self.stopped_tools else ""

    @transaction.atomic
    def _turn(self, move: str, scope: str, reason: str, by: "Principal") -> None:
        by.require("operate")
        column, name = _column(scope)
        is_stop = move == "stopped"
        is_so = Q(**{f"{column}__contains": [name]}) if name else Q(**{column: True})
        others = Switch.objects.filter(~is_so if is_stop else is_so, pk=self.pk)
        if others.update(**_change(column, name, is_stop), rules_epoch=F("rules_epoch") + 1):
            audit.record(self.pk, by, f"switch.{move}", scope, {"reason": reason})
            events.record(self.pk, "configuration", f"switch.{move}")
            self._keep_reason(reason)
        self.refresh_from_db()

    def _keep_reason(self, reason: str) -> None:
        """The latest reason given, for as long as anything is stopped."""
        self.refresh_from_db()
        self.reason = (reason or self.reason) if self.is_stopping else ""
        self.save(update_fields=["reason"])


def _change(column: str, name: str, is_stop: bool) -> dict[str, Any]:
    if not name:
        return {column: is_stop}
    return {column: Func(F(column), Value(name), function="array_append" if is_stop else "array_remove")}


def _column(scope: str) -> tuple[str, str]:
    kind, _, name = scope.partition(":")
    if scope == "workspace":
        return "stopped", ""
    if kind in LISTS and name and name.isprintable():
        return LISTS[kind], name
    sentence = "A scope is workspace, agent:NAME or tool:NAME."
    raise Unprocessable(sentence, [{"path": "/scope", "message": sentence}])
