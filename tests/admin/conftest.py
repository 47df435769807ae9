from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories import House, make_house
from tests.people import make_member, make_workspace
from workspaces.models import Membership, Person


@pytest.fixture
def house(db: None) -> House:
    """As everywhere, but that sam is an admin (of the other workspace)."""
    house = make_house()
    Membership.objects.get(person=house.sam).change(roles=["admin"], groups=[], by=None)
    return house


@pytest.fixture
def ines(house: House) -> Person:
    """An engineer."""
    return make_member(house.workspace, "ines", "engineer")


@pytest.fixture
def both(house: House) -> Person:
    """An admin of two workspaces."""
    person = make_member(house.workspace, "mara", "admin")
    Membership.objects.join(make_workspace("Second"), person, ["admin"])
    return person


@pytest.fixture
def visit() -> Callable[[Person], Client]:
    """Somebody's browser."""

    def sign_in(person: Person) -> Client:
        person.refresh_from_db()
        client = Client()
        client.force_login(person)
        return client

    return sign_in
