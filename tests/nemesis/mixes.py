"""What a battle is like: which faults how often, what runs do, how people are. One for each weakened control."""

from dataclasses import dataclass

from tests.nemesis.plans import Taste

COMMON = Taste()
EVERYTHING = ("cancel", "hold", "hold", "stop", "stop")


@dataclass(frozen=True, slots=True)
class Mix:
    """`kinds` of faults (all where empty), their mean distance, the taste of plans, what meddlers do, how often."""

    every: float = 1.5
    kinds: tuple[str, ...] = ()
    taste: Taste = COMMON
    ways: tuple[str, ...] = EVERYTHING
    meddling: float = 0.8
    ruling: float = 2.0
    active: int = 60
    forking: float = 1.5


WHOLE = Mix()
SLOW_THOUGHTS = Taste(thinking=(1500, 3000), tools=("nemesis_look",), extras=0.0)
LONG_PAYMENTS = Taste(tools=("nemesis_pay",), ends=(20, 80, 0, 0, 0), calls=(2, 3), extras=0.0, thinking=(0,))
MANY_WRITES = Taste(tools=("nemesis_put",), calls=(3, 3), extras=0.0, thinking=(0,))
QUICK = Taste(tools=("nemesis_look", "nemesis_put"), calls=(1, 1), extras=0.0, thinking=(0,))
OVERDUE = Taste(tools=("nemesis_pay",), ends=(50, 0, 0, 0, 50), extras=0.0, thinking=(0,))
# For the short form of the suite: one of each sort, and nothing that takes longer than a lease.
SHORT = Mix(
    0.5,
    active=15,
    kinds=(
        "kill worker", "kill web", "kill tool child", "stop worker by SIGTERM", "pause worker shortly", "flush broker",
        "forged messages", "old and doubled messages", "kill database session", "refuse some writes",
    ),
)  # fmt: skip
MIXES = {
    # A worker that was paused beyond its lease has to come back while another thinks about the same step.
    "fence": Mix(1.5, ("pause worker beyond its lease",), SLOW_THOUGHTS, active=20),
    # A worker has to die between a payment and its commit.
    "intent": Mix(1.5, ("kill worker",), LONG_PAYMENTS, ("cancel",), 10, active=15),
    # People decide about what somebody else has edited meanwhile.
    "digest": Mix(5.0, ("flush broker",), Taste(tools=("nemesis_pay",), extras=0.0), active=15),
    # A second approval has to come while the first one's call is being made.
    "woken": Mix(5.0, ("flush broker",), LONG_PAYMENTS, ("cancel",), 10, active=15),
    # Whatever nobody rang for stays where it is.
    "sweep": Mix(1.0, ("flush broker", "kill worker"), active=20),
    # Stops and new rules have to come between a look at them and a start.
    "switch": Mix(5.0, ("pause worker shortly",), LONG_PAYMENTS, ("stop",), 0.2, 0.3, active=15),
    # Pauses have to come while a call waits for a place among the tools' processes.
    "pause": Mix(5.0, ("flush broker",), MANY_WRITES, ("hold",), 0.05, 30, active=20),
    # Somebody has to listen.
    "announcing": Mix(5.0, ("kill sweep",), active=20),
    # Threads need a second run that ends, or a third.
    "turns": Mix(5.0, ("kill worker",), QUICK, ("cancel",), 10, active=30),
    # Budgets have to be used up.
    "holds": Mix(5.0, ("flush broker",), MANY_WRITES, ("cancel",), 10, 30, active=20),
    "schedules": Mix(5.0, ("kill sweep",), QUICK, ("cancel",), 10, active=20),
    "timers": Mix(5.0, ("kill sweep",), active=20),
    # Results have to follow each other in one worker.
    "swapped": Mix(5.0, ("flush broker",), QUICK, ("cancel",), 10, active=20),
    # Calls have to act when their time is over.
    "deadline": Mix(5.0, ("flush broker",), OVERDUE, ("cancel",), 10, active=15),
    "untold": Mix(5.0, ("flush broker",), QUICK, ("cancel",), 10, active=15),
    # What was approved has to wait until it can no longer be undone.
    "overripe": Mix(5.0, ("flush broker",), LONG_PAYMENTS, ("cancel",), 10, 0.5, active=15),
    # People have to be slower than the rules of some of the time.
    "late": Mix(1.5, ("pause worker shortly",), LONG_PAYMENTS, ("cancel",), 10, 0.5, active=15),
    "unspent": Mix(5.0, ("flush broker",), QUICK, ("cancel",), 10, active=15),
    # Somebody has to fork runs before they write.
    "forks": Mix(5.0, ("kill worker",), MANY_WRITES, ("cancel",), 10, active=30, forking=0.1),
}
