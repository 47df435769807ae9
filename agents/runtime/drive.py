"""Driving a flow by hand: no database, no clock, no thread, no event loop (engine.md §4)."""

from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from agents.exceptions import CutOff, Diverged, EffectFailed, FlowError, ValueUnreachable, said
from agents.runtime import state as states
from agents.runtime.coroutines import Join, Task
from agents.runtime.effects import LOCAL, Effect, Gather, Outcome
from agents.runtime.flow import FlowRun, FlowSpec
from agents.runtime.row import Row
from agents.runtime.text import dumps

KEYFRAME_EVERY = 256
MAX_FRESH = 10_000  # rows of one segment: a flow that loops over local effects would fill the memory
ENDED = object()


class Drive:
    """A flow in memory: `pending` are the effects it waits for, `take()` gives the rows that are not committed yet."""

    def __init__(
        self,
        spec: FlowSpec,
        run: FlowRun,
        *,
        now: Callable[[], float],
        random: Callable[[], float],
        edit: Callable[[int], None] = lambda seq: None,
    ):
        """`edit` makes the changes of forks at a step, before its outcome is handed in."""
        self.spec, self.run, self.now, self.random, self.edit, self.seq = spec, run, now, random, edit, 0
        self.pending: dict[str, tuple[Effect, Callable[[Outcome], None]]] = {}
        self.fresh: list[Row] = []
        self.done, self.result = False, None
        self.error: BaseException | None = None
        self.live = False
        self._base: Any = None
        self._tasks: list[Task] = []
        start = Effect("start", {})
        start.position = "0"
        self.pending["0"] = start, lambda _: self._begin()

    # --- the two ways an outcome comes in ---

    def redrive(
        self, rows: Iterable[Row], *, check_last: int = 2, verify: bool = False, first: Row | None = None
    ) -> "Drive":
        """Serve recorded outcomes in the order of their commit, each to its position; then go live.

        Kind and position are compared everywhere, the digest of the request on the last `check_last` rows or, to
        verify, on all of them together with the deltas; of rows that a fork inherited, only kind and position. `first`
        is what a fork is handed first. Raises Diverged.
        """
        rows = list(rows)
        for index, row in enumerate(rows):
            self._serve(row, check=not row.is_inherited and (verify or index >= len(rows) - check_last))
            if verify:
                self._compare(row)
        if rows and not verify:
            self._deltas()
        self.live = True
        if first or not rows:
            self._begin_with(first or Row("0", "start", b"", Outcome("null"), seq=1))
        return self

    def settle_local(self) -> "Drive":
        """Live: perform what is local and pending, where the journal of a fork ends between such rows."""
        for position, (effect, _) in list(self.pending.items()):
            if effect.kind in LOCAL:
                self.deliver(position, self._local(effect))
        return self

    def deliver(self, position: str, outcome: Outcome, **facts: Any) -> None:
        """Live: hand an outcome to the flow and record it as a new row; `facts` are the row's further fields."""
        effect, resume = self.pending.pop(position)
        self._record(effect, outcome, **facts)
        resume(outcome)

    def hear(self, model: str) -> Effect:
        """Expect a message that nobody asked for, before the request of the model turn at this position."""
        return self._hear(f"{model}+{sum(place.startswith(f'{model}+') for place in self.run.outcomes) + 1}")

    def take(self) -> list[Row]:
        """The rows since the last take, closed with the deltas of what the flow made of them."""
        self._close()
        rows, self.fresh = self.fresh, []
        return rows

    def close(self) -> None:
        """Put the flow away. Raises FlowError where it awaits while being put away, or raises something itself."""
        for task in reversed(self._tasks):
            task.close()

    def _hear(self, position: str) -> Effect:
        model, _ = self.pending[position.partition("+")[0]]
        key = model.ask.get("conversation", "")
        effect = Effect("receive", {"conversation": key})
        effect.position = position
        self.pending[position] = effect, lambda _: self.run.conversation(key).refer([position])
        return effect

    # --- serving recorded rows ---

    def _serve(self, row: Row, *, check: bool) -> None:
        resume = self._waiting_for(row, check=check)
        del self.pending[row.position]
        self.run.outcomes[row.position] = row.outcome
        self.seq = row.seq
        resume(row.outcome)

    def _waiting_for(self, row: Row, *, check: bool) -> Callable[[Outcome], None]:
        """Who waits for this row, once the changes of forks before it are made."""
        self.edit(row.seq)
        if "+" in row.position and row.position.partition("+")[0] in self.pending:
            self._hear(row.position)
        effect, resume = self.pending.get(row.position, (None, None))
        if effect is None or resume is None or effect.kind != row.kind or (check and effect.request() != row.request):
            asked = [repr(other) for other, _ in self.pending.values()]
            raise Diverged(f"{row.kind} at {row.position} (step {row.seq})", asked, row.seq)
        return resume

    def _begin_with(self, row: Row) -> None:
        """The first row of a run, or of a fork: from there on nothing of its ancestors has to be read."""
        self._waiting_for(row, check=False)
        self.seq = row.seq - 1
        self.deliver(row.position, row.outcome, is_whole=row.seq > 1)

    def _compare(self, row: Row) -> None:
        state, messages = self._deltas()
        if not row.is_inherited and (state, messages) != (row.state, row.messages):
            made = [f"state {state}", f"messages {messages}"]
            raise Diverged(f"what the flow made of step {row.seq}", made, row.seq)

    # --- stepping coroutines ---

    def _begin(self) -> None:
        task = Task(self.spec.function(self.run), "", self._finish, self._fail)
        self._tasks.append(task)
        self._step(task, None)

    def _finish(self, value: Any) -> None:
        self.done, self.result = True, value

    def _fail(self, error: BaseException) -> None:
        self.done, self.error = True, error

    def _step(self, task: Task, value: Any) -> None:
        """Run one coroutine until it asks for something that is not there."""
        while (asked := self._asked(task, value)) is not ENDED:
            position = task.next_position()
            if isinstance(asked, Gather):
                join = self._spread(task, asked, position)
                if join.out:
                    return None
                value = join.value
            elif not isinstance(asked, Effect):
                return self._refuse(task, asked)
            elif self._settled(task, asked, position):
                value = self.run.outcomes[position]
            else:
                return None
        return None

    def _asked(self, task: Task, value: Any) -> object:
        """What the coroutine asks for next, or ENDED once it has returned or failed."""
        try:
            while True:
                thrown = isinstance(value, BaseException)
                asked = task.coroutine.throw(value) if thrown else task.coroutine.send(value)
                if not self.live or (value := self._unwritable(asked)) is None:
                    return asked
        except StopIteration as end:
            task.finish(end.value)
        except (ValueUnreachable, CutOff):
            raise  # not the flow's failure: it is driven again later, or ended from outside
        except BaseException as error:  # noqa: BLE001 - whatever a flow raises is how this run fails
            task.fail(error)
        return ENDED

    def _unwritable(self, asked: object) -> FlowError | None:
        """Why a journal cannot hold what is asked for; looked at live only, as the recorded was written once."""
        if len(self.fresh) > MAX_FRESH:
            return FlowError(
                f"The flow recorded {MAX_FRESH:,} branches, notes, times or numbers without any other effect."
            )
        effects = asked.members if isinstance(asked, Gather) else [asked]
        try:
            for effect in effects:
                if isinstance(effect, Effect):
                    effect.request()
        except (TypeError, ValueError, RecursionError) as error:
            return FlowError(f"The flow asks with something that is not JSON: {error}")
        return None

    def _settled(self, task: Task, effect: Effect, position: str) -> bool:
        """Local effects are settled on the spot when live; everything else becomes pending."""
        effect.position = position
        if self.live and effect.kind in LOCAL:
            self._record(effect, self._local(effect))
            return True
        self.pending[position] = effect, lambda outcome: self._step(task, outcome)
        return False

    def _refuse(self, task: Task, asked: object) -> None:
        with suppress(FlowError):
            task.close()
        task.fail(FlowError(f"A flow may await effects only; this one awaited {type(asked).__name__}."))

    def _spread(self, task: Task, gather: Gather, position: str) -> Join:
        join = Join(task, len(gather.members))
        for index, member in enumerate(gather.members):
            place = f"{position}.{index}"
            if isinstance(member, Effect):
                self._member_effect(join, index, member, place)
            elif isinstance(member, Coroutine):
                self._member_task(join, index, member, place)
            else:
                join.failures[index] = FlowError(f"gather takes effects and sub-flows, not {type(member).__name__}.")
                join.out -= 1
        join.out -= 1
        return join

    def _member_effect(self, join: Join, index: int, effect: Effect, place: str) -> None:
        effect.position = place

        def resume(outcome: Outcome) -> None:
            try:
                join.slots[index] = effect.read(outcome)
            except EffectFailed as failure:
                join.failures[index] = failure
            self._leave(join)

        self.pending[place] = effect, resume

    def _member_task(self, join: Join, index: int, coroutine: Coroutine[Any, Any, Any], place: str) -> None:
        def finish(value: Any) -> None:
            join.slots[index] = value
            self._leave(join)

        def fail(error: BaseException) -> None:
            join.failures[index] = error
            self._leave(join)

        task = Task(coroutine, f"{place}.", finish, fail)
        self._tasks.append(task)
        self._step(task, None)

    def _leave(self, join: Join) -> None:
        join.out -= 1
        if not join.out:
            self._step(join.task, join.value)

    # --- recording ---

    def _local(self, effect: Effect) -> Outcome:
        if effect.kind == "now":
            return Outcome.of(self.now())
        if effect.kind == "random":
            return Outcome.of(self.random())
        return Outcome.of(effect.ask)

    def _record(self, effect: Effect, outcome: Outcome, **facts: Any) -> None:
        self._close()
        self.seq += 1
        self.run.outcomes[effect.position] = outcome
        self.fresh.append(Row(effect.position, effect.kind, effect.request(), outcome, seq=self.seq, **facts))

    def _close(self) -> None:
        """What the flow made of the last row joins that row."""
        if not self.fresh:
            return
        row, (state, messages) = self.fresh[-1], self._deltas()
        row.state, row.messages = state or row.state, messages or row.messages
        if row.seq % KEYFRAME_EVERY == 0 or row.is_whole:
            entries = {key: talk.entries for key, talk in self.run.conversations.items()}
            row.keyframe = dumps({"state": self._base, "messages": entries})

    def _deltas(self) -> tuple[str | None, str | None]:
        """Raises FlowError where the flow keeps what a journal cannot hold."""
        entries = {key: fresh for key, talk in self.run.conversations.items() if (fresh := talk.drain())}
        try:
            return self._state_delta(), dumps(entries) if entries else None
        except CutOff:
            raise
        except BaseException as error:  # the values are the flow's own, and so is the code that writes them
            what = f"{type(error).__name__}: {said(error)}".removesuffix(": ")
            raise FlowError(f"What the flow keeps in its state or messages cannot be written: {what}") from error

    def _state_delta(self) -> str | None:
        if self.run.state is None:
            return None
        now = self.run.state.model_dump(mode="json")
        patch = states.diff(self._base, now)
        self._base = now
        return dumps(patch) if patch else None
