from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from tests.people import acting, all_at_once
from workspaces.exceptions import NotFound
from workspaces.models import Person, SignInLink, Workspace


def secret_of(address: str) -> str:
    return address.rsplit("/", 1)[1]


def new_person(username: str = "root") -> Person:
    return Person(username=username, name=username.title())


def test_a_link_opens_once(olga, settings):
    address = SignInLink.objects.issue(olga)
    assert address.startswith(f"{settings.PUBLIC_URL}/sign-in/")
    link = SignInLink.objects.find(secret_of(address))
    assert link.use() == olga
    with pytest.raises(NotFound):
        link.use()
    with pytest.raises(NotFound):
        SignInLink.objects.find(secret_of(address))


def test_looking_at_a_link_does_not_use_it(olga):
    secret = secret_of(SignInLink.objects.issue(olga))
    assert [SignInLink.objects.find(secret).person for _ in range(3)] == [olga] * 3


def test_an_expired_link_opens_nothing(olga):
    link = SignInLink.objects.find(secret_of(SignInLink.objects.issue(olga)))
    SignInLink.objects.update(expires_at=now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        link.use()


def test_a_guessed_link_opens_nothing(db):
    with pytest.raises(NotFound):
        SignInLink.objects.find("guess")


def test_the_secret_is_not_stored(olga):
    secret = secret_of(SignInLink.objects.issue(olga))
    assert secret not in str(vars(SignInLink.objects.get()))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_link_at_once_one_comes_in(olga):
    link = SignInLink.objects.find(secret_of(SignInLink.objects.issue(olga)))
    results = all_at_once(8, link.use)
    assert results.count(olga) == 1
    assert sum(isinstance(result, NotFound) for result in results) == 7


def test_the_first_admin_founds_a_workspace(db):
    link = SignInLink.objects.find(secret_of(SignInLink.objects.issue(None)))
    workspace = link.found(new_person(), "Acme", "acme")
    assert acting(Person.objects.get(username="root"), workspace).may("administer")


def test_a_mistake_in_the_form_leaves_the_link_usable(db):
    link = SignInLink.objects.find(secret_of(SignInLink.objects.issue(None)))
    with pytest.raises(ValidationError):
        link.found(new_person(), "Acme", "not a slug")
    assert not Person.objects.exists()
    assert link.found(new_person(), "Acme", "acme")


def test_two_links_make_one_first_admin(db):
    links = [SignInLink.objects.find(secret_of(SignInLink.objects.issue(None))) for _ in range(2)]
    links[0].found(new_person(), "Acme", "acme")
    with pytest.raises(NotFound):
        links[1].found(new_person("sam"), "Mine", "mine")


@pytest.mark.django_db(transaction=True)
def test_two_links_used_at_once_make_one_first_admin():
    links = [SignInLink.objects.find(secret_of(SignInLink.objects.issue(None))) for _ in range(4)]
    names = iter(["a1", "b2", "c3", "d4"])
    results = all_at_once(4, lambda: links.pop().found(new_person(name := next(names)), name, name))
    assert sum(isinstance(result, Workspace) for result in results) == 1
    assert sum(isinstance(result, NotFound) for result in results) == 3
    assert Person.objects.count() == 1


def test_a_person_s_link_founds_nothing(olga):
    link = SignInLink.objects.find(secret_of(SignInLink.objects.issue(olga)))
    with pytest.raises(NotFound):
        link.found(new_person("mallory"), "Mine", "mine")


def test_the_command_prints_a_link_for_an_empty_installation_only(db):
    output = StringIO()
    call_command("first_admin_link", stdout=output)
    SignInLink.objects.find(secret_of(output.getvalue().strip())).found(new_person(), "Acme", "acme")
    with pytest.raises(CommandError, match="There is an admin already"):
        call_command("first_admin_link")
