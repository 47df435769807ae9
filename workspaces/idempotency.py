"""Idempotency-Key: the same request twice has one effect and one answer."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja.decorators import decorate_view

from workspaces import canonical
from workspaces.exceptions import Conflict, Unprocessable
from workspaces.models import IdempotentRequest
from workspaces.principal import Principal

KEEP = timedelta(days=7)
KEY = re.compile(r"\A[\x21-\x7e]{1,255}\Z")

_CLAIM = """
    INSERT INTO workspaces_idempotentrequest (workspace_id, principal, key, request, body_digest, created_at)
    VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (workspace_id, principal, key) DO NOTHING RETURNING id
"""

type View = Callable[..., Any]


def idempotent(view: View) -> View:
    """Decorates an API operation, below its route: with a key it runs once, in one transaction with its record.

    A refusal (400 and above) leaves no trace, so that the same key may be tried again.
    """

    @wraps(view)
    def claimed(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        earlier = _claim(request) if _has_key(request) else None
        return view(request, *args, **kwargs) if earlier is None else _answer_again(earlier)

    return decorate_view(_recorded)(claimed)


def purge_idempotent_requests() -> int:
    """Forget keys older than 7 days; for the sweep."""
    return IdempotentRequest.objects.filter(created_at__lt=now() - KEEP).delete()[0]


def _recorded(run: View) -> View:
    """Around authentication, operation and rendering: what was claimed gets its answer, or is rolled back."""

    @wraps(run)
    def answered(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not _has_key(request):
            return cast(HttpResponse, run(request, **kwargs))
        with transaction.atomic():
            response = cast(HttpResponse, run(request, **kwargs))
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif claim := getattr(request, "idempotent_claim", None):
                IdempotentRequest.objects.filter(pk=claim).update(
                    status=response.status_code, response=response.content
                )
        return response

    return answered


def _claim(request: HttpRequest) -> IdempotentRequest | None:
    """Take the key, or return the request that took it before; a twin at work is waited for by the unique index."""
    principal = cast(Principal, request.auth)  # type: ignore[attr-defined]
    key, name = request.headers["Idempotency-Key"], f"{request.method} {request.get_full_path()}"
    if not KEY.match(key):
        raise Unprocessable("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    digest = canonical.digest(request.body)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [principal.workspace.pk, principal.key, key, name, digest])
        if row := cursor.fetchone():
            request.idempotent_claim = row[0]  # type: ignore[attr-defined]
            return None
    earlier = IdempotentRequest.objects.get(workspace=principal.workspace, principal=principal.key, key=key)
    if (earlier.request, bytes(earlier.body_digest)) != (name, digest):
        raise Conflict("This Idempotency-Key was used for another request.")
    return earlier


def _answer_again(earlier: IdempotentRequest) -> HttpResponse:
    return HttpResponse(bytes(earlier.response or b""), status=earlier.status, content_type="application/json")


def _has_key(request: HttpRequest) -> bool:
    return "Idempotency-Key" in request.headers
