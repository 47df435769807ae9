"""`manage.py test`: everything that must hold before a change lands."""

import os
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

from config.home import ROOT

BIN = ROOT / ".venv" / "bin"
NOT_FOR_TESTS = {"COUNTERSIGN_HOME", "PYTHONDONTWRITEBYTECODE"}
STAGES = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "imports": [sys.executable, str(BIN / "lint-imports")],
    "tests": [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--durations=10",
        "-n3",
        "--dist=worksteal",
    ],  # also that migrations are complete
}
TYPES = [sys.executable, "-m", "mypy"]  # beside the tests, which wait for a fifth of their time


def main(arguments: list[str]) -> None:
    """All stages, or only pytest with these arguments; ends with 1 if anything failed."""
    stages = {"tests": [*STAGES["tests"], *arguments]} if arguments else STAGES
    types = None if arguments else subprocess.Popen(TYPES, cwd=ROOT, env=environment(), stdout=PIPE, text=True)
    failed = [name for name, command in stages.items() if not passes(name, command)]
    if types:
        found = types.communicate()[0]
        print(f"--- types\n{found}", end="", flush=True)
        failed += ["types"] if types.returncode else []
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nEverything holds", flush=True)
    sys.exit(1 if failed else 0)


def bench(names: list[str]) -> None:
    """Run the benchmarks, or those whose names are given; the figures are the lines of JSON.

    With BENCH_PEERS, a folder of scripts that print the same for other systems, and BENCH_PEERS_PYTHON, which has what
    they need: those scripts after ours, when all are run or `peers` is named.
    """
    own = [name.lower() for name in names if name != "peers"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "bench",
        "-q",
        "-p",
        "no:logging",
        *(["-k", " or ".join(own)] if own else []),
    ]
    codes = [_run(command)] if own or not names else []
    if "peers" in names or not names:
        codes += [_run([os.environ["BENCH_PEERS_PYTHON"], str(script)]) for script in peers()]
    sys.exit(max(codes, default=0))


def peers() -> list[Path]:
    """The scripts that measure other systems, where there are any."""
    folder = os.environ.get("BENCH_PEERS")
    return [*sorted(Path(folder).glob("*_baseline.py")), *sorted(Path(folder).glob("*_limit.py"))] if folder else []


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode


def nemesis(arguments: list[str]) -> None:
    """Break a whole installation by a schedule from a seed, and check what is left (docs/reliability.md)."""
    command = [sys.executable, "-m", "tests.nemesis", *arguments]
    sys.exit(_run(command))


def passes(name: str, command: list[str]) -> bool:
    """Run one stage; its output goes to the terminal."""
    print(f"--- {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
    print(f"--- {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True)
    return code == 0


def environment() -> dict[str, str]:
    """Our own, without the home that a developer may use: tests make one of their own.

    Many processes start: each would compile every module again if none were allowed to write what it compiled.
    """
    return {name: value for name, value in os.environ.items() if name not in NOT_FOR_TESTS}
