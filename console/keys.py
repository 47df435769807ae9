"""The keys of the console: what each does, and what a person may press instead."""

import re
from collections.abc import Mapping

# By the key as templates declare it (`data-key`, or named in static/js/keys.js).
KEYS: Mapping[str, str] = {
    "j": "Next",
    "k": "Previous",
    "a": "Approve",
    "e": "Edit the arguments",
    "r": "Reject, or look again",
    "t": "Answer in place of the tool",
    "h": "It happened, of a call in doubt",
    "y": "Ask for a retry of it",
    "m": "Comment",
    "c": "Claim, or release",
    "shift+c": "Take over",
    "s": "Put off",
    "d": "Hand over",
    "x": "Select, to decide together",
    "shift+j": "Select this and the next",
    "shift+k": "Select this and the one before",
    "b": "Compare with similar ones",
    "z": "Undo",
    "o": "Inspect the step",
    "escape": "Back to the steps, or out of an edit",
    "[": "Previous step",
    "]": "Next step",
    "space": "Play the steps",
    "1": "Play at normal speed",
    "2": "Play four times as fast",
    "f": "Fork from the step",
    "p": "Replay steps, or send a delivery again",
    "v": "From a request to its run, and back",
    "n": "It did not happen; add a rule",
    "/": "Filter",
    "g": "Go to, with a second letter",
    "?": "Show the keys",
}
KEY = re.compile(r"\A(space|escape|shift\+[a-z]|[!-~])\Z")


def refusals(keymap: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with pressing these instead, by the key that it is about."""
    pressed: dict[str, str] = {}
    wrong = {}
    for key, words in KEYS.items():
        own = keymap.get(key, key)
        if not KEY.match(own):
            wrong[key] = "One letter, digit or sign, space, escape, or shift+ and a letter."
        elif own in pressed:
            wrong[key] = f"{own} already means: {pressed[own]}."
        pressed.setdefault(own, words)
    return wrong


def changed(chosen: Mapping[str, str]) -> dict[str, str]:
    """Only what differs from what everybody presses."""
    return {key: own for key, own in chosen.items() if own != key}
