"""Short words for stories about webhooks."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from django.db.models.functions import Now
from standardwebhooks import Webhook

from reviews.models import Delivery, Endpoint, WebhookKind
from reviews.webhooks.announcing import announce
from reviews.webhooks.sending import Sender
from tests.reviews.receiver import Heard
from workspaces.models import Workspace

EVERYTHING = list(WebhookKind.values)


def registered(workspace: Workspace, url: str, **fields: Any) -> tuple[Endpoint, str]:
    """An endpoint that asks for everything unless told otherwise, and its secret."""
    endpoint = Endpoint(workspace=workspace, url=url, **{"kinds": EVERYTHING, **fields})
    return endpoint, endpoint.register(None)


def deliver(timeout: float = 10) -> None:
    """Announce what happened, and send until nothing is under way; retries are for later."""
    announce()
    sender = Sender(timeout=timeout)
    sender.work()
    while sender.under_way:
        sender.wait()
        sender.work()
    sender.loop.close()


def make_due(**chosen: Any) -> None:
    """Let the pause before the next retry be over."""
    Delivery.objects.filter(status__in=["pending", "failed"], **chosen).update(next_at=Now())


def opened(heard: Heard, secret: str) -> Any:
    """What was said, if the signature is right; raises WebhookVerificationError."""
    return Webhook(secret).verify(heard.body, heard.headers)


def eventually[Found](condition: Callable[[], Found], seconds: float = 20) -> Found:
    """What the condition gives when it gives something true; until then ask again and again."""
    deadline = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < deadline, "it never happened"
    return found
