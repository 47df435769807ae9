"""Named people for stories: olga operates, ana and ben approve, sam is a stranger, root administers."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

from django.db import connections

from workspaces.models import Group, Membership, Person, Token, Workspace
from workspaces.models.membership import ADMIN_SITE_ROLES
from workspaces.principal import Principal


def make_workspace(name: str = "Acme") -> Workspace:
    return Workspace.objects.found(name, f"{name.lower()}-{uuid4().hex[:8]}")


def make_person(username: str, **fields: Any) -> Person:
    return Person.objects.create_user(username, **{"name": username.title(), **fields})


def make_member(workspace: Workspace, username: str, *roles: str, groups: Iterable[Group] = ()) -> Person:
    person = make_person(username)
    Membership.objects.join(workspace, person, roles, groups)
    return person


def settle(workspace: Workspace, members: Mapping[str, tuple[str, Iterable[Group]]]) -> list[Person]:
    """Members by name with one role and their groups, in a few statements and without an entry anywhere.

    `make_member` is the way that the product goes.
    """
    named = [
        Person(username=name, name=name.title(), is_staff=role in ADMIN_SITE_ROLES)
        for name, (role, _) in members.items()
    ]
    people = Person.objects.bulk_create(named)
    joined = zip(people, members.values(), strict=True)
    memberships = [
        (Membership(workspace=workspace, person=person, roles=[role]), groups) for person, (role, groups) in joined
    ]
    Membership.objects.bulk_create([one for one, _ in memberships])
    through = Membership.groups.through
    through.objects.bulk_create(
        [through(membership=one, group=group) for one, groups in memberships for group in groups]
    )
    return people


def acting(person: Person, workspace: Workspace | None = None) -> Principal:
    """The person in the browser, in the given workspace or their only one."""
    return Principal.of_session(person, workspace or Workspace.objects.of(person).get())


def make_token(person: Person, *scopes: str, kind: str = "personal", **fields: Any) -> str:
    workspace = fields.pop("workspace", None) or Workspace.objects.of(person).get()
    return Token(
        **{"workspace": workspace, "person": person, "name": "laptop", "kind": kind, "scopes": scopes, **fields}
    ).issue()


def all_at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """What `count` threads get, each with its own connection, that start at the same moment; errors are results."""
    barrier = Barrier(count)

    def one() -> Any:
        try:
            barrier.wait(timeout=10)
            return work()
        except Exception as error:  # noqa: BLE001
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return [future.result() for future in [threads.submit(one) for _ in range(count)]]
