"""Profile: a person's own sessions, tokens and notices."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories import House, make_approval
from workspaces.models import AuditEntry, Token
from workspaces.principal import Principal

WRONG: list[tuple[dict[str, Any], str]] = [({"name": ""}, "Name"), ({"scopes": []}, "Scopes"), ({"days": "0"}, "Days")]
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"


def text(page: Any) -> str:
    return page.content.decode()


def test_sessions_are_listed_and_all_others_end(house: House, browse: Callable[[str], Client], settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    house.olga.choose_password("a long password", None)
    here, there, ana = Client(), browse("olga"), browse("ana")
    here.post("/sign-in", {"username": "olga", "password": "a long password"}, headers={"User-Agent": CHROME})
    page = text(here.get("/profile"))
    assert "Chrome on Linux" in page and page.count("this one") == 1 and "does not say which" in page
    assert "End all others" not in text(ana.get("/profile"))
    assert "1 other session ended" in text(here.post("/profile/sessions", follow=True))
    assert (
        there.get("/runs").status_code == 302 and here.get("/runs").status_code == ana.get("/runs").status_code == 200
    )
    assert AuditEntry.objects.filter(kind="person.sessions_ended", actor="olga").count() == 1


def test_a_token_is_shown_once_and_revoked_by_its_own_person(house: House, browse: Callable[[str], Client]) -> None:
    olga, form = browse("olga"), {"name": "my <laptop>", "scopes": ["runs:read"], "days": "30"}
    shown = text(olga.post("/profile/tokens", form))
    [raw] = re.findall(r"cs_[a-z2-7]{10}_[a-z2-7]{52}", shown)
    found = Principal.of_token(raw)
    assert found and found.person == house.olga and found.holds("runs:read") and not found.holds("runs:write")
    assert raw not in text(olga.get("/profile")) and "my &lt;laptop&gt;" in text(olga.get("/profile"))
    path = f"/profile/tokens/{Token.objects.get().pk}/revocation"
    assert browse("root").post(path).status_code == browse("sam").post(path).status_code == 404
    assert Principal.of_token(raw)
    assert "is revoked" in text(olga.post(path, follow=True))
    assert Principal.of_token(raw) is None and "my &lt;laptop&gt;" not in text(olga.get("/profile"))


@pytest.mark.parametrize(
    ("wrong", "said"), [({"name": ""}, "Name"), ({"scopes": []}, "Scopes"), ({"days": "0"}, "Days")]
)
def test_a_token_that_cannot_be_is_refused(
    house: House, browse: Callable[[str], Client], wrong: dict[str, Any], said: str
) -> None:
    form = {"name": "kept", "scopes": ["runs:read"], "days": "30"} | wrong
    refused = browse("olga").post("/profile/tokens", form)
    assert refused.status_code == 422 and f"{said}: " in text(refused) and not Token.objects.exists()


def test_notices_are_of_what_a_person_asked_for(house: House, browse: Callable[[str], Client]) -> None:
    make_approval(house)
    ana = browse("ana")
    assert (
        "data-notices=" not in text(ana.get("/runs"))
        and ana.post("/profile/notices", {"notices": "x"}).status_code == 400
    )
    ana.post("/profile/notices", {"notices": "all"})
    assert 'data-notices="">1</span>' in text(ana.get("/runs")) and '<span id="noticed"' in text(ana.get("/counts"))
    ana.post("/profile/notices", {"notices": "high"})
    assert 'data-notices="of high risk ">0</span>' in text(ana.get("/runs"))
