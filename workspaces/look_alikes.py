"""Letters and digits that pass for others: words of mixed scripts, whole words of look-alikes, ornamental forms."""

import re
import unicodedata
from collections.abc import Iterator

ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN", "LISU"}
PASS_FOR_LATIN = set("асеорхуіјѕԁӏһԛԝґкмтвнАСЕОРХУІЈЅӀНКМТВԚԜοανρικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
COMMON_FORMS = set("²³¹ªº")
WORD = re.compile(r"\w+")
MAX_NAMED = 3
MAX_PLAIN = 200


def remarks(text: str) -> Iterator[str]:
    """What in it passes for something else, in sentences."""
    if text.isascii():
        return
    words = {word for word in WORD.findall(text) if not word.isascii()}
    if mixed := sorted(word for word in words if len(scripts(word)) > 1):
        yield f"Mixes alphabets within a word: {named(mixed)}."
    elif posing := sorted(poses(words)):
        alphabet = " and ".join(sorted(scripts(posing[0])))
        yield f"Written in {alphabet} letters that look like Latin ones: {named(posing)}."
    if any(is_odd_form(one) for one in set(text)):
        plain = unicodedata.normalize("NFKC", text[:MAX_PLAIN])
        yield f"Holds letters or digits in an unusual form; plainly it reads: {plain}"


def scripts(word: str) -> set[str]:
    """The alphabets of a word that have letters alike."""
    names = {unicodedata.name(one, "").partition(" ")[0] for one in word if one.isalpha()}
    return names & ALIKE


def poses(words: set[str]) -> set[str]:
    """Words of look-alikes alone. A text that has other letters of that alphabet, too, is simply written in it."""
    others = {one for word in words for one in word if one.isalpha() and "LATIN" not in unicodedata.name(one, "")}
    return {word for word in words if "LATIN" not in scripts(word)} if others and others <= PASS_FOR_LATIN else set()


def is_odd_form(character: str) -> bool:
    """Whether it is a letter or digit that only looks like the plain one: full width, ornamental, of another script."""
    if character.isascii() or character in COMMON_FORMS:
        return False
    if unicodedata.category(character) == "Nd":
        return True
    plain = unicodedata.normalize("NFKC", character)
    return plain.isascii() and plain.isalnum()


def named(words: list[str]) -> str:
    """Some of the words, each with the characters that are not what they seem."""
    said = [f"“{word}” ({', '.join(f'U+{ord(one):04X}' for one in strange(word))})" for word in words[:MAX_NAMED]]
    return ", ".join(said) + (f" and {len(words) - MAX_NAMED} more" if len(words) > MAX_NAMED else "")


def strange(word: str) -> list[str]:
    """The letters of a word that are not ASCII, each once, in their order."""
    return list(dict.fromkeys(one for one in word if not one.isascii()))[:6]
