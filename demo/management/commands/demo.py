"""`demo`: the shop, its agent, its rules and its people; again: fresh ways in and nothing else."""

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from demo.agent import follow_the_key, make_agent
from demo.people import hire, ways_in
from demo.policy import RULES
from demo.shop import stock
from reviews.models import PolicySet
from workspaces.models import Workspace

SLUG = "demo"


class Command(BaseCommand):
    """Makes the demo once; prints one line of JSON: {service_key, people: [{name, role, groups, sign_in, token}]}."""

    help = "Make the demo's workspace, or fresh sign-in links for its people."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=SLUG).first() or found()
        follow_the_key(workspace)
        self.stdout.write(json.dumps(ways_in(workspace, earlier())))


def found() -> Workspace:
    """Everything that the demo begins with."""
    workspace = Workspace.objects.found("Harbour Lane", SLUG)
    try:
        people = hire(workspace)
    except ValidationError as error:
        message = "The demo needs login names that are taken here; start without it (--no-demo): "
        raise CommandError(message + " ".join(error.messages)) from error
    stock(workspace)
    make_agent(workspace, owner=people["eve"])
    PolicySet.objects.create(workspace=workspace, name="Refunds desk").publish(RULES, None)
    return workspace


def earlier() -> dict[str, Any]:
    """What the last start left in HOME/demo.json."""
    try:
        return dict(json.loads((settings.COUNTERSIGN_HOME / "demo.json").read_text()))
    except (FileNotFoundError, ValueError):
        return {}
