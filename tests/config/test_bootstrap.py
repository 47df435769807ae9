"""From a bare Python to the environment of the lock file; in a copy of the project with one tiny package."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config import bootstrap

BARE_PYTHON = sys._base_executable  # type: ignore[attr-defined]
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Project:
    """A copy of manage.py and config/ with a lock file of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "project"
        self.wheels = directory / "wheels"
        self.lock = self.directory / "requirements.lock"
        self.wheels.mkdir()
        shutil.copytree(bootstrap.ROOT / "config", self.directory / "config")
        shutil.copy(bootstrap.ROOT / "manage.py", self.directory)

    def require(self, name: str) -> None:
        """Make the lock name one package, which lies in our folder of wheels."""
        wheel = self.wheels / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", "")
            archive.writestr(f"{info}/METADATA", METADATA.format(name=name))
            archive.writestr(f"{info}/WHEEL", WHEEL)
            archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.lock.write_text(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n")

    def run(self, python: str = BARE_PYTHON) -> subprocess.CompletedProcess[str]:
        """`manage.py up --help`: it needs .venv and nothing in it."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.directory),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }
        command = [python, "manage.py", "up", "--help"]
        return subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True, check=False)

    def has(self, name: str) -> bool:
        """Whether .venv has the package."""
        return any(self.directory.glob(f".venv/lib/*/site-packages/{name}.py"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("bootstrap"))
    project.require("first")
    ran = project.run()
    assert ran.returncode == 0, ran.stderr
    assert "usage: manage.py up" in ran.stdout
    assert "Making .venv with" in ran.stderr
    return project


def test_a_bare_python_gets_the_packages_of_the_lock(project: Project) -> None:
    assert project.has("first")


def test_a_complete_environment_is_entered_in_silence(project: Project) -> None:
    assert project.run().stderr == ""


def test_a_changed_lock_is_installed(project: Project) -> None:
    project.require("second")

    assert "Installing" in project.run().stderr
    assert project.has("second")


def test_a_package_with_another_hash_is_refused_every_time(project: Project) -> None:
    project.require("third")
    project.lock.write_text(re.sub("sha256:.*", "sha256:" + 64 * "0", project.lock.read_text()))

    for _ in range(2):
        ran = project.run()
        assert ran.returncode == 1
        assert "could not be installed" in ran.stderr
    assert not project.has("third")


def test_an_interpreter_that_refuses_to_run_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python3.14", "python3.13", "python3.12"):
        interpreter(tmp_path / name, "exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("COUNTERSIGN_PYTHON", str(tmp_path / "python3.14"))

    assert bootstrap.find_python(None) == sys.executable


@pytest.mark.parametrize(
    ("answer", "accepted"), [("3 11 x", False), ("3 12 x", True), ("3 14 x", True), ("3 15 x", False)]
)
def test_only_versions_that_the_packages_support_are_taken(tmp_path: Path, answer: str, *, accepted: bool) -> None:
    python = interpreter(tmp_path / "python", f"echo {answer}")

    assert bool(bootstrap.version_of(python, "venv")) is accepted


def test_a_machine_without_any_suitable_python_is_told_what_to_install(tmp_path: Path) -> None:
    old = interpreter(tmp_path / "python3", "test $1 = -c && echo 3 11 x")
    (tmp_path / "files").mkdir()
    lonely = Project(tmp_path / "files")
    lonely.require("first")
    script = f"import sys; sys.executable = {old!r}; from config import bootstrap; bootstrap.enter('requirements.lock')"

    ran = subprocess.run(
        [BARE_PYTHON, "-c", script],
        cwd=lonely.directory,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert "Install Python 3.12 or newer" in ran.stderr


def test_both_locks_name_the_same_versions() -> None:
    runtime, development = (pins(bootstrap.ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))

    assert runtime <= development


def pins(lock: Path) -> set[str]:
    return {line.split(" \\")[0] for line in lock.read_text().splitlines() if "==" in line}


def interpreter(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
