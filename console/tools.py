"""Tools: what code declares, how strictly the workspace takes it, which rules speak about it, and how it was used."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.models import AgentVersion, ToolCall
from agents.runtime.version import catalogue
from agents.tools.question import QUESTION
from agents.tools.spec import ToolSpec
from console import prose, schema_form, tool_use
from console.pages import MemberRequest, members_only
from console.tool_use import Use
from reviews.models import Rule
from workspaces.exceptions import NotFound
from workspaces.models import Workspace

CALLS = 20
FILTERS = {"all": "All", "writes": "Writes", "uncovered": "Writes with no rule"}


@dataclass(frozen=True, slots=True)
class Line:
    """One tool with what is around it."""

    spec: ToolSpec
    use: Use
    rules: list[Rule]
    agents: list[str]

    @property
    def behind(self) -> str:
        """Who answers its calls. A template must not ask: it would call the function to see what it is."""
        return "code" if self.spec.function else "people" if self.spec.name == QUESTION.name else "a recording"

    @property
    def is_simulated(self) -> bool:
        """Whether it has an answer of its own for simulations."""
        return self.spec.simulate is not None

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.spec.effect != "read"

    @property
    def is_uncovered(self) -> bool:
        """Whether no rule in force can speak about this writing tool, so that only the default holds its calls."""
        return self.writes and not any(rule.mode == Rule.Mode.ENFORCE for rule in self.rules)


@members_only
@require_safe
def tools(request: MemberRequest) -> HttpResponse:
    """The list."""
    lines = found(request.principal.workspace)
    chosen = request.GET.get("show", "all")
    shown = {"writes": [line for line in lines if line.writes], "uncovered": uncovered(lines)}.get(chosen, lines)
    context = {
        "lines": shown,
        "filters": FILTERS,
        "chosen": chosen if chosen in FILTERS else "all",
        "uncovered": len(uncovered(lines)),
    }
    return render(request, "console/tools.html", context)


@members_only
@require_safe
def tool(request: MemberRequest, name: str) -> HttpResponse:
    """One tool."""
    workspace = request.principal.workspace
    line = next((line for line in found(workspace, name)), None)
    if line is None:
        raise NotFound
    calls = ToolCall.objects.in_workspace(workspace).filter(tool=name).select_related("run").order_by("-id")[:CALLS]
    context = {"line": line, "spec": line.spec, "schema": prose.lines(line.spec.schema), "calls": calls}
    context["fields"] = schema_form.fields(line.spec.schema, {})
    return render(request, "console/tool.html", context)


def found(workspace: Workspace, name: str = "") -> list[Line]:
    """The tools of the workspace by name, or the one of this name."""
    specs = catalogue(workspace.pk, workspace.switch.rules_epoch)
    names = [one for one in sorted(specs) if name in ("", one)]
    uses, rules = tool_use.of_tools(workspace, names), list(in_force(workspace))
    users = list(active(workspace))
    return [Line(specs[one], uses.get(one, Use()), speaking(rules, one), using(users, one)) for one in names]


def in_force(workspace: Workspace) -> "QuerySet[Rule]":
    """The rules of the active policies, with the policy that they are in."""
    return Rule.objects.in_force(workspace.pk).select_related("revision__policy_set")


def active(workspace: Workspace) -> "QuerySet[AgentVersion]":
    """The versions that new runs use."""
    return AgentVersion.objects.filter(pk__in=workspace.agents.values("active_version")).select_related("agent")


def speaking(rules: Iterable[Rule], name: str) -> list[Rule]:
    """The rules whose pattern fits the tool; conditions, agents and labels may still narrow them."""
    return [rule for rule in rules if fnmatchcase(name, rule.tool)]


def using(versions: Iterable[AgentVersion], name: str) -> list[str]:
    """The agents that may propose the tool."""
    return [version.agent.name for version in versions if name in version.tools]


def uncovered(lines: Iterable[Line]) -> list[Line]:
    """Writing tools that no rule speaks about."""
    return [line for line in lines if line.is_uncovered]
