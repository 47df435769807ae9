"""How often a sign-in may go wrong before one has to wait."""

from django.core.cache import cache
from django.http import HttpRequest

from workspaces.exceptions import RateLimited

WINDOW_SECONDS = 15 * 60
MAX_PER_NAME = 10  # from one address
MAX_PER_ADDRESS = 100


class Throttle:
    """Failed sign-ins of one address, counted by each web process for itself."""

    def __init__(self, request: HttpRequest, username: str):
        address = request.META.get("REMOTE_ADDR", "")
        self.limits = {
            f"sign-in:{address}": MAX_PER_ADDRESS,
            f"sign-in:{address}:{username.lower()[:150]!r}": MAX_PER_NAME,
        }

    def check(self) -> None:
        """Raises RateLimited when it went wrong too often."""
        found = cache.get_many(list(self.limits))
        if any(count >= self.limits[key] for key, count in found.items()):
            raise RateLimited("Too many attempts. Wait a quarter of an hour, or ask an admin for a new password.")

    def count(self) -> None:
        """One more that went wrong."""
        for key in self.limits:
            cache.add(key, 0, WINDOW_SECONDS)
            cache.incr(key)
