"""Secrets, addresses and rights: what an endpoint keeps to itself."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from standardwebhooks import WebhookVerificationError

from reviews.models import Delivery, Endpoint
from tests.factories import House, make_approval
from tests.reviews.webhooks import deliver, make_due, opened, registered
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry


def test_after_a_rotation_both_secrets_hold_for_a_day(house: House, hook):
    endpoint, old = registered(house.workspace, hook.url)
    new = endpoint.rotate(house.by("root"))
    make_approval(house)
    deliver()
    [heard] = hook.heard
    assert len(heard.headers["webhook-signature"].split()) == 2
    assert opened(heard, old) == opened(heard, new)

    Endpoint.objects.update(previous_until=Now())
    make_approval(house)
    deliver()
    assert opened(hook.heard[1], new)
    with pytest.raises(WebhookVerificationError):
        opened(hook.heard[1], old)


def test_a_changed_byte_or_header_is_noticed(house: House, hook):
    endpoint, secret = registered(house.workspace, hook.url)
    endpoint.send_test(house.by("root"))
    deliver()
    [heard] = hook.heard
    assert opened(heard, secret)["type"] == "endpoint.test"
    for name, value in {
        "webhook-id": "another",
        "webhook-timestamp": str(int(heard.headers["webhook-timestamp"]) - 1),
    }.items():
        kept, heard.headers[name] = heard.headers[name], value
        with pytest.raises(WebhookVerificationError):
            opened(heard, secret)
        heard.headers[name] = kept
    heard.body = heard.body.replace(b"endpoint", b"Endpoint")
    with pytest.raises(WebhookVerificationError):
        opened(heard, secret)


def test_the_secret_is_stored_only_encrypted_and_for_its_own_row(house: House, hook, settings):
    endpoint, secret = registered(house.workspace, hook.url)
    other, _ = registered(house.workspace, hook.url)
    raw = endpoint.secrets_at(endpoint.created_at)[0].raw
    assert len(raw) == 32 and secret.startswith("whsec_")
    assert raw not in bytes(endpoint.secret)
    Endpoint.objects.filter(pk=other.pk).update(secret=endpoint.secret)
    other.send_test(house.by("root"))
    deliver()
    assert (Delivery.objects.get().error, hook.heard) == ("secret_unreadable", [])


def test_under_another_secret_key_nothing_is_signed_until_the_secret_is_rotated(house: House, hook, settings):
    endpoint, _ = registered(house.workspace, hook.url)
    settings.SECRET_KEY = "another"
    endpoint.send_test(house.by("root"))
    deliver()
    assert (Delivery.objects.get().error, hook.heard) == ("secret_unreadable", [])
    secret = endpoint.rotate(house.by("root"))
    make_due()
    deliver()
    assert opened(hook.heard[0], secret)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5432/",
        "https://169.254.169.254/",
        "https://localhost/",
        "ftp://example.com/",
        "https://u:p@example.com/",
    ],
)
def test_an_address_that_leads_inside_is_not_registered(house: House, url):
    with pytest.raises(ValidationError) as refused:
        registered(house.workspace, url)
    assert list(refused.value.message_dict) == ["url"]


def test_an_address_is_checked_again_when_it_is_called(house: House, hook, settings):
    registered(house.workspace, hook.url)
    settings.OUTBOUND_ALLOWED = []
    make_approval(house)
    deliver()
    assert (Delivery.objects.get().error, hook.heard) == ("plain_http", [])


def test_who_does_not_administer_registers_changes_and_rotates_nothing(house: House, hook):
    endpoint, _ = registered(house.workspace, hook.url)
    for attempt in (
        lambda: Endpoint(workspace=house.workspace, url=hook.url, kinds=["run.failed"]).register(house.by("ana")),
        lambda: endpoint.change(house.by("ana")),
        lambda: endpoint.rotate(house.by("ana")),
        lambda: endpoint.disable("tired", house.by("ana")),
        lambda: endpoint.enable(house.by("ana")),
        lambda: endpoint.send_test(house.by("ana")),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_neither_audit_nor_events_tell_the_secret_or_the_path_of_the_address(house: House, hook):
    endpoint, secret = registered(house.workspace, hook.url + "/T0/B0/very-secret")
    new = endpoint.rotate(house.by("root"))
    told = json.dumps(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert "endpoint.rotated" in AuditEntry.objects.values_list("kind", flat=True)
    assert not any(text in told for text in (secret, new, "very-secret"))


@pytest.mark.parametrize("kinds", [[], ["run.exploded"], ["run.failed", "run.exploded"]])
def test_an_endpoint_asks_for_at_least_one_known_event(house: House, hook, kinds):
    with pytest.raises(ValidationError) as refused:
        registered(house.workspace, hook.url, kinds=kinds)
    assert list(refused.value.message_dict) == ["kinds"]
