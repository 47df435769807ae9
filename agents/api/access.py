"""Who asks, and whether they may."""

from django.http import HttpRequest

from workspaces.exceptions import Forbidden
from workspaces.principal import Principal, Right

NEEDED = {
    "view": "runs:read",
    "operate": "the role operator, and runs:write for a token",
    "engineer": "the role engineer, and runs:write for a token; service keys may not",
}


def who(request: HttpRequest, right: Right) -> Principal:
    """The principal of this request; raises Forbidden without the right."""
    principal: Principal = request.auth  # type: ignore[attr-defined]
    if not principal.may(right):
        raise Forbidden(f"{principal.name} may not {right} here: this needs {NEEDED.get(right, right)}.")
    return principal
