"""What a name may look like, for everything that people name and other people read."""

import unicodedata

from django.core.exceptions import ValidationError

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, direction marks, zero-width and unassigned characters


def check_name(value: str) -> None:
    """Django validator: a name is visible, on one line, and says what it seems to say."""
    if not value.strip():
        raise ValidationError("A name needs at least one visible character.", code="blank")
    if hidden := next((letter for letter in value if unicodedata.category(letter) in HIDDEN), None):
        raise ValidationError(f"A name may not contain the invisible character U+{ord(hidden):04X}.", code="hidden")
