"""Insights: how fast, how carefully and at what cost the work is done."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from console import charts
from console.deliveries import first_id
from console.pages import MemberRequest, members_only
from reviews.insights import FAST_SECONDS, LATEST, Insights, insights

PERIODS = {"7": 7, "30": 30, "90": 90}


@members_only
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    """The figures of the last days."""
    wanted = request.GET.get("days", "30")
    days = PERIODS.get(wanted, 30)
    moment = now()
    found = insights(request.principal.workspace.pk, first_id(moment - timedelta(days=days)))
    context = {
        "days": days,
        "periods": PERIODS,
        "latest": LATEST,
        "fast_seconds": FAST_SECONDS,
        "outcomes": charts.OUTCOMES,
    }
    context |= {
        "tiles": tiles(found),
        "columns": charts.columns(found.days, moment.date(), days),
        "width": charts.WIDTH,
        "most": charts.most(found.days),
        "first": moment.date() - timedelta(days=days - 1),
        "last": moment.date(),
    }
    context |= rows(found) | {"is_empty": not (found.risks or found.tasks or found.tools)}
    ended = sum(risk.ended for risk in found.risks)
    return render(request, "console/insights.html", context | {"ended": ended, "is_cut": ended >= LATEST})


def rows(found: Insights) -> dict[str, Any]:
    """Each list with its drawings."""
    risks = charts.bands([(risk.median, risk.p95) for risk in found.risks])
    timed = [tool for tool in found.tools if tool.median is not None]
    tools = charts.bands([(tool.median, tool.p99) for tool in timed])
    loads = charts.shares([one.decisions for one in found.reviewers])
    edits = charts.shares([count for _, _, count in found.arguments])
    costs = charts.shares([task.mean_cost for task in found.tasks])
    return {
        "risks": list(zip(found.risks, risks, strict=True)),
        "tools": list(zip(timed, tools, strict=True)),
        "untimed": [tool for tool in found.tools if tool.median is None],
        "reviewers": list(zip(found.reviewers, loads, strict=True)),
        "tasks": list(zip(found.tasks, costs, strict=True)),
        "arguments": list(zip(found.arguments, edits, strict=True)),
    }


def tiles(found: Insights) -> list[tuple[str, str, str]]:
    """The shares that say most: a name, a figure, and what it means."""
    ended, decided = sum(one.ended for one in found.risks), sum(one.decided for one in found.risks)
    expired, edited = sum(one.expired for one in found.risks), sum(one.edited for one in found.risks)
    goes, fast = sum(one.goes for one in found.reviewers), sum(one.fast for one in found.reviewers)
    runs, asked = sum(task.runs for task in found.tasks), sum(task.asked for task in found.tasks)
    return [
        ("Expired", share(expired, ended), f"{expired} of {ended} requests that ended: nobody decided in time"),
        ("Edited", share(edited, decided), f"{edited} of {decided} decided requests: people changed the arguments"),
        (
            f"Under {FAST_SECONDS} s",
            share(fast, goes),
            f"{fast} of {goes} decisions came so soon after the one before; a batch is one",
        ),
        ("Escalated to people", share(asked, runs), f"{asked} of {runs} tasks that ended had asked somebody"),
    ]


def share(part: int, whole: int) -> str:
    """12.5%; nothing of nothing has no share."""
    return f"{100 * part / whole:.3g}%" if whole else "–"
