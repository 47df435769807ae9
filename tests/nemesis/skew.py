"""A wrong wall clock for one process and what it starts: Python reads `shifted` before anything else."""

from pathlib import Path

SHIFT = "NEMESIS_CLOCK_SHIFT"


def environment(seconds: int) -> dict[str, str]:
    """What a process has to find in its environment for its clock to be off by so much."""
    return {SHIFT: str(seconds), "PYTHONPATH": str(Path(__file__).parent / "shifted")}
