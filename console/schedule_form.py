"""The form of a schedule: which agent, with what, and when by whose clocks."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agents import inputs
from agents.exceptions import ScheduleRefused
from agents.models import Agent, Schedule
from agents.scheduling import database_now, keep_schedule, next_time
from console.pages import MemberRequest, Words, members_only
from workspaces import canonical
from workspaces.exceptions import CanonicalError
from workspaces.models import Workspace

EXAMPLES = {
    "0 7 * * 1-5": "at 7:00 from Monday to Friday",
    "*/15 * * * *": "every quarter of an hour",
    "0 0 1 * *": "at midnight when a month begins",
}


class ScheduleForm(forms.Form):
    """What is typed is checked field by field; the verb asks again."""

    agent = forms.ModelChoiceField(Agent.objects.none(), to_field_name="name", empty_label=None)
    input = Words(max_length=100_000, widget=forms.Textarea(attrs={"class": "box", "rows": 4}))
    cron = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"class": "box mono", "list": "crons", "spellcheck": "false"}),
        help_text="Minute, hour, day of month, month, day of week.",
    )
    time_zone = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs={"class": "box", "spellcheck": "false"}),
        help_text="By whose clocks, such as Europe/Berlin.",
    )

    def __init__(self, workspace: Workspace, schedule: Schedule, posted: Any = None):
        super().__init__(posted, initial=first_values(schedule))
        self.schedule = schedule
        startable = Agent.objects.startable().filter(workspace=workspace)
        self.fields["agent"].queryset = startable  # type: ignore[attr-defined]
        self.fields["agent"].widget.attrs["class"] = "box"
        if schedule.agent_id:
            del self.fields["agent"]  # its runs belong to that agent

    def clean_input(self) -> str:
        """As it is stored."""
        text = inputs.stored(self.cleaned_data["input"])
        try:
            canonical.check(inputs.read(text))
        except CanonicalError as refused:
            raise forms.ValidationError(str(refused)) from None
        return text

    def clean(self) -> dict[str, Any]:
        """Whether these times ever come; each refusal stands beside its field."""
        found = self.cleaned_data
        if {"cron", "time_zone"} <= set(found):
            tried = Schedule(cron=found["cron"], time_zone=found["time_zone"])
            try:
                next_time(tried, database_now())
            except ScheduleRefused as refused:
                self.add_error(refused.errors[0]["path"].removeprefix("/"), str(refused))
        return found

    def filled(self) -> Schedule:
        """The schedule with what the form says."""
        for name, value in self.cleaned_data.items():
            setattr(self.schedule, name, value)
        return self.schedule


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: MemberRequest, schedule_id: Any = None) -> HttpResponse:
    """A new schedule, or one that is changed: from then on it is in the name of who saves it."""
    request.principal.require("operate")
    own = Schedule.objects.filter(workspace=request.principal.workspace).select_related("agent", "owner")
    found = get_object_or_404(own, pk=schedule_id) if schedule_id else Schedule(time_zone="UTC")
    form = ScheduleForm(request.principal.workspace, found, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        keep_schedule(form.filled(), request.principal)
        return redirect("schedules")
    context = {"form": form, "schedule": found, "is_new": schedule_id is None, "examples": EXAMPLES}
    return render(request, "console/schedule.html", context, status=422 if form.is_bound else 200)


def first_values(schedule: Schedule) -> dict[str, str]:
    """What the fields hold at first."""
    return {
        "input": inputs.written(schedule.input) if schedule.input else "",
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
    }
