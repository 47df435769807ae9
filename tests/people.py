"""Named people for stories: olga operates, ana and ben approve, sam is a stranger, root administers."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

from django.db import connections

from workspaces.models import Group, Membership, Person, Token, Workspace
from workspaces.principal import Principal


def make_workspace(name: str = "Acme") -> Workspace:
    return Workspace.objects.found(name, f"{name.lower()}-{uuid4().hex[:8]}")


def make_person(username: str, **fields: Any) -> Person:
    return Person.objects.create_user(username, **{"name": username.title(), **fields})


def make_member(workspace: Workspace, username: str, *roles: str, groups: Iterable[Group] = ()) -> Person:
    person = make_person(username)
    Membership.objects.join(workspace, person, roles, groups)
    return person


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
