"""Cancelling, pausing or resuming many runs at once: each on its own, and each with its own answer."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.http import QueryDict

from agents.exceptions import IllegalMove
from agents.models import Run
from reviews.models import ApprovalRequest
from workspaces.exceptions import Unprocessable
from workspaces.principal import Principal

MAX_RUNS = 100
DONE = {"cancel": "asked to end", "pause": "paused", "resume": "resumed"}


class Keys(forms.Field):
    """Ids, each once, in the order of the form."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str]) -> list[UUID]:
        """The ids; raises ValidationError."""
        if not value or len(value) > MAX_RUNS:
            raise forms.ValidationError(f"Choose 1 to {MAX_RUNS} runs.")
        try:
            return list(dict.fromkeys(map(UUID, value)))
        except ValueError:
            raise forms.ValidationError("This is no id of a run.") from None


class ChosenForm(forms.Form):
    """Which runs."""

    run = Keys()


class ChangeForm(ChosenForm):
    """What is to become of which runs."""

    action = forms.ChoiceField(choices=DONE.items())
    reason = forms.CharField(max_length=500, required=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one run; `refusal` says why nothing did."""

    run: Run | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of all of them; `withdrawn` is how many requests to people end with them."""

    words: str
    results: list[Result]
    withdrawn: int = 0

    @property
    def count(self) -> int:
        """How many went well."""
        return sum(not result.refusal for result in self.results)

    @property
    def refused(self) -> list[Result]:
        """Those that did not."""
        return [result for result in self.results if result.refusal]


def change(by: Principal, sent: QueryDict) -> Done:
    """Do what the form says to each of its runs; raises Forbidden, Unprocessable."""
    by.require("operate")
    form = understood(ChangeForm(sent))
    wanted, action, reason = (form.cleaned_data[name] for name in ("run", "action", "reason"))
    runs = Run.objects.in_workspace(by.workspace).in_bulk(wanted)
    withdrawn = open_requests(by, list(runs)) if action == "cancel" else 0
    return Done(DONE[action], [tried(VERBS[action], runs.get(key), by, reason) for key in wanted], withdrawn)


def prospect(by: Principal, asked: QueryDict) -> int:
    """How many requests to people would be withdrawn if these runs were cancelled; raises Forbidden, Unprocessable."""
    by.require("operate")
    return open_requests(by, understood(ChosenForm(asked)).cleaned_data["run"])


def understood[F: forms.Form](form: F) -> F:
    """The form, if it makes sense; raises Unprocessable."""
    if not form.is_valid():
        raise Unprocessable(" ".join(str(one) for found in form.errors.values() for one in found))
    return form


def open_requests(by: Principal, runs: list[UUID]) -> int:
    """How many requests of these runs wait for people now."""
    return ApprovalRequest.objects.pending().filter(workspace=by.workspace, run__in=runs).count()


def tried(verb: Callable[[Run, Principal, str], None], run: Run | None, by: Principal, reason: str) -> Result:
    """The answer of one run."""
    if run is None:
        return Result(None, "There is no such run here.")
    try:
        verb(run, by, reason)
    except IllegalMove as refusal:
        return Result(run, str(refusal))
    return Result(run)


def cancel(run: Run, by: Principal, reason: str) -> None:
    """Ask for the end of the run; raises IllegalMove."""
    if not run.cancel(reason=reason, by=by):
        raise IllegalMove(f"This run has already {run.status}.")


def pause(run: Run, by: Principal, reason: str) -> None:
    """Set the run aside; raises IllegalMove."""
    run.pause(reason=reason, by=by)


def resume(run: Run, by: Principal, reason: str) -> None:
    """Let the run go on; raises IllegalMove."""
    run.resume(by=by)


VERBS = {"cancel": cancel, "pause": pause, "resume": resume}
