"""A disk of a few hundred megabytes for one battle, so that it can be filled."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

MEGABYTES = 1500
PIECES = (64 << 20, 1 << 20, 4096)


class Disk:
    """Mounted over `home` where this process may mount; in a namespace of its own, so that it is gone with it."""

    def __init__(self, home: Path):
        self.home, self.is_own = home, self._mounted(home)

    def fill(self) -> None:
        """Leave nothing."""
        with self._ballast.open("wb") as ballast:
            for piece in PIECES:
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, piece)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.home / "ballast"

    def _mounted(self, home: Path) -> bool:
        try:
            os.unshare(os.CLONE_NEWNS)
        except OSError:
            return False
        options = f"size={MEGABYTES}m,mode=711"
        commands = [["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "-o", options, "battle", str(home)]]
        return all(subprocess.run(one, capture_output=True, check=False).returncode == 0 for one in commands)
