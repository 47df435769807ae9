"""What opens the workspace in one person's name: sessions of browsers, and personal tokens."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from console.pages import MemberRequest
from console.sign_in import OPENED
from workspaces import audit, hints
from workspaces.models import Scope, Token
from workspaces.names import check_name
from workspaces.principal import Principal

BROWSERS = {"Firefox": "Firefox", "Edg": "Edge", "Chrome": "Chrome", "Safari": "Safari"}  # the first that is named
SYSTEMS = {"iPhone|iPad": "iOS", "Android": "Android", "Windows": "Windows", "Mac": "macOS", "Linux": "Linux"}


@dataclass(frozen=True, slots=True)
class Opened:
    """One session: when it began and where, as far as it says."""

    at: datetime | None
    browser: str
    is_this: bool


class TokenForm(forms.Form):
    """A new personal token."""

    name = forms.CharField(max_length=100, validators=[check_name])
    scopes = forms.MultipleChoiceField(choices=Scope.choices)
    days = forms.IntegerField(min_value=1, max_value=365, initial=90)

    def issue(self, by: Principal) -> str:
        """Its text, which is kept nowhere."""
        given = self.cleaned_data
        token = Token(workspace=by.workspace, person=by.person, kind=Token.Kind.PERSONAL, name=given["name"])
        token.scopes, token.expires_at = given["scopes"], now() + timedelta(days=given["days"])
        return token.issue(by)


def tokens(principal: Principal) -> "QuerySet[Token]":
    """One's own that still open this workspace."""
    return Token.objects.usable().filter(workspace=principal.workspace, person=principal.person, kind="personal")


def sessions(request: MemberRequest) -> list[Opened]:
    """One's own that have not ended, this one first."""
    found = [opened(row, kept, request) for row, kept in own_rows(request)]
    return sorted(found, key=lambda one: (not one.is_this, -(one.at.timestamp() if one.at else 0)))


@transaction.atomic
def end_other_sessions(request: MemberRequest) -> int:
    """End all of one's own but this one."""
    others = [row.pk for row, _ in own_rows(request) if row.pk != request.session.session_key]
    Session.objects.filter(pk__in=others).delete()
    for workspace in request.workspaces:
        by = Principal.of_session(request.user, workspace)
        audit.record(workspace.pk, by, "person.sessions_ended", f"person:{request.user.pk}", {"count": len(others)})
        transaction.on_commit(partial(hints.page, "session", None, "session.ended", workspace.pk))
    return len(others)


def own_rows(request: MemberRequest) -> Iterator[tuple[Session, dict[str, Any]]]:
    """Sessions say whose they are only inside, so all that have not ended are looked into."""
    for row in Session.objects.filter(expire_date__gt=now()).iterator():
        kept = row.get_decoded()
        if kept.get("_auth_user_id") == str(request.user.pk):
            yield row, kept


def opened(row: Session, kept: dict[str, Any], request: MemberRequest) -> Opened:
    """What a session tells of its beginning."""
    at, agent = kept.get(OPENED, ["", ""])
    named = [
        next((name for mark, name in known.items() if re.search(mark, agent)), "") for known in (BROWSERS, SYSTEMS)
    ]
    where = " on ".join(filter(None, named)) or "a browser that does not say which"
    is_this = row.pk == request.session.session_key
    return Opened(datetime.fromisoformat(at) if at else None, where or "a browser that does not say which", is_this)


def named(known: dict[str, str], agent: str) -> str:
    """The first of the known names that a browser gives itself."""
    return next((name for mark, name in known.items() if re.search(mark, agent)), "")
