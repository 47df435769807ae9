"""The figures of a battle: what was done to it, what was checked, and how long it took to come back."""

from collections import Counter
from typing import Any

from tests.nemesis import outside
from tests.nemesis.witness import asked


def figures(hands, checker, history, violations, settled_seconds: float) -> dict[str, Any]:
    """All that is published about one battle."""
    runs = Counter(run.status for run in checker.runs.values())
    unsafe = [call for call in checker.calls.values() if call.effect == "unsafe" and call.attempt]
    doubted = asked("SELECT count(*) FROM nemesis.calls WHERE status = 'in_doubt'")[0][0]
    return {
        "faults": dict(sorted(hands.done.items())) | {"all": hands.done.total()},
        "faults left out": dict(sorted(hands.left_out.items())),
        "ended by themselves": dict(Counter(hands.arena.ended_alone)),
        "requests": history.counts(),
        "runs": dict(runs) | {"all": runs.total()},
        "checked": dict(checker.checked) | {"all": checker.checked.total()},
        "violations": len(violations),
        "violations by invariant": dict(Counter(one.invariant for one in violations)),
        "unsafe calls started": len(unsafe),
        "in doubt": doubted,
        "in doubt share": round(doubted / max(1, len(unsafe)), 4),
        "steps": checker.checked["I1 steps"],
        "steps repeated": repeated(),
        "takeovers": asked("SELECT count(*) FROM nemesis.runs WHERE lapsed")[0][0],
        "seconds from a kill to the next claim of its runs": spread(recoveries(hands.kills)),
        "seconds from a database restart to the next step": spread(restarts(hands.restarts)),
        "seconds until all had settled": round(settled_seconds, 1),
    }


def repeated() -> int:
    """Model turns and reads that were performed again because nobody had committed the first."""
    asked_again = outside.by_key("turn"), outside.by_key("look")
    return sum(len(lines) - 1 for kind in asked_again for lines in kind.values())


def recoveries(kills: list[tuple[float, int]]) -> list[float]:
    """For every run that a killed process held: from the kill until another claims it."""
    query = """
      SELECT extract(epoch FROM min(later.at)) - %s FROM nemesis.runs AS held
      JOIN nemesis.runs AS later ON later.run = held.run AND later.epoch > held.epoch
      WHERE held.owner LIKE %s AND held.status = 'running' AND held.at < to_timestamp(%s)
        AND NOT EXISTS (SELECT FROM nemesis.runs AS between_them WHERE between_them.run = held.run
          AND between_them.at > held.at AND between_them.at <= to_timestamp(%s))
      GROUP BY held.run"""
    found = [row[0] for at, pid in kills for row in asked(query, at, f"%:{pid}", at, at)]
    return [float(seconds) for seconds in found if seconds is not None and seconds > 0]


def restarts(times: list[float]) -> list[float]:
    """From each restart until the next move of any run."""
    query = "SELECT extract(epoch FROM min(at)) - %s FROM nemesis.runs WHERE at > to_timestamp(%s)"
    found = [row[0] for at in times for row in asked(query, at, at)]
    return [float(seconds) for seconds in found if seconds is not None]


def spread(samples: list[float]) -> dict[str, float]:
    """Median, 95th percentile and the worst."""
    if not samples:
        return {"n": 0}
    ordered = sorted(samples)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"n": len(ordered), "p50": r(ordered[len(ordered) // 2]), "p95": r(p95), "max": r(ordered[-1])}


def r(seconds: float) -> float:
    return round(seconds, 2)
