from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_house
from tests.reviews.receiver import Receiver, receiver


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def approval(house: House) -> ApprovalRequest:
    return make_approval(house)


@pytest.fixture
def hook(settings: LazySettings) -> Iterator[Receiver]:
    """A receiver of webhooks that we may call."""
    with receiver() as running:
        settings.OUTBOUND_ALLOWED = [running.place]
        yield running
