"""A process that was asked to stop: its runs begin nothing new, finish what is under way, and are handed back."""

from agents.runtime.clock import boot

GRACE_SECONDS = 15.0  # so long a model call or a read may still end; then it is given up, and made again elsewhere


class Leaving:
    """Whether, and since when, this process is to end. `ask` takes no lock: signal handlers call it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def ask(self) -> None:
        """End soon."""
        self._since = self._since or boot()

    @property
    def is_asked(self) -> bool:
        return self._since is not None

    @property
    def is_over(self) -> bool:
        """Whether what may be given up is given up now."""
        return self._since is not None and boot() - self._since > GRACE_SECONDS


leaving = Leaving()
