"""`verify_audit`: is every entry of the audit still there, as it was written and in its order?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workspaces import audit
from workspaces.models import Workspace


class Command(BaseCommand):
    """Names the first bad entry of each workspace and ends with 1 if there is any."""

    help = "Check the hash chain and the signatures of the audit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")

    def handle(self, *args: Any, workspace: str | None = None, **options: Any) -> None:
        chosen = Workspace.objects.filter(slug=workspace) if workspace else Workspace.objects.all()
        if workspace and not chosen:
            raise CommandError(f"There is no workspace {workspace}.")
        findings = [self._report(each) for each in chosen]
        if not all(finding.is_whole for finding in findings):
            raise CommandError("The audit was changed.")

    def _report(self, workspace: Workspace) -> audit.Finding:
        finding = audit.verify(workspace.pk)
        verdict = f"{finding.checked} entries hold" if finding.is_whole else f"BROKEN: {finding.problem}"
        tail = f"; {finding.unchained} not chained yet" if finding.unchained else ""
        self.stdout.write(f"{workspace.slug}: {verdict}{tail}")
        return finding
