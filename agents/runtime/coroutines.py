"""What a drive steps: the coroutines of a flow, and the gathers that some of them are members of."""

from collections.abc import Callable, Coroutine
from typing import Any

from agents.exceptions import CutOff, FlowError


class Task:
    """One coroutine of a flow; positions are counted per coroutine when it yields."""

    __slots__ = ("coroutine", "counter", "fail", "finish", "path")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        path: str,
        finish: Callable[[Any], None],
        fail: Callable[[BaseException], None],
    ):
        self.coroutine, self.path, self.finish, self.fail = coroutine, path, finish, fail
        self.counter = 0

    def close(self) -> None:
        """Raises FlowError where it awaits or fails while it is put away."""
        try:
            self.coroutine.close()
        except CutOff:
            raise
        except RuntimeError as error:
            raise FlowError("The flow awaits while it is put away (in `finally` or an `async with`).") from error
        except BaseException as error:  # the code of a flow
            raise FlowError(f"The flow raised {type(error).__name__} while it was put away.") from error

    def next_position(self) -> str:
        self.counter += 1
        return f"{self.path}{self.counter}"


class Join:
    """The members of one gather: their slots, and how many are still out."""

    __slots__ = ("failures", "out", "slots", "task")

    def __init__(self, task: Task, size: int):
        self.task, self.out = task, size + 1
        self.slots: list[Any] = [None] * size
        self.failures: dict[int, BaseException] = {}

    @property
    def value(self) -> Any:
        """All results in order, or the first failure in member order."""
        return self.failures[min(self.failures)] if self.failures else self.slots
