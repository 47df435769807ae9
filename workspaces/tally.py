"""Counts of what this process saw since it began; its heartbeat row carries them to whoever asks (`/metrics`)."""

import threading
from collections import Counter

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def add(name: str, number: int = 1) -> None:
    """Count something that happened in this process."""
    with _lock:
        _counts[name] += number


def add_all(numbers: dict[str, int]) -> None:
    """Count several things at once."""
    with _lock:
        for name, number in numbers.items():
            _counts[name] += number


def counts() -> dict[str, int]:
    """Everything counted so far."""
    with _lock:
        return dict(_counts)
