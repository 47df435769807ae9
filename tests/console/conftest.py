"""A workspace with its people, each before a client of Django's; and a run that waits for people."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from agents.models import Run
from agents.runtime.advance import advance
from agents.starting import start_run
from reviews.models import ApprovalRequest
from tests.console import shop
from tests.factories import House, make_agent, make_approval, make_house, make_policy

HTMX = {"HX-Request": "true"}


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def browse(house: House) -> Callable[[str], Client]:
    """The client of one of them, signed in."""

    def browse(name: str) -> Client:
        client = Client()
        client.force_login(getattr(house, name))
        return client

    return browse


@pytest.fixture
def approval(house: House) -> ApprovalRequest:
    """Somebody asks for a refund of 80."""
    return make_approval(house)


@pytest.fixture
def waiting(transactional_db: None, house: House) -> Run:
    """A run of olga's: it has looked something up, and its refund waits for somebody in finance."""
    make_policy(
        house.workspace,
        {"name": "Finance", "effect": "ask", "tool": "shop_refund", "seats": [{"count": 1, "group": "finance"}]},
    )
    make_agent(
        house.workspace, "shop", tools=shop.TOOLS, chain=[{"provider": "scripted", "model": "shop"}], flow="shop_desk"
    )
    run = start_run(house.by("olga"), "shop", shop.TICKET)
    advance(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture(autouse=True)
def nobody_has_failed_to_sign_in() -> None:
    cache.clear()
