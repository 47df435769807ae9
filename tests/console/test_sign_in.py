"""Coming in and leaving."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.console.conftest import HTMX
from tests.factories import House
from tests.people import make_person
from workspaces.models import AuditEntry, Membership, Person, SignInLink, Workspace

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """The real hash takes its time on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def olga(house: House) -> Person:
    house.olga.choose_password(PASSWORD, None)
    return house.olga


def sign_in(client: Client, password: str = PASSWORD, name: str = "olga", **form: str) -> Any:
    return client.post("/sign-in", {"username": name, "password": password, **form})


def secret_of(link: str) -> str:
    return "/sign-in/" + link.rsplit("/", 1)[1]


def is_in(client: Client) -> bool:
    return client.get("/runs").status_code == 200


def test_a_password_opens_a_session_under_a_new_key(olga: Person) -> None:
    client = Client()
    client.get("/sign-in")
    before = client.cookies.get("countersign_session")
    answer = sign_in(client, next="/agents")

    assert (answer.status_code, answer["Location"]) == (302, "/agents")
    assert client.cookies["countersign_session"].value != before
    assert is_in(client)
    assert AuditEntry.objects.filter(kind="person.signed_in", person_id=olga.pk).count() == 1


def test_the_first_steps_come_first_once_and_not_for_who_has_put_them_away(olga: Person) -> None:
    first, again = Client(), Client()
    sign_in(first)
    assert first.get("/")["Location"] == "/first-steps"
    assert first.get("/")["Location"] == "/runs"
    assert "First steps lead through one request" in first.get("/runs").content.decode()
    sign_in(again)
    assert again.get("/")["Location"] == "/runs"

    Person.objects.filter(pk=olga.pk).update(last_login=None, dismissed=["first-steps"])
    sign_in(knowing := Client())
    assert knowing.get("/")["Location"] == "/runs"
    assert "First steps lead" not in knowing.get("/runs").content.decode()


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil"])
def test_nobody_is_sent_elsewhere(olga: Person, there: str) -> None:
    assert sign_in(Client(), next=there)["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_look_the_same(olga: Person) -> None:
    wrong, unknown = sign_in(Client(), "no"), sign_in(Client(), "no", "nobody")

    assert wrong.status_code == unknown.status_code == 422
    assert b"do not belong together" in wrong.content and b"do not belong together" in unknown.content


def test_who_is_wrong_too_often_waits_even_with_the_right_password(olga: Person) -> None:
    client = Client()
    for _ in range(10):
        sign_in(client, "no")

    assert sign_in(client).status_code == 429
    assert sign_in(client, "no", "ana").status_code == 422  # others are not held up


def test_one_who_is_locked_out_does_not_come_in(olga: Person) -> None:
    olga.admit(False, None)

    assert sign_in(Client()).status_code == 422


def test_signing_out_ends_the_session(olga: Person) -> None:
    client = Client()
    sign_in(client)
    client.post("/sign-out")

    assert not is_in(client)
    assert client.get("/sign-out").status_code == 405


def test_another_password_ends_open_sessions(olga: Person) -> None:
    client = Client()
    sign_in(client)
    olga.choose_password("another password", None)

    assert not is_in(client)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_a_link_does_not_use_it(house: House, method: str) -> None:
    path = secret_of(SignInLink.objects.issue(house.ana))
    getattr(Client(), method)(path)
    client = Client()

    assert b"Sign in as Ana" in client.get(path).content
    assert client.post(path).status_code == 302
    assert is_in(client)


def test_a_link_works_once(house: House) -> None:
    path = secret_of(SignInLink.objects.issue(house.ana))
    Client().post(path)
    late = Client().post(path)

    assert late.status_code == 404
    assert b"used already" in late.content


def test_links_for_people_are_off_outside_the_demo(house: House, settings: Any) -> None:
    path = secret_of(SignInLink.objects.issue(house.ana))
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != "demo"]

    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code == 404


def test_the_first_admin_founds_a_workspace(db: None) -> None:
    path, client = secret_of(SignInLink.objects.issue(None)), Client()
    form = {"workspace": "Nordwind", "name": "Rosa Admin", "username": "rosa", "password": "short"}

    assert client.post(path, form).status_code == 422
    assert client.post(path, form | {"password": PASSWORD}).status_code == 302
    assert is_in(client)
    assert Membership.objects.get(person__username="rosa").roles == ["admin"]
    assert Workspace.objects.get().name == "Nordwind"


def test_the_first_admin_learns_which_name_is_taken(db: None) -> None:
    path = secret_of(SignInLink.objects.issue(None))
    make_person("rosa")
    form = {"workspace": "Nordwind", "name": "Rosa", "username": "Rosa", "password": PASSWORD}
    page = Client().post(path, form)

    assert page.status_code == 422
    assert not Workspace.objects.exists()


def test_forms_from_elsewhere_are_refused(olga: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert '<a class="lk" href="">Load it again</a>' in strict.post("/sign-out", headers=HTMX).content.decode()

    assert sign_in(strict).status_code == 403


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("light", "light"), ("pink", "")])
def test_a_theme_is_kept_in_a_cookie(browse: Callable[[str], Client], theme: str, kept: str) -> None:
    client = browse("olga")
    client.post("/theme", {"theme": theme, "next": "/runs"})
    page = client.get("/runs").content.decode()

    assert ('data-theme="' + kept if kept else '<html lang="en">') in page
