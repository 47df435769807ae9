"""What requests were called before somebody edited them: the audit tells of each as it was at that moment."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Func, IntegerField

from agents.runtime.text import loads
from agents.runtime.version import catalogue
from agents.tools.spec import ToolSpec
from agents.tools.title import title
from reviews.models import ApprovalRequest, Revision
from workspaces.models import Workspace

MAX_BYTES = 40_000  # arguments beyond are not read for a title


@dataclass(frozen=True, slots=True)
class Former:
    """One revision that is not the last: since when it was in force, and its title."""

    number: int
    since: datetime
    title: str


def former_titles(workspace: Workspace, approvals: Iterable[ApprovalRequest]) -> dict[UUID, list[Former]]:
    """Of those that were edited, by request and in order; a tool that is gone has no words for its arguments."""
    edited = [one.pk for one in approvals if one.revision > 1]
    if not edited:
        return {}
    length = Func("args", function="octet_length", output_field=IntegerField())
    revisions = Revision.objects.filter(approval__in=edited).annotate(length=length).filter(length__lt=MAX_BYTES)
    specs = catalogue(workspace.pk, workspace.switch.rules_epoch)
    found: dict[UUID, list[Former]] = defaultdict(list)
    for one in revisions.select_related("approval__tool_call").order_by("number"):
        if spec := specs.get(one.approval.tool_call.tool):
            found[one.approval_id].append(Former(one.number, one.created_at, titled(spec, one)))
    return found


def titled(spec: ToolSpec, revision: Revision) -> str:
    """As the request was called while this was its last revision."""
    return title(spec, loads(bytes(revision.args)), revision.approval.tool_call.facts)
