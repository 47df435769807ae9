"""Credentials in texts: found by their form, or because the installation knows them; hidden from whoever reads."""

import os
import re
from functools import lru_cache

# Each is (what people call it, a piece of text that every such credential holds, its form). No form crosses a quotation
# mark, so that JSON text stays JSON text when its credentials are hidden.
FORMS = [
    ("Anthropic key", "sk-ant-", r"sk-ant-[\w-]{16,}"),
    ("OpenAI key", "sk-", r"\bsk-(?:proj-|svcacct-)?\w[\w-]{19,}"),
    ("GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    ("GitHub token", "github_pat_", r"github_pat_\w{30,}"),
    ("GitLab token", "glpat-", r"glpat-[\w-]{20,}"),
    ("Slack token", "xox", r"\bxox[abeoprs]-[\w-]{10,}"),
    ("AWS access key", "KIA", r"\bAKIA[A-Z0-9]{16}\b"),
    ("AWS access key", "SIA", r"\bASIA[A-Z0-9]{16}\b"),
    ("Google API key", "AIza", r"\bAIza[\w-]{35}"),
    ("Stripe key", "_live_", r"\b[rs]k_live_\w{16,}"),
    ("SendGrid key", "SG.", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("npm token", "npm_", r"\bnpm_\w{30,}"),
    ("Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("Countersign token", "cs_", r"\bcs_[a-z2-7]{10}_[a-z2-7]{52}"),
    ("webhook secret", "whsec_", r"\bwhsec_[\w+/-]{20,}=*"),
    ("JSON web token", "eyJ", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    ("bearer token", "earer ", r"(?<=[Bb]earer )[\w.~+/-]{16,}=*"),
    ("password of an address", "://", r'(?<=://)[^\s/:@"\\]{1,100}:[^\s/@"\\]{3,200}(?=@)'),
    ("password", "assword", r"""(?<=assword[=:])[^\s"'\\,;&]{6,}|(?<=assword[=:] )[^\s"'\\,;&]{6,}"""),
    ("private key", "PRIVATE KEY", r'-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*KEY-----|(?=")|\Z)'),
]
KNOWN = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
MIN_KNOWN = 12  # a shorter value of the environment would hide ordinary words


def hidden(text: str) -> str:
    """`text` with ⟨GitHub token, 40 characters, hidden⟩ in the place of each credential."""
    for credential, name in found(text).items():
        text = text.replace(credential, stand_in(credential, name))
    return text


def stand_in(credential: str, name: str) -> str:
    """What people read in its place."""
    return f"⟨{name}, {len(credential):,} characters, hidden⟩"


def found(text: str) -> dict[str, str]:
    """The credentials in a text, each with its name; the longest first, so that none is hidden in part."""
    every: dict[str, str] = {}
    for name, mark, form in FORMS:
        if mark in text:
            every |= {match: name for match in re.findall(form, text) if match not in every}
    every |= {one: "secret of this installation" for one in known() if one in text}
    return dict(sorted(every.items(), key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=1)
def known() -> list[str]:
    """The secrets that this installation was started with."""
    return [value for name, value in os.environ.items() if KNOWN.search(name) and len(value) >= MIN_KNOWN]
