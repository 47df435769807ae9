"""`first_admin_link`: how the first person gets into an empty installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspaces.models import SignInLink


class Command(BaseCommand):
    """Prints the address of a page where the first admin chooses a name, a password and a workspace."""

    help = "Print a single-use link that creates the first admin."

    def handle(self, *args: Any, **options: Any) -> None:
        if SignInLink.objects.is_too_late_for_a_first_admin():
            raise CommandError("There is an admin already; an admin makes further people members on the admin site.")
        self.stdout.write(SignInLink.objects.issue(person=None))
