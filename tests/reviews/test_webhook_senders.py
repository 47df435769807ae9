"""Senders side by side, slow receivers, and processes that die."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from reviews.models import Delivery
from reviews.webhooks.announcing import announce
from reviews.webhooks.claiming import AT_ONCE_EACH, claim, settle
from reviews.webhooks.schedule import Answer
from reviews.webhooks.sending import Sender
from tests.factories import make_approval, make_house, make_run
from tests.people import all_at_once
from tests.product import Product
from tests.reviews.receiver import hanging_until, receiver, status
from tests.reviews.webhooks import deliver, eventually, make_due, opened, registered
from workspaces import events
from workspaces.models import Event


@pytest.fixture
def house(transactional_db):
    return make_house()


@pytest.fixture
def two_senders():
    """As two sweep processes have them: threads with connections of their own."""
    senders = [Sender(timeout=20), Sender(timeout=20)]

    def send(sender: Sender) -> None:
        try:
            sender.run()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(send, sender) for sender in senders]
        yield senders
        for sender in senders:
            sender.stopping.set()
        for one in running:
            one.result(timeout=20)


def happen(house, count: int) -> None:
    """So many events that endpoints ask for."""
    run = make_run(house.agent, house.olga)
    for number in range(count):
        events.record(house.workspace.pk, "run", "run.waiting", run.pk, number)


def all_are(wanted: str) -> bool:
    return set(Delivery.objects.values_list("status", flat=True)) == {wanted}


def test_two_senders_never_send_one_delivery_at_the_same_time(house, hook, two_senders):
    registered(house.workspace, hook.url)
    happen(house, 60)
    announce()
    eventually(lambda: all_are("delivered"))
    assert Counter(heard.headers["webhook-id"] for heard in hook.heard) == {
        str(pk): 1 for pk in Delivery.objects.values_list("pk", flat=True)
    }


def test_one_endpoint_gets_four_at_once_from_all_senders_together(house, hook, two_senders):
    go_on = threading.Event()
    registered(house.workspace, hook.url)
    hook.answers = [hanging_until(go_on)] * 12
    happen(house, 12)
    announce()
    eventually(lambda: hook.under_way == AT_ONCE_EACH)
    go_on.set()
    eventually(lambda: all_are("delivered"))
    assert hook.most_at_once == AT_ONCE_EACH


def test_a_receiver_that_hangs_delays_no_other(house, hook, settings, two_senders):
    go_on = threading.Event()
    with receiver() as slow:
        settings.OUTBOUND_ALLOWED = [hook.place, slow.place]
        slow.answers = [hanging_until(go_on)] * 8
        hanging, _ = registered(house.workspace, slow.url)
        prompt, _ = registered(house.workspace, hook.url)
        happen(house, 8)
        announce()
        eventually(lambda: prompt.deliveries.filter(status="delivered").count() == 8)
        assert not hanging.deliveries.exclude(status="pending").exists()
        go_on.set()
        eventually(lambda: all_are("delivered"))


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(house, hook):
    go_on = threading.Event()
    registered(house.workspace, hook.url)
    hook.answers = [hanging_until(go_on)]
    make_approval(house)
    deliver(timeout=0.3)
    go_on.set()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.error, delivery.response_status) == ("failed", "timeout", None)


def test_many_sweeps_announce_an_event_once(house, hook):
    registered(house.workspace, hook.url)
    happen(house, 300)
    assert all_at_once(6, announce) == [None] * 6
    assert not Event.objects.filter(announced_at=None).exists()
    assert Delivery.objects.count() == 300


def test_what_commits_after_later_events_were_announced_is_still_told(house, hook):
    registered(house.workspace, hook.url)
    run = make_run(house.agent, house.olga)
    with transaction.atomic():
        events.record(house.workspace.pk, "run", "run.waiting", run.pk, 1)
        all_at_once(1, lambda: happen_later(house))
        assert Delivery.objects.count() == 1
    announce()
    assert Delivery.objects.count() == 2


def happen_later(house) -> None:
    happen(house, 1)
    announce()


def test_claims_of_many_senders_are_disjoint_and_four_together(house, hook):
    registered(house.workspace, hook.url)
    happen(house, 30)
    announce()
    claims = all_at_once(8, lambda: [delivery.pk for delivery in claim(100)])
    taken = [pk for claimed in claims for pk in claimed]
    assert len(taken) == len(set(taken)) == AT_ONCE_EACH


def test_whoever_lost_its_lease_no_longer_says_what_became_of_a_delivery(house, hook):
    registered(house.workspace, hook.url)
    happen(house, 1)
    announce()
    [slow] = claim(1)
    make_due()
    [prompt] = claim(1)
    assert settle(prompt, Answer(200))
    assert not settle(slow, Answer(500))
    assert Delivery.objects.get().status == "delivered"


def test_a_process_killed_after_the_answer_sends_the_same_id_and_bytes_again(product: Product, settings):
    house = make_house()
    with receiver() as hook:
        settings.OUTBOUND_ALLOWED = [hook.place]
        _, secret = registered(house.workspace, hook.url)
        product.start(
            "sweep",
            OUTBOUND_ALLOWED=hook.place,
            COUNTERSIGN_CRASH="webhook_answered:1:kill",
            SECRET_KEY=settings.SECRET_KEY,
        )
        happen(house, 1)
        product.wait_until(lambda: hook.heard)
        product.children["sweep"].wait()
        assert Delivery.objects.get().status == "pending"

        make_due()  # its lease is over
        product.start("sweep", name="another", OUTBOUND_ALLOWED=hook.place, SECRET_KEY=settings.SECRET_KEY)
        product.wait_until(lambda: Delivery.objects.get().status == "delivered")
    assert len(hook.heard) == 2
    assert hook.heard[0].body == hook.heard[1].body
    assert hook.heard[0].headers["webhook-id"] == hook.heard[1].headers["webhook-id"]
    assert opened(hook.heard[1], secret)


def test_a_sweep_that_is_asked_to_end_writes_down_what_is_under_way(product: Product, settings):
    house = make_house()
    go_on = threading.Event()
    with receiver() as hook:
        settings.OUTBOUND_ALLOWED = [hook.place]
        registered(house.workspace, hook.url)
        hook.answers = [hanging_until(go_on), status(500)]
        product.start("sweep", OUTBOUND_ALLOWED=hook.place, SECRET_KEY=settings.SECRET_KEY)
        happen(house, 1)
        product.wait_until(lambda: hook.heard)
        threading.Timer(0.3, go_on.set).start()
        product.stop("sweep")
        assert Delivery.objects.get().status == "delivered"
