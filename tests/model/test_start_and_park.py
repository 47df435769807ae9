"""The protocol of starting and parking, searched through by spin where it is installed; every control is needed."""

import re
import shutil
import subprocess

import pytest

from config.home import ROOT

MODEL = ROOT / "tests" / "model" / "start_and_park.pml"
BOUNDS = ["-DCRASHES=1", "-DLAPSES=1", "-DLATES=1"]
needs_spin = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("cc")), reason="the model checker spin, or a C compiler, is not here"
)


def searched(directory, *flags: str, speed: str = "-O2") -> tuple[int, int, str]:
    """Errors and states that a search through the whole model found, and which assertion failed.

    Where an error is near, a compiler that takes its time is what takes the time: `speed`.
    """
    subprocess.run(["spin", *BOUNDS, *flags, "-a", str(MODEL)], cwd=directory, check=True, capture_output=True)
    subprocess.run(["cc", speed, "-DSAFETY", "-w", "-o", "pan", "pan.c"], cwd=directory, check=True)
    said = subprocess.run(["./pan", "-m100000"], cwd=directory, check=True, capture_output=True, text=True).stdout
    assert "max search depth too small" not in said
    errors, states = re.search(r"errors: (\d+)", said), re.search(r"(\d+) states, stored", said)
    violated = re.search(r"assertion violated\s+(.*?) \(at", said)
    assert errors and states
    return int(errors[1]), int(states[1]), violated[1] if violated else ""


@needs_spin
def test_the_protocol_holds_in_every_state(tmp_path):
    errors, states, _ = searched(tmp_path)
    print(f"\n{states} states")
    assert errors == 0 and states > 100_000


@needs_spin
@pytest.mark.parametrize("control", ["FENCE", "INTENT", "WOKEN", "BINDING", "CLOCK"])
def test_without_any_one_control_it_does_not(tmp_path, control):
    errors, _, violated = searched(tmp_path, f"-DNO_{control}", speed="-O0")
    print(f"\nwithout {control}: {violated}")
    assert errors == 1 and violated
