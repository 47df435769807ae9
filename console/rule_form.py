"""The form of one rule: what it matches, what it says, and what it demands of people."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from agents.tools.spec import ToolSpec
from console.pages import Words
from reviews.exceptions import ConditionRefused
from reviews.models import Rule
from reviews.models.policy import CHANNELS
from reviews.policy.building import JOINED, OPERATORS, Line, compiled, lines_of

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[Rule]
else:
    RuleModelForm = forms.ModelForm

UNITS = {60: "minutes", 3600: "hours", 86400: "days", 1: "seconds"}
MAX_LINES = 20
KNOWN_PATHS = ["agent.name", "agent.version", "actor.username", "run.cost", "run.steps", "tool.effect", "tool.reaches"]


class RuleForm(RuleModelForm):
    """Seats, labels and the deadline are given as people write them; Rule itself judges the rest."""

    condition = Words(required=False)
    labels = Words(required=False, help_text="One a line: team=returns")
    deadline = forms.IntegerField(min_value=1, max_value=10_000, initial=1)
    unit = forms.TypedChoiceField(choices=list(UNITS.items()), coerce=int, initial=3600)
    channels = forms.MultipleChoiceField(choices=[(name, name) for name in CHANNELS], initial=["web"])

    class Meta:
        model = Rule
        fields = [
            *("name", "tool", "agent", "labels", "condition", "effect", "mode", "risk", "seats", "channels"),
            *("on_expiry", "on_expiry_text", "edit_allowed", "undo_seconds", "batchable"),
        ]

    def __init__(self, data: Any = None, *, instance: Rule | None = None):
        if data is not None:
            data = as_columns(data)
        super().__init__(data, instance=instance, initial=first(instance))
        self.fields["on_expiry_text"].widget = forms.TextInput()
        for field in self.fields.values():
            field.widget.attrs["class"] = "box"

    def clean_labels(self) -> dict[str, str]:
        """`name=value` lines as an object."""
        lines = [line.strip() for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        if wrong := [line for line in lines if "=" not in line.strip("=")]:
            raise ValidationError(f"“{wrong[0][:60]}” is no label: write name=value.")
        return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}

    def clean(self) -> dict[str, Any]:
        """The deadline in seconds."""
        given = super().clean() or self.cleaned_data
        if "deadline" in given and "unit" in given:
            self.instance.deadline_seconds = given["deadline"] * given["unit"]
        return given

    def said(self) -> dict[str, Any]:
        """The columns of the rule."""
        return self.instance.columns()

    @property
    def seat_rows(self) -> list[dict[str, Any]]:
        """The seats as rows, and one more to fill."""
        seats = self["seats"].value()
        rows = seats if isinstance(seats, list) else forms.JSONField(required=False).clean(seats) or []
        return [*rows, {"count": "", "group": None}]


def as_columns(data: Any) -> Any:
    """What was posted, with seats and condition in the form that a rule keeps them."""
    data = data.copy()
    pairs = zip(data.getlist("seat_count"), data.getlist("seat_group"), strict=False)
    seats = [
        {"count": int(count), "group": group or None} for count, group in pairs if count.isdecimal() and int(count)
    ]
    data["seats"] = forms.JSONField().prepare_value(seats)
    return data


def first(rule: Rule | None) -> dict[str, Any]:
    """What the form begins with."""
    if rule is None or rule.pk is None:
        return {}
    unit = next(unit for unit in (86400, 3600, 60, 1) if rule.deadline_seconds % unit == 0)
    labels = "\n".join(f"{name}={value}" for name, value in rule.labels.items())
    return {"labels": labels, "deadline": rule.deadline_seconds // unit, "unit": unit}


class Condition:
    """The condition as lines or as CEL, whichever is being edited, with what is wrong with it."""

    def __init__(self, how: str, text: str, lines: list[Line], join: str):
        self.how, self.text, self.lines, self.join = how, text, lines, join
        self.operators, self.refusal, self.stays = OPERATORS, "", False
        self.place: tuple[int, int] | None = None
        self.joins = {"all": "all of these hold", "any": "any of these holds"}

    @classmethod
    def of(cls, text: str) -> "Condition":
        """As it stands in a rule: as lines where it says no more than lines can."""
        found = lines_of(text)
        return cls("lines", text, *found) if found else cls("cel", text, [], "all")

    @classmethod
    def posted(cls, data: QueryDict) -> "Condition":
        """As it is being edited; `to` asks for the other way of editing it, `add` for one more line."""
        given = zip(data.getlist("path"), data.getlist("operator"), data.getlist("value"), strict=False)
        lines = [Line(path.strip(), operator, value) for path, operator, value in given if path.strip()][:MAX_LINES]
        join = data.get("join", "")
        how = "lines" if data.get("how") == "lines" else "cel"
        text = data.get("condition", "").replace("\r\n", "\n").strip()
        one = cls(how, text, lines, join if join in JOINED else "all")
        if how == "lines":
            one.compile()
        return one.turned(data.get("to", ""))

    def compile(self) -> None:
        """The lines as CEL, or what is wrong with them."""
        try:
            self.text = compiled(self.lines, self.join)
        except ConditionRefused as refused:
            self.text, self.refusal = "", str(refused)

    def turned(self, to: str) -> "Condition":
        """The same, edited the other way; what lines cannot say stays CEL."""
        if to == "cel" and not self.refusal:
            return Condition("cel", self.text, [], "all")
        if to == "lines" and self.how == "cel":
            if found := lines_of(self.text):
                return Condition("lines", self.text, *found)
            self.stays, self.refusal = True, "This says more than lines can say, so it stays as it is written."
        return self

    @property
    def marked(self) -> tuple[str, str, str]:
        """The line with the mistake: before it, where it is, and after."""
        lines = self.text.splitlines() or [""]
        row, column = self.place or (1, 1)
        line = lines[min(row, len(lines)) - 1]
        return line[: column - 1], line[column - 1 : column], line[column:]

    @property
    def shown_lines(self) -> list[Line]:
        """The lines, and an empty one to fill."""
        return [*self.lines, Line("", "is")]


def paths(specs: Mapping[str, ToolSpec]) -> list[str]:
    """What conditions may name, for suggestions: arguments of the tools, and what is always there."""
    named = {
        f"args.{name}" for spec in specs.values() for name in spec.schema.get("properties", {}) if name.isidentifier()
    }
    return sorted(named)[:200] + KNOWN_PATHS
