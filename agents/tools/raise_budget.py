"""The built-in call by which a run asks people for more than its budget; the runtime proposes it, never a model."""

from agents.tools.spec import ToolSpec

NUMBER = {"type": "number", "exclusiveMinimum": 0}
TEXT = {"type": "string", "minLength": 1}

RAISE_BUDGET = ToolSpec(
    name="raise_budget",
    description="Ask the people who oversee this work for more than the budget allows.",
    schema={
        "type": "object",
        "properties": {
            "budget": TEXT | {"description": "The budget's id."},
            "limits": TEXT | {"description": "What it limits, in words."},
            "term": TEXT | {"description": "The day, the month or the run that it is raised for."},
            "used": {"type": "number", "minimum": 0},
            "allowed": NUMBER | {"description": "The hard limit, with earlier raises."},
            "more": NUMBER | {"description": "How much is added."},
        },
        "required": ["budget", "limits", "term", "used", "allowed", "more"],
        "additionalProperties": False,
    },
    effect="read",
    reaches="inside",
    summary="Raise the budget of {limits} by {more}",
)
