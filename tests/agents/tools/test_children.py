"""What becomes of calls in child processes, however the tool behaves."""

import json
import os
import signal
from pathlib import Path

import pytest

from agents.tools import CallContext, ToolResult, children
from agents.tools.child import Order
from tests.agents.tools import misbehaving
from tests.agents.tools.conftest import Submit
from tests.agents.tools.waiting import eventually, is_running, lines, state_of


def value(result: ToolResult) -> object:
    assert result.value is not None, result.error
    return json.loads(result.value)


def error(result: ToolResult) -> dict[str, object]:
    assert result.error is not None, result.value
    return result.error


def test_a_call_is_performed_once_in_another_process_with_its_key(submit: Submit, ledger: Path) -> None:
    result = submit("stamp", ledger=str(ledger), line="paid").result()
    answer = value(result)
    assert isinstance(answer, dict)
    assert (answer["key"], answer["attempt"]) == ("the-key", 2)
    assert answer["pid"] != os.getpid()
    assert lines(ledger) == ["paid"]


def test_a_call_that_hangs_is_cut_off_while_its_neighbours_go_on(submit: Submit, ledger: Path, tmp_path: Path) -> None:
    hanging = submit("hang", seconds=0.5, ledger=str(ledger))
    neighbours = [submit("stamp", ledger=str(tmp_path / "other")) for _ in range(6)]
    assert {future.result().kind for future in neighbours} == {"succeeded"}
    result = hanging.result()
    assert (result.kind, error(result)["type"], error(result)["retryable"]) == ("unknown", "timeout", False)
    assert not is_running(int(lines(ledger)[0]))


@pytest.mark.parametrize(
    ("tool", "how", "kind", "retryable"),
    [
        ("hang_under_a_key", {}, "unknown", True),
        ("hang_reading", {}, "failed", True),
        ("hang_reading", {"effect": "unsafe"}, "unknown", False),
    ],
)
def test_what_a_hang_means_depends_on_the_effect(
    submit: Submit, ledger: Path, tool: str, how: dict[str, str], kind: str, retryable: bool
) -> None:
    result = submit(tool, seconds=0.2, how=how, ledger=str(ledger)).result()
    assert (result.kind, error(result)["type"], error(result)["retryable"]) == (kind, "timeout", retryable)


def test_a_call_that_drips_has_no_effect_after_its_deadline(submit: Submit, ledger: Path) -> None:
    assert submit("drip", seconds=0.3, ledger=str(ledger)).result().kind == "unknown"
    assert not is_running(int(lines(ledger)[0]))


@pytest.mark.parametrize(
    ("tool", "args", "expected"),
    [
        ("exit_process", {"code": 7}, {"exit_code": 7}),
        ("exit_process", {"code": 0}, {"exit_code": 0}),
        ("exit_system", {}, {"message": "SystemExit: 3"}),
        ("segfault", {}, {"signal": signal.SIGSEGV}),
        ("kill_itself", {}, {"signal": signal.SIGKILL}),
        ("close_everything", {}, {}),
    ],
)
def test_a_call_that_ends_its_process_is_unknown_and_the_next_one_runs(
    submit: Submit, ledger: Path, tool: str, args: dict[str, int], expected: dict[str, object]
) -> None:
    result = submit(tool, **args).result()
    assert (result.kind, error(result)["type"]) == ("unknown", "crashed")
    assert expected.items() <= error(result).items()
    assert submit("stamp", ledger=str(ledger)).result().kind == "succeeded"


def test_a_base_exception_is_unknown(submit: Submit) -> None:
    result = submit("interrupt").result()
    assert (result.kind, error(result)["message"]) == ("unknown", "KeyboardInterrupt: stop")


def test_a_tool_that_says_it_did_not_happen_is_believed(submit: Submit) -> None:
    assert submit("refuse").result() == ToolResult(
        "failed",
        error={
            "type": "card_expired",
            "message": "The card has expired.",
            "retryable": False,
            "explanation": "Ask for another card.",
        },
    )


def test_a_call_that_forks_has_one_answer(submit: Submit, ledger: Path) -> None:
    for _ in range(6):  # more often than there are children: no copy of a child waits for orders
        assert value(submit("fork", ledger=str(ledger)).result()) == "original"
    assert lines(ledger) == ["fork"] * 6


def test_a_fork_that_is_left_behind_dies_at_the_deadline_of_its_call(submit: Submit, ledger: Path) -> None:
    assert value(submit("fork_and_drip", seconds=1, ledger=str(ledger)).result()) == "done"
    eventually(lambda: lines(ledger))
    eventually(lambda: not is_running(int(lines(ledger)[0])))


def test_a_program_that_a_call_started_is_ended_with_it(submit: Submit, ledger: Path) -> None:
    assert submit("start_program_and_hang", seconds=0.5, ledger=str(ledger)).result().kind == "unknown"
    eventually(lambda: not is_running(int(lines(ledger)[0])))


def test_noise_on_the_outputs_disturbs_nobody(submit: Submit, ledger: Path) -> None:
    assert value(submit("make_noise", lines=20).result()) == "heard"
    assert submit("stamp", ledger=str(ledger)).result().kind == "succeeded"


def test_a_result_beyond_50_mib_is_not_kept_but_the_call_has_happened(submit: Submit) -> None:
    result = submit("return_much", megabytes=53).result()
    assert result.kind == "succeeded"
    assert json.loads(result.value or "")["unreadable_result"]["type"] == "too_large"


def test_a_tool_that_makes_the_alarm_deaf_leaves_the_next_one_its_timer(
    pool: None, context: CallContext, ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = children.Child([misbehaving.__name__])
    assert child.perform(Order("deafen", b"{}", context, 20)).kind == "succeeded"
    args = json.dumps({"ledger": str(ledger)}).encode()
    assert error(child.perform(Order("hang", args, context, 0.2)))["type"] == "timeout"
    assert f"ended with {-signal.SIGALRM}" in caplog.text
    child.end()


def test_a_call_that_switches_its_timer_off_or_pauses_is_ended_by_the_worker(submit: Submit, ledger: Path) -> None:
    for future in (submit("hang_deafly", seconds=0.2, ledger=str(ledger)), submit("pause_itself", seconds=0.2)):
        assert error(future.result())["type"] == "timeout"
    assert not is_running(int(lines(ledger)[0]))


def test_a_paused_worker_cannot_keep_a_call_alive_that_switched_its_timer_off(
    pool: None, context: CallContext, ledger: Path
) -> None:
    child = children.Child([misbehaving.__name__])
    child._make_ready()
    child._connection.send(Order("hang_deafly", json.dumps({"ledger": str(ledger)}).encode(), context, 0.2))
    eventually(lambda: not is_running(child._pid))
    assert len(lines(ledger)) == 1
    child.end()


@pytest.mark.parametrize(
    "line",
    ["0000000867617262616765", "000000086761726261676521", "67617262", "7fffffff", "ffffffff0000000000000001"],
)
def test_what_a_tool_writes_to_its_pipe_is_nobodys_answer(submit: Submit, ledger: Path, line: str) -> None:
    result = submit("write_to_the_pipe", seconds=1, line=line).result()
    assert result.kind == "unknown"
    answers = [submit("stamp", ledger=str(ledger), line=str(number)).result() for number in range(5)]
    assert all("key" in (answer.value or "") for answer in answers)
    assert lines(ledger) == ["0", "1", "2", "3", "4"]


def test_arguments_that_a_paused_process_does_not_read_hold_up_nobody(pool: None, context: CallContext) -> None:
    child = children.Child([misbehaving.__name__])
    child._make_ready()
    os.kill(child._pid, signal.SIGSTOP)
    much = json.dumps({"ledger": "x" * 5_000_000}).encode()
    result = child.perform(Order("stamp", much, context, 0.2))
    assert (result.kind, error(result)["type"]) == ("failed", "not_started")
    assert not is_running(child._pid)


@pytest.mark.parametrize(("tool", "kind"), [("give_up_on_a_thread", "unknown"), ("leave_a_thread", "succeeded")])
def test_a_thread_that_outlives_its_call_is_dead_before_the_outcome_is_told(
    submit: Submit, ledger: Path, tool: str, kind: str
) -> None:
    assert submit(tool, ledger=str(ledger)).result().kind == kind
    assert not any(is_running(int(line)) for line in lines(ledger))
    assert submit("stamp", ledger=str(ledger)).result().kind == "succeeded"
    assert "later" not in lines(ledger)


def test_what_a_call_did_to_its_process_is_not_left_to_the_next(submit: Submit, ledger: Path) -> None:
    assert value(submit("use_up", what="all").result()) == "used up"
    assert {submit("stamp", ledger=str(ledger)).result().kind for _ in range(5)} == {"succeeded"}


def test_an_exception_that_cannot_say_what_it_is_is_a_failure_like_others(submit: Submit) -> None:
    result = submit("fail_evilly").result()
    assert (result.kind, error(result)["message"]) == ("failed", "Evil")


def test_a_child_that_was_killed_while_idle_is_replaced(submit: Submit, ledger: Path) -> None:
    answer = value(submit("stamp", ledger=str(ledger)).result())
    assert isinstance(answer, dict)
    os.kill(answer["pid"], signal.SIGKILL)
    eventually(lambda: not state_of(answer["pid"]).strip())  # all of its threads, and so its end of the pipe
    results = [submit("stamp", ledger=str(ledger)).result() for _ in range(8)]
    assert {result.kind for result in results} == {"succeeded"}


def test_a_call_is_not_entered_after_its_time_to_start(submit: Submit, ledger: Path) -> None:
    late = submit("stamp", how={"not_after": children.boot() - 0.001}, ledger=str(ledger)).result()
    assert (late.kind, error(late)["type"]) == ("failed", "too_late")
    assert lines(ledger) == []
    early = submit("stamp", how={"not_after": children.boot() + 60}, ledger=str(ledger)).result()
    assert early.kind == "succeeded"


def test_a_session_of_the_database_is_not_carried_from_call_to_call(submit: Submit) -> None:
    answers = {str(value(submit("who_is_asked").result())) for _ in range(6)}
    assert not any("left behind" in answer for answer in answers)


def test_an_unknown_tool_is_not_entered(submit: Submit) -> None:
    result = submit("no_such_tool").result()
    assert (result.kind, error(result)["type"]) == ("failed", "unknown_tool")


def test_arguments_that_no_longer_fit_are_not_entered(submit: Submit) -> None:
    result = submit("stamp", wrong=1).result()
    assert (result.kind, error(result)["type"]) == ("failed", "arguments_refused")


def test_a_child_that_cannot_start_means_that_nothing_happened(context: CallContext) -> None:
    child = children.Child(["tests.agents.tools.no_such_module"])
    result = child.perform(Order("stamp", b"{}", context, 5))
    assert (result.kind, error(result)["type"]) == ("failed", "not_started")
    child.end()


def test_stopping_lets_a_call_in_flight_end_and_drops_those_that_wait(context: CallContext, ledger: Path) -> None:
    pool = children.Pool(1, [misbehaving.__name__])
    args = json.dumps({"ledger": str(ledger)}).encode()
    in_flight = pool.submit(Order("hang", args, context, 0.5))
    eventually(lambda: lines(ledger))
    waiting = pool.submit(Order("stamp", args, context, 5))
    pool.stop()
    assert in_flight.result().kind == "unknown"
    assert waiting.cancelled()
    assert len(lines(ledger)) == 1
