"""Who is asking: a person in the browser, a person's token, or a service key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from workspaces.exceptions import Forbidden, NotFound
from workspaces.models import Membership, Person, Role, Scope, Token, Workspace

Right = Literal["view", "operate", "vote", "engineer", "administer"]

ROLES_WITH: Mapping[Right, frozenset[str]] = {
    "view": frozenset(Role.values),
    "operate": frozenset({Role.OPERATOR, Role.APPROVER, Role.ENGINEER, Role.ADMIN}),
    "vote": frozenset({Role.APPROVER}),
    "engineer": frozenset({Role.ENGINEER, Role.ADMIN}),
    "administer": frozenset({Role.ADMIN}),
}
SCOPE_FOR: Mapping[Right, str] = {  # no token administers
    "view": Scope.RUNS_READ,
    "operate": Scope.RUNS_WRITE,
    "vote": Scope.APPROVALS_DECIDE,
    "engineer": Scope.RUNS_WRITE,
}
SERVICE_RIGHTS: frozenset[Right] = frozenset({"view", "operate"})


@dataclass(frozen=True, slots=True)
class Principal:
    """One who acts in one workspace, with the roles and groups held at this moment."""

    workspace: Workspace
    person: Person
    token: Token | None
    roles: frozenset[str]
    groups: frozenset[str]
    channel: Literal["web", "api"]

    @classmethod
    def of_session(cls, person: Person, workspace: Workspace) -> Self:
        """The member `person` in the browser; to a stranger the workspace does not exist."""
        membership = _membership(person, workspace)
        if membership is None or not person.is_active:
            raise NotFound
        return cls(workspace, person, None, frozenset(membership.roles), _groups(membership), "web")

    @classmethod
    def of_token(cls, raw: str) -> Self | None:
        """Whoever holds the token with this text; nobody if it is wrong, revoked, expired or its person has left."""
        token = Token.objects.matching(raw)
        membership = _membership(token.person, token.workspace) if token else None
        if token is None or membership is None:
            return None
        token.note_use()
        if token.kind == Token.Kind.SERVICE:
            return cls(token.workspace, token.person, token, frozenset(), frozenset(), "api")
        return cls(token.workspace, token.person, token, frozenset(membership.roles), _groups(membership), "api")

    @property
    def name(self) -> str:
        """Who this is, for logs and the audit."""
        return f"{self.person.username} by {self.token.name}" if self.token else self.person.username

    @property
    def key(self) -> str:
        """The same text for the same principal, for rows that belong to one."""
        return f"token:{self.token.pk}" if self.token else f"person:{self.person.pk}"

    @property
    def is_service(self) -> bool:
        """A service key: it acts for the workspace and never votes."""
        return self.token is not None and self.token.kind == Token.Kind.SERVICE

    def has(self, role: str) -> bool:
        """Whether this principal holds exactly that role."""
        return role in self.roles

    def holds(self, scope: str) -> bool:
        """Whether the scope is covered: the browser has no scopes to lack."""
        return self.token is None or scope in self.token.scopes

    def may(self, right: Right, scope: str = "") -> bool:
        """Whether role and token allow `right`; `scope` names a narrower one than the right's usual scope."""
        return self._has_role_for(right) and self._has_scope_for(right, scope)

    def require(self, right: Right, scope: str = "") -> None:
        """What a verb asks before it acts; raises Forbidden."""
        if not self.may(right, scope):
            raise Forbidden(f"{self.name} cannot do this in {self.workspace}.{self._missing(right, scope)}")

    def _missing(self, right: Right, scope: str) -> str:
        """Which roles or which scope would do; a service key has no roles to be given."""
        if self._has_role_for(right):
            needed = scope or SCOPE_FOR.get(right, "")
            return f" It needs the scope {needed}." if needed else ""
        roles = sorted(ROLES_WITH[right])
        named = " or ".join(filter(None, [", ".join(roles[:-1]), roles[-1]]))
        return "" if self.is_service else f" It needs the role {named}."

    def _has_role_for(self, right: Right) -> bool:
        return right in SERVICE_RIGHTS if self.is_service else bool(ROLES_WITH[right] & self.roles)

    def _has_scope_for(self, right: Right, scope: str) -> bool:
        return self.token is None or (right in SCOPE_FOR and self.holds(scope or SCOPE_FOR[right]))


def _membership(person: Person, workspace: Workspace) -> Membership | None:
    """With the names of the groups, in one query: every page and every call asks this."""
    names = ArrayAgg("groups__name", filter=Q(groups__isnull=False), default=[])
    return Membership.objects.filter(person=person, workspace=workspace).annotate(group_names=names).first()


def _groups(membership: Membership) -> frozenset[str]:
    return frozenset(membership.group_names)  # type: ignore[attr-defined]
