import pytest

from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_house


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def approval(house: House) -> ApprovalRequest:
    return make_approval(house)
