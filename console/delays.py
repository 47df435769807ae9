"""For how long something can be put off."""

from console.figures import duration

USUAL = [(15, "15 minutes"), (60, "An hour"), (480, "Eight hours")]
LONGEST = 7 * 24 * 60  # minutes


def choices(seconds_left: int) -> list[tuple[int, str]]:
    """In minutes and in words: never longer than half of the time that is left, where any is."""
    if not seconds_left:
        return USUAL
    half = seconds_left // 120
    longest = max(1, min(half, LONGEST))
    length = f"{longest} min" if longest < 60 else duration(longest * 60)
    words = f"{length}, half of what is left" if half <= LONGEST else "A week"
    return [(minutes, words) for minutes, words in USUAL if minutes < longest] + [(longest, words)]
