"""Texts that seem to instruct the agent instead of telling it something: found by a list of phrases, so it is a hint
and no guarantee. Others pass it, and it marks innocent words."""

import re

from agents.tools.legible import clip

MAX_PHRASE = 80
NEAR = r"[^.!?\n]{0,40}?"
PHRASES = (
    rf"\b(?:ignore|disregard|forget|override|bypass)\b{NEAR}\b(?:instruction|rule|prompt|guideline|polic)\w*",
    r"\bsystem (?:notice|prompt|message|override|instruction)s?\b",
    r"\b(?:maintenance|developer|debug|admin|god|jailbreak|dan) mode\b",
    r"\bwithout (?:asking|telling|informing) (?:any|a human|people|the (?:user|customer|reviewer|operator))\w*",
    r"\bwithout (?:any )?(?:approval|confirmation|review)\b",
    r"\b(?:do not|don't|never) (?:tell|inform|ask|mention|alert)\b"
    rf"{NEAR}\b(?:user|customer|human|reviewer|operator|any(?:body|one))\b",
    r"\byou (?:are now|must now|will now) (?:a|an|in|act|obey)\b",
    r"\b(?:your|the) (?:new|real|true|actual) instructions?\b",
    r"\b(?:pre-?approved|already approved|approved everything)\b",
    r"<\|?/?(?:system|assistant|im_start|im_end|instructions?)\b[^>\n]{0,20}>|\[/?(?:inst|system)\]",
)
INSTRUCTING = re.compile("|".join(f"(?:{one})" for one in PHRASES), re.IGNORECASE)


def phrases(text: str) -> list[str]:
    """What in a text seems to instruct, each once."""
    return list(dict.fromkeys(clip(found[0], MAX_PHRASE) for found in INSTRUCTING.finditer(text)))
