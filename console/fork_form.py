"""The form of a fork: where it leaves the run, and what it does otherwise."""

import json
import re
from typing import Any

from django import forms
from django.db.models import QuerySet

from agents import reading
from agents.exceptions import NoSuchStep
from agents.forking import Changes
from agents.models import AgentVersion, ForkMode, Run
from agents.reading import Step
from agents.tools.credentials import hidden
from console.pages import Words
from console.steps import NAMES

MAX_WORDS = 200_000
VERSIONS = 50
MODES = [
    (ForkMode.LIVE, "Hold its writes", "What it would write waits for people; what it reads is read."),
    (ForkMode.SIMULATED, "Simulate", "Nothing is done: simulations and the nearest recorded results answer."),
    (ForkMode.RECORDED, "Record only", "It ends at the first call that this run did not make alike."),
]
HIDDEN = re.compile("⟨[^⟨⟩]*, hidden⟩")  # as agents/tools/credentials.py writes it
FOLDED = ("said", "say", "outcome", "instructions", "arguments")


class ForkForm(forms.Form):
    """Where the fork leaves the run, and what it does otherwise: whatever differs from how it was."""

    step = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    again = forms.BooleanField(required=False)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    model = forms.CharField(max_length=200, required=False)
    mode = forms.ChoiceField(choices=ForkMode.choices)
    instructions = Words(max_length=MAX_WORDS, required=False)
    said = Words(max_length=MAX_WORDS, required=False)
    say = Words(max_length=MAX_WORDS, required=False)
    outcome = Words(max_length=MAX_WORDS, required=False)
    arguments = Words(max_length=MAX_WORDS, required=False)

    def clean_model(self) -> list[dict[str, str]] | None:
        """The chain of one model that the words name."""
        words = self.cleaned_data["model"].strip()
        provider, _, model = words.partition("/")
        if words and not (provider and model):
            raise forms.ValidationError("Name it as provider/model, such as anthropic/claude-sonnet-5-5.")
        return [{"provider": provider, "model": model}] if words else None

    def clean_arguments(self) -> Any:
        """An object, where there is anything."""
        text = self.cleaned_data["arguments"].strip()
        try:
            value = json.loads(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from None
        if value is not None and not isinstance(value, dict):
            raise forms.ValidationError("Arguments are one JSON object.")
        return value

    def clean(self) -> dict[str, Any]:
        """A step that is done again has no other outcome; what nobody was shown is sent back whole or not at all."""
        if self.cleaned_data.get("again") and {"outcome", "arguments"} & self.differs:
            self.add_error("again", "A step is done again, or it comes to something else: not both.")
        for name in self.differs & set(self.initial):
            shown = HIDDEN.findall(str(self.initial[name]))
            if any(one in self.data[name] for one in shown):
                self.add_error(name, "It holds a hidden credential: leave it as it is, or replace all of it.")
        return self.cleaned_data

    @property
    def seq(self) -> int | None:
        """The step from whose outcome on the fork is on its own."""
        step: int | None = self.cleaned_data["step"]
        return step - 1 if step and self.cleaned_data["again"] else step

    @property
    def differs(self) -> set[str]:
        """The fields that were sent and are not as they were."""
        return {name for name in self.changed_data if name in self.data}

    @property
    def changes(self) -> Changes:
        """What differs from how it was."""
        given, differs = self.cleaned_data, self.differs
        edits: dict[str, Any] = {name: given[name] for name in ("said", "arguments") if name in differs and given[name]}
        if "outcome" in differs and "arguments" not in edits:
            edits["outcome"] = value_of(given["outcome"])
        return Changes(
            version=given["version"],
            chain=given["model"],
            instructions=given["instructions"] if "instructions" in differs else None,
            say=given["say"] or None,
            edits=edits,
        )

    @property
    def opened(self) -> set[str]:
        """The fields that are shown at once: somebody has typed into them."""
        return {name for name in FOLDED if self.is_bound and (self[name].errors or name in self.differs)}


def begun(source: Run, step: Step | None) -> ForkForm:
    """The form before anybody has typed."""
    return ForkForm(initial=as_it_was(source, step))


def context(source: Run, form: ForkForm, step: Step | None) -> dict[str, Any]:
    """What its template shows beside the run."""
    return {
        "step": step,
        "name": NAMES.get(step.kind, "Tool call" if step.kind == "tool" else step.kind) if step else "",
        "form": form,
        "modes": MODES,
        "versions": list(source.agent.versions.order_by("-number")[:VERSIONS]),
        "models": known_models(source),
        "takes_outcome": bool(step) and "outcome" in form.initial,
        "takes_arguments": "arguments" in form.initial,
    }


def chosen(number: str, source: Run) -> Step | None:
    """The step of this number, or the last one; none in a run that has not begun."""
    seq = int(number) if number.isdecimal() and len(number) < 10 else source.seq
    if source.seq and not 1 <= seq <= source.seq:
        raise NoSuchStep(f"This run has steps 1 to {source.seq}; there is no step {seq}.")
    return next(iter(reading.timeline(source, after=seq - 1, limit=1)), None)


def as_it_was(source: Run, step: Step | None) -> dict[str, Any]:
    """What the fields show before anybody has typed, without the space around it that browsers' answers are rid of."""
    found: dict[str, Any] = {"instructions": source.version.instructions, "mode": ForkMode.LIVE}
    if step is None:
        return found
    found |= {"step": step.seq, "said": last_words(source, step.seq), "again": step.kind == "model" and step.seq > 1}
    if step.kind in ("model", "tool", "receive", "branch", "child"):
        found["outcome"] = written(outcome_of(step))
    if step.kind == "tool" and (call := source.calls.filter(seq=step.seq).first()) and call.provider_id:
        found["arguments"] = written(call.arguments)
    return {name: hidden(value).strip() if isinstance(value, str) else value for name, value in found.items()}


def outcome_of(step: Step) -> Any:
    """What a person may put something else in the place of."""
    outcome = step.outcome
    blocks = outcome.get("blocks") if isinstance(outcome, dict) else None
    if step.kind == "model" and blocks is not None:
        return blocks[0]["text"] if [block.get("type") for block in blocks] == ["text"] else blocks
    part = {"tool": "value", "receive": "content", "branch": "chosen"}.get(step.kind, "")
    return outcome.get(part) if part and isinstance(outcome, dict) else outcome


def last_words(source: Run, seq: int) -> str:
    """The user's last message at this step, where it is text."""
    for message in reversed(reading.messages_at(source, seq)):
        if message["role"] == "user" and isinstance(message["content"], str):
            return message["content"]
    return ""


def known_models(source: Run) -> list[str]:
    """The models that agents of the workspace name."""
    versions: QuerySet[AgentVersion] = AgentVersion.objects.filter(workspace=source.workspace_id)
    chains = versions.order_by("-pk").values_list("chain", flat=True)[:VERSIONS]
    return sorted({f"{link['provider']}/{link['model']}" for chain in chains for link in chain})


def written(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def value_of(text: str) -> Any:
    """JSON where it is an object, a list or a number; else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
