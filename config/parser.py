"""How a request body under /api is read: strictly, and only when it says that it is JSON."""

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from config.limits import MAX_BODY_BYTES
from workspaces import canonical
from workspaces.exceptions import CountersignError


class NotJSON(CountersignError):
    """The body is of another type, or compressed."""

    status = 415
    title = "Unsupported media type"


class StrictParser(Parser):
    """Refuses what two parsers could read in two ways."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The value of the body."""
        if request.content_type != "application/json" or "Content-Encoding" in request.headers:
            raise NotJSON("Send the body as plain application/json.")
        return canonical.parse(request.body, max_bytes=MAX_BODY_BYTES)
