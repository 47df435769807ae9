"""Forking from a step of a run, and the check that a run's steps are what its flow asks for."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from agents.exceptions import Diverged
from agents.forking import fork_run
from agents.models import Run
from agents.runtime.journal_check import verify
from console.fork_form import ForkForm, as_it_was, begun, chosen, context
from console.pages import MemberRequest, members_only
from console.run import load
from workspaces.exceptions import CountersignError, Forbidden, NotFound


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def forks(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """The form for a fork from `?step=`; a POST makes it and goes to its page."""
    source = load(request, run_id)
    request.principal.require("engineer")
    if request.method != "POST":
        step = chosen(request.GET.get("step", ""), source)
        return render(request, "console/fork.html", {"run": source, **context(source, begun(source, step), step)})
    form = ForkForm(request.POST)
    form.initial = as_it_was(source, chosen(request.POST.get("step", ""), source))
    if form.is_valid():
        try:
            made = fork_run(request.principal, source, form.seq, mode=form.cleaned_data["mode"], changes=form.changes)
            there = redirect("run", made.pk)
            return HttpResponseClientRedirect(there["Location"]) if request.htmx else there
        except (Forbidden, NotFound):
            raise
        except CountersignError as refusal:
            form.add_error(None, str(refusal))
    return again(request, source, form)


def again(request: MemberRequest, source: Run, form: ForkForm) -> HttpResponse:
    """The form with what was typed and what is wrong with it: in its place on the page of the run, or on its own."""
    step = chosen(str(form["step"].value() or ""), source)
    template = "components/fork_form.html" if request.htmx else "console/fork.html"
    answer = render(request, template, {"run": source, **context(source, form, step)}, status=422)
    return retarget(reswap(answer, "outerHTML"), "#fork-form") if request.htmx else answer


@members_only
@require_POST
def verification(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Drive the flow again over the recorded steps, perform nothing, and say whether they agree."""
    run = load(request, run_id)
    context: dict[str, Any] = {"run": run, "here": "Replay"}
    try:
        context["steps"] = verify(run)
    except Diverged as divergence:
        context["divergence"] = divergence
    return render(request, "console/verification.html", context)
