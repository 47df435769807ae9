"""The running product, and people in front of browsers."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client, override_settings

from agents.models import Agent
from tests.factories import make_agent, make_policy
from tests.journeys.browser import PASSWORD, Guest, Thread
from tests.people import make_member, make_workspace
from tests.product import SECRET_KEY, Product
from workspaces.models import Group, Person, Workspace

START_SECONDS = 90
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Thread]:
    """The system's Chromium; without one journeys are skipped, and fail where CI says that there must be one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium")
    thread = Thread(found)
    yield thread
    thread.stop()


@dataclass(frozen=True)
class Office:
    """A workspace on the running product: olga operates, ana approves in finance, cleo approves in no group."""

    workspace: Workspace
    agent: Agent
    people: dict[str, Person]


@pytest.fixture
def office(product: Product) -> Office:
    workspace = make_workspace("Acme")
    finance = Group.objects.create(workspace=workspace, name="finance")
    people = {
        "olga": make_member(workspace, "olga", "operator"),
        "ana": make_member(workspace, "ana", "approver", groups=[finance]),
        "cleo": make_member(workspace, "cleo", "approver"),
    }
    Person.objects.update(password=make_password(PASSWORD))
    seats = [{"count": 1, "group": "finance"}]
    make_policy(workspace, {"name": "Finance decides", "effect": "ask", "tool": "till_*", "seats": seats})
    agent = make_agent(workspace, "till", tools=["till_refund"], chain=[{"provider": "scripted", "model": "till"}])
    return Office(workspace, agent, people)


@pytest.fixture
def running(product: Product, office: Office) -> Product:
    """Web, worker and sweep."""
    for program in ("web", "worker", "sweep"):
        product.start(program, TOOL_MODULES="tests.journeys.till", DEMO="0")
    return product


@pytest.fixture
def come(browser: Thread, product: Product) -> Iterator[Callable[..., Guest]]:
    """`come("ana", viewport=NARROW, color_scheme="dark")`: a browser of one's own, signed in."""
    guests: list[Guest] = []

    def arrive(username: str = "", **options: object) -> Guest:
        wait_for_web(product)
        guests.append(Guest(browser, product.url, **options))
        if username:
            guests[-1].brings(settings.SESSION_COOKIE_NAME, session_of(username))
        return guests[-1]

    yield arrive
    for guest in guests:
        guest.leave()


def session_of(username: str) -> str:
    """The cookie of somebody who has signed in at the product; `Guest.signs_in` does it by hand."""
    client = Client()
    with override_settings(SECRET_KEY=SECRET_KEY):
        client.force_login(Person.objects.get(username=username))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def wait_for_web(product: Product) -> None:
    """Until the web process answers: on a busy machine it starts slower than a page may be."""
    urlopen(f"{product.url}/healthz", timeout=3 * START_SECONDS).close()
