"""What runs are asked to do: drawn at random, after the taste of the battle."""

import json
import random
from dataclasses import dataclass
from typing import Any

ENDS = ("well", "late", "lost", "declined", "overdue")


@dataclass(frozen=True, slots=True)
class Taste:
    """How long models think, what is called how often, and how payments end."""

    thinking: tuple[int, ...] = (0, 0, 50, 400)
    tools: tuple[str, ...] = ("nemesis_look", "nemesis_put", "nemesis_pay", "nemesis_pay")
    ends: tuple[int, ...] = (69, 21, 4, 4, 2)
    calls: tuple[int, int] = (1, 3)
    extras: float = 1.0  # how often there are timers, messages, branches, questions and child runs


class Plans:
    """Draws plans; `mark` names the input that carries one."""

    def __init__(self, source: random.Random, taste: Taste):
        self.random, self.taste = source, taste

    def input(self, mark: str, *, depth: int = 0, **wanted: Any) -> dict[str, Any]:
        """The input of a run: the turns as its first message, the rest as its plan."""
        turns = [self.turn() for _ in range(self.random.randint(1, 2 if depth else 3))]
        content = json.dumps({"mark": mark, "turns": turns})
        return {"messages": [{"role": "user", "content": content}], "plan": self.plan(mark, depth) | wanted}

    def plan(self, mark: str, depth: int) -> dict[str, Any]:
        has_child = depth < 2 and self.chance(0.15 if depth == 0 else 0.3)
        return {
            "sleep": self.random.choice([0, 0, 0.3, 1.0]),
            "hear": depth == 0 and self.chance(0.3),
            "split": self.chance(0.3),
            "ask": self.chance(0.15),
            "below": self.input(f"{mark}/{depth + 1}", depth=depth + 1) if has_child else None,
        }

    def turn(self) -> dict[str, Any]:
        calls = [self.call() for _ in range(self.random.randint(*self.taste.calls))]
        return {"millis": self.random.choice(self.taste.thinking), "calls": calls}

    def call(self) -> dict[str, Any]:
        what = f"thing {self.random.randrange(10**6)}"
        kind = self.random.choice(self.taste.tools)
        if kind == "nemesis_put":
            return {"name": kind, "input": {"what": what, "millis": self.random.choice([0, 0, 300])}}
        if kind == "nemesis_pay":
            ends = self.random.choices(ENDS, self.taste.ends)[0]
            return {"name": kind, "input": {"what": what, "amount": self.random.randint(1, 99), "ends": ends}}
        return {"name": kind, "input": {"what": what}}

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability * self.taste.extras
