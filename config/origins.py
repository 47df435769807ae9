"""Which pages may open the socket: a browser sends our cookie along from any page of this host."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings

Application = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]


class SameOrigin:
    """Refuses other ports of an allowed host, too: what is served there need not be ours."""

    def __init__(self, application: Application) -> None:
        self.ours = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
        is_same = origin in {settings.PUBLIC_URL, f"http://{host}", f"https://{host}"}
        return await (self.ours if is_same else WebsocketDenier())(scope, receive, send)
