"""The demo's people and their ways in."""

from dataclasses import dataclass
from typing import Any

from workspaces.models import Group, Membership, Person, Scope, SignInLink, Token, Workspace

READ = [Scope.RUNS_READ, Scope.APPROVALS_READ]
OPERATE = [*READ, Scope.RUNS_WRITE]
DECIDE = [*OPERATE, Scope.APPROVALS_DECIDE]
CONFIGURE = [*OPERATE, Scope.CONFIG_READ]
TOKEN_NAME = "demo"


@dataclass(frozen=True, slots=True)
class Part:
    """One person of the demo."""

    username: str
    name: str
    role: str
    groups: tuple[str, ...]
    scopes: list[Scope]


PEOPLE = [
    Part("olga", "Olga Brandt", "operator", (), OPERATE),
    Part("ana", "Ana Costa", "approver", ("finance",), DECIDE),
    Part("ben", "Ben Okafor", "approver", ("finance", "support"), DECIDE),
    Part("eve", "Eve Larsen", "engineer", (), CONFIGURE),
    Part("root", "Root Admin", "admin", (), CONFIGURE),
]
KEY_SCOPES = [Scope.RUNS_READ, Scope.RUNS_WRITE, Scope.APPROVALS_READ]
KEY_OWNER = "root"


def hire(workspace: Workspace) -> dict[str, Person]:
    """All of them as members of a new workspace, by login name; raises ValidationError where a name is taken."""
    names = {name for part in PEOPLE for name in part.groups}
    groups = {name: Group.objects.create(workspace=workspace, name=name) for name in sorted(names)}
    people = {}
    for part in PEOPLE:
        person = Person.objects.create_user(part.username, name=part.name, email=f"{part.username}@example.com")
        Membership.objects.join(workspace, person, [part.role], [groups[name] for name in part.groups])
        people[part.username] = person
    return people


def ways_in(workspace: Workspace, known: dict[str, Any]) -> dict[str, Any]:
    """The service key and, for each person, a fresh sign-in link and a token: those in `known` as long as they work."""
    members = {one.person.username: one.person for one in workspace.memberships.select_related("person")}
    tokens = {entry["name"]: entry["token"] for entry in known.get("people", [])}
    people = [
        {
            "name": part.username,
            "role": part.role,
            "groups": list(part.groups),
            "sign_in": SignInLink.objects.issue(members[part.username]),
            "token": token(
                workspace, members[part.username], Token.Kind.PERSONAL, part.scopes, tokens.get(part.username)
            ),
        }
        for part in PEOPLE
        if part.username in members
    ]
    service_key = known.get("service_key", "")
    return {
        "service_key": token(workspace, members[KEY_OWNER], Token.Kind.SERVICE, KEY_SCOPES, service_key),
        "people": people,
    }


def token(workspace: Workspace, person: Person, kind: Token.Kind, scopes: list[Scope], known: str | None) -> str:
    """The known text while it opens this workspace; else a new one, and what nobody knows any more opens nothing."""
    if known and (found := Token.objects.matching(known)) and found.workspace_id == workspace.pk:
        return known
    mine = Token.objects.filter(workspace=workspace, person=person, kind=kind, name=TOKEN_NAME, revoked_at=None)
    for lost in mine:
        lost.revoke(None)
    return Token(workspace=workspace, person=person, kind=kind, name=TOKEN_NAME, scopes=scopes).issue()
