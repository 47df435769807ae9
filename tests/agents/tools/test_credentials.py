"""Credentials in texts: found whatever surrounds them, hidden whole, and nothing else with them."""

import pytest

from agents.tools import credentials
from agents.tools.credentials import found, hidden

PADDING = "A1b2C3d4E5" * 4
KEY = "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sk-ant-" + PADDING, "Anthropic key"),
        ("sk-proj-" + PADDING, "OpenAI key"),
        ("ghp_" + PADDING, "GitHub token"),
        ("glpat-" + PADDING, "GitLab token"),
        ("xoxb-" + PADDING, "Slack token"),
        ("AKIA" + "ABCDEFGH" * 2, "AWS access key"),
        ("AIza" + PADDING[:35], "Google API key"),
        ("sk_live_" + PADDING, "Stripe key"),
        ("cs_" + "a2" * 5 + "_" + "b3" * 26, "Countersign token"),
        ("whsec_" + PADDING, "webhook secret"),
        (f"eyJ{PADDING}.eyJ{PADDING}.{PADDING}", "JSON web token"),
        (KEY, "private key"),
    ],
)
def test_a_credential_is_hidden_and_what_surrounds_it_stays(text: str, name: str) -> None:
    stand_in = f"⟨{name}, {len(text)} characters, hidden⟩"

    assert found(f'{{"note":"{text}"}}') == {text: name}
    assert hidden(f'{{"note":"{text}"}}, twice: {text} .') == f'{{"note":"{stand_in}"}}, twice: {stand_in} .'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer " + PADDING, "Authorization: Bearer ⟨"),
        ("postgres://countersign:hunter22@db/x", "postgres://⟨"),
        ("PGPASSWORD=no, password: hunter22", "PGPASSWORD=no, password: ⟨"),
    ],
)
def test_what_tells_of_a_credential_stays(text: str, left: str) -> None:
    assert hidden(text).startswith(left) and "hunter22" not in hidden(text) and PADDING not in hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "ask-antonia",
        "https://a.example/b@c",
        "a1b2" * 16,
        "the password is changed",
        "ghp_ and sk-",
        "Bearer of news",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert (hidden(text), found(text)) == (text, {})


def test_what_the_installation_was_started_with_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "correct horse battery")
    monkeypatch.setenv("SHORT_KEY", "shop")
    credentials.known.cache_clear()
    try:
        shown = hidden("The shop takes correct horse battery.")
        assert shown == "The shop takes ⟨secret of this installation, 21 characters, hidden⟩."
    finally:
        credentials.known.cache_clear()
