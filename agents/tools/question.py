"""The built-in tool by which an agent asks people; it always waits for an answer, and runs no code."""

from agents.tools.spec import ToolSpec

QUESTION = ToolSpec(
    name="question",
    description="Ask the people who oversee this work a question and wait for their answer.",
    schema={
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1, "description": "The question, in full."},
            "options": {"type": "array", "items": {"type": "string"}, "description": "Answers to choose from, if any."},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    effect="read",
    reaches="inside",
    summary="{text}",
)
