"""Endpoints and deliveries, as an admin looks after them."""

import re

import pytest

from reviews.models import Delivery, Endpoint
from tests.admin.pages import act, page, sent, text
from tests.reviews.receiver import receiver, status
from tests.reviews.webhooks import deliver, opened
from workspaces.models import AuditEntry

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def hook(settings):
    with receiver() as running:
        settings.OUTBOUND_ALLOWED = [running.place]
        yield running


@pytest.fixture
def client(house, visit):
    return visit(house.root)


def register(house, client, hook, **fields):
    """The endpoint, and its secret as the page showed it."""
    chosen = {"workspace": house.workspace.pk, "url": hook.url, "kinds": ["approval.requested", "run.failed"], **fields}
    answer = sent(client, page(Endpoint, "add"), **chosen)
    return Endpoint.objects.get(), SECRET.findall(text(answer))


def test_the_secret_is_shown_once_and_signs(house, client, hook):
    endpoint, [secret] = register(house, client, hook)
    assert (endpoint.kinds, endpoint.created_by) == (["approval.requested", "run.failed"], house.root)
    assert not SECRET.search(text(client.get(page(endpoint))) + text(client.get(page(Endpoint))))
    act(client, Endpoint, "send_test", endpoint)
    deliver()
    assert opened(hook.heard[0], secret)["type"] == "endpoint.test"


def test_rotating_shows_another_secret(house, client, hook):
    endpoint, [old] = register(house, client, hook)
    [new] = SECRET.findall(text(act(client, Endpoint, "rotate", endpoint)))
    assert new != old
    act(client, Endpoint, "send_test", endpoint)
    deliver()
    assert opened(hook.heard[0], old) == opened(hook.heard[0], new)


def test_an_address_that_leads_inside_is_refused_beside_its_field(house, client, hook, settings):
    settings.OUTBOUND_ALLOWED = []
    answer = sent(
        client,
        page(Endpoint, "add"),
        workspace=house.workspace.pk,
        url="https://169.254.169.254/",
        kinds=["run.failed"],
    )
    assert "private or reserved network" in text(answer)
    assert not Endpoint.objects.exists()


def test_events_and_address_are_changed(house, client, hook):
    endpoint, _ = register(house, client, hook)
    sent(client, page(endpoint), kinds=["run.waiting"], include_arguments="on", url=hook.url + "/2")
    endpoint.refresh_from_db()
    assert (endpoint.kinds, endpoint.include_arguments, endpoint.url) == (["run.waiting"], True, hook.url + "/2")
    assert AuditEntry.objects.filter(kind="endpoint.changed", actor="root").exists()


def test_an_endpoint_is_switched_off_and_on(house, client, hook):
    endpoint, _ = register(house, client, hook)
    act(client, Endpoint, "switch_off", endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "Switched off by root.")
    assert "This endpoint is switched off" in text(act(client, Endpoint, "send_test", endpoint))
    act(client, Endpoint, "switch_on", endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (True, "")


def test_a_dead_delivery_is_looked_at_and_replayed(house, client, hook):
    endpoint, _ = register(house, client, hook)
    hook.answers = [status(500, body="<b>boom</b>\x1b[2J\u202e".encode())]
    act(client, Endpoint, "send_test", endpoint)
    deliver()
    delivery = Delivery.objects.get()
    Delivery.objects.update(status="dead", next_at=None)
    shown = client.get(page(delivery)).content.decode()
    assert "&lt;b&gt;boom&lt;/b&gt;⟨U+001B⟩[2J⟨U+202E⟩" in shown
    assert "&quot;endpoint.test&quot;" in shown and str(delivery.pk) in shown

    assert "On its way again." in text(act(client, Delivery, "replay", delivery))
    assert "on its way already" in text(act(client, Delivery, "replay", delivery))
    deliver()
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert hook.heard[1].headers["countersign-replay"] == "1"


def test_a_selection_with_one_that_cannot_be_replayed_is_refused_whole(house, client, hook):
    endpoint, _ = register(house, client, hook)
    act(client, Endpoint, "send_test", endpoint)
    deliver()
    act(client, Endpoint, "send_test", endpoint)
    act(client, Delivery, "replay", *Delivery.objects.all())
    assert Delivery.objects.filter(status="delivered").count() == 1
