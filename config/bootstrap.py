"""Makes .venv on a machine that has only some Python 3, and enters it. Standard library of Python 3.8, nothing else."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PRIVATE_UV = ROOT / ".uv"
OLDEST, NEWEST = (3, 12), (3, 14)  # what Django asks for, and what our packages have wheels for
PROBE = "import sys, {modules}; print(sys.version_info[0], sys.version_info[1], sys.executable)"
ADVICE = (
    "Install Python 3.12 or newer (with its venv module: `apt install python3-venv` on Debian and Ubuntu) or uv, "
    "then run this again; COUNTERSIGN_PYTHON may name an interpreter."
)


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def enter(lock: str) -> None:
    """Return inside .venv with all packages of `lock`; until then make it so and start over in there."""
    try:
        if not is_complete(lock):
            make(lock)
        elif is_inside():
            return
        os.execv(str(PYTHON), [str(PYTHON), str(ROOT / "manage.py"), *sys.argv[1:]])
    except (BootstrapError, OSError) as error:
        sys.exit(f"manage.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def is_inside() -> bool:
    """Whether this process runs in .venv."""
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def is_complete(lock: str) -> bool:
    """Whether .venv has exactly what the lock file says."""
    stamp = stamp_of(lock)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == digest_of(lock)


def stamp_of(lock: str) -> Path:
    """Where the digest of the installed lock file is kept."""
    return VENV / (lock + ".sha256")


def digest_of(lock: str) -> str:
    """The digest of a lock file."""
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def make(lock: str) -> None:
    """Make .venv and install the lock file, one process at a time."""
    import fcntl

    with open(ROOT / lock) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_complete(lock):
            return
        uv = find_uv()
        make_venv(uv)
        install(lock, uv)


def make_venv(uv: str | None) -> None:
    """Make .venv unless there is a good one."""
    import shutil

    if PYTHON.exists() and version_of(str(PYTHON), "venv"):
        return
    python = find_python(uv)
    if not python:
        uv = uv or install_uv()
        python = fetch_python(uv)
    say(f"Making .venv with {python}")
    if not os.access(str(ROOT), os.W_OK):
        raise BootstrapError(f"{ROOT} cannot be written, so .venv cannot be made there; run this as its owner once.")
    shutil.rmtree(VENV, ignore_errors=True)
    run([uv, "venv", "--quiet", "--python", python, str(VENV)] if uv else [python, "-m", "venv", str(VENV)])


def find_python(uv: str | None) -> str | None:
    """The first interpreter that is new enough, found by executing each: a shim may be there and refuse."""
    modules = "venv" if uv else "venv, ensurepip"
    for candidate in candidates(uv):
        if version_of(candidate, modules):
            return candidate
    return None


def candidates(uv: str | None) -> list[str]:
    """Interpreters to try, best first."""
    import glob
    import shutil

    versions = [f"3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    by_name = [shutil.which(f"python{version}") for version in versions]
    # glob and not Path.glob, which fails where we may not look.
    by_pyenv = [path for version in versions for path in glob.glob(f"{pyenv}/versions/{version}.*/bin/python3")]
    by_uv = [output([uv, "python", "find", f">={OLDEST[0]}.{OLDEST[1]}"])] if uv else []
    found = [os.environ.get("COUNTERSIGN_PYTHON"), sys.executable, *by_name, *by_pyenv, *by_uv]
    return [path for path in found if path]


def version_of(python: str, modules: str) -> tuple[int, int] | None:
    """The interpreter's version if it runs, has the modules and is neither too old nor too new."""
    words = output([python, "-c", PROBE.format(modules=modules)]).split()
    version = (int(words[0]), int(words[1])) if len(words) > 2 else (0, 0)
    return version if OLDEST <= version <= NEWEST else None


def find_uv() -> str | None:
    """A uv that runs."""
    import shutil

    found = (shutil.which("uv"), os.path.expanduser("~/.local/bin/uv"), str(PRIVATE_UV / "bin" / "uv"))
    return next((uv for uv in found if uv and output([uv, "--version"])), None)


def install_uv() -> str:
    """Put uv into an environment of its own."""
    say("No Python 3.12 or newer was found; installing uv to fetch one")
    try:
        run([sys.executable, "-m", "venv", str(PRIVATE_UV)])
        run([str(PRIVATE_UV / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    except BootstrapError as error:
        raise BootstrapError(ADVICE) from error
    return str(PRIVATE_UV / "bin" / "uv")


def fetch_python(uv: str) -> str:
    """An interpreter that uv downloads."""
    try:
        run([uv, "python", "install", "3.13"])
    except BootstrapError as error:
        raise BootstrapError(ADVICE) from error
    return output([uv, "python", "find", "3.13"])


def install(lock: str, uv: str | None) -> None:
    """Install exactly what the lock file says, checked against its hashes; nothing is built from source."""
    total = sum("==" in line for line in (ROOT / lock).read_text().splitlines())
    began = time.time()
    say(f"Installing up to {total} packages ({lock})")
    options = ["install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(ROOT / lock)]
    if uv:
        run([uv, "pip", *options[:1], "--compile-bytecode", "--python", str(PYTHON), *options[1:]])
    else:
        if not output([str(PYTHON), "-m", "pip", "--version"]):
            run([str(PYTHON), "-m", "ensurepip"])
        run_counting([str(PYTHON), "-m", "pip", *options], b"Collecting", total)
    # The development lock holds everything of the other one (tests/config/test_locks.py).
    for installed in {lock, "requirements.lock"}:
        stamp_of(installed).write_text(digest_of(installed))
    say(f"Installed in {time.time() - began:.0f} s")


def run(command: list[str]) -> None:
    """Run a step; its own progress and errors go to the terminal."""
    import subprocess

    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise BootstrapError(f"`{' '.join(command)}` failed; see above.")


def run_counting(command: list[str], word: bytes, total: int) -> None:
    """Run pip and show how far it is instead of its many lines."""
    import subprocess

    lines, seen = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        for line in child.stdout or ():
            lines.append(line)
            if line.startswith(word):
                seen += 1
                show(f"{seen} of {total}")
    show("")
    if child.returncode:
        sys.stderr.write(b"".join(lines[-20:]).decode(errors="replace"))
        raise BootstrapError("The packages could not be installed; see above. Is a package index reachable?")


def output(command: list[str]) -> str:
    """What a command prints, or nothing if it cannot be run or fails."""
    import subprocess

    try:
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def say(sentence: str) -> None:
    """Progress, on the error stream so that a command's output stays its own."""
    print(sentence, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Progress that overwrites itself, on a terminal only."""
    if sys.stderr.isatty():
        print("\r\x1b[K" + text, end="", file=sys.stderr, flush=True)
