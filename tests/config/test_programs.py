"""Web, worker and sweep as processes: what each needs, survives and refuses."""

import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from config.home import ROOT
from tests.product import Product


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_programs_start_get_ready_and_stop_when_they_are_asked_to(product: Product) -> None:
    product.start("web")
    assert get(f"{product.url}/healthz") == (200, '{"status": "alive"}')
    assert get(f"{product.url}/readyz")[0] == 503
    an_error_page_shows_nothing_of_the_inside(product)

    product.start("worker")
    product.start("sweep")

    product.wait_until(lambda: get(f"{product.url}/readyz")[0] == 200)
    assert "Sweeping" in product.log("sweep")
    product.wait_until(lambda: "ready." in product.log("worker"))
    product.stop("worker")
    assert "Warm shutdown" in product.log("worker")
    assert "No worker is alive." in get(f"{product.url}/readyz")[1]


def an_error_page_shows_nothing_of_the_inside(product: Product) -> None:
    status, page = get(f"{product.url}/no-such-page")

    assert status == 404
    assert "There is nothing here by that name." in page
    assert str(ROOT) not in page


def test_programs_bear_it_when_database_or_broker_is_not_there(product: Product) -> None:
    product.start("worker", BROKER_URL=f"redis+socket://{product.home}/nothing.sock")
    product.start("web", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")

    assert get(f"{product.url}/healthz")[0] == 200
    assert get(f"{product.url}/readyz")[0] == 503
    product.wait_until(lambda: "Cannot connect to redis+socket" in product.log("worker"))
    assert product.children["worker"].is_running


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Set SECRET_KEY"),
        ({"SECRET_KEY": "x", "PUBLIC_URL": "http://countersign.example"}, "PUBLIC_URL must begin with https://"),
    ],
)
def test_web_refuses_unsafe_settings(environment: dict[str, str], sentence: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "web", "--home", "/nonexistent", "--port", "0"]

    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert sentence in ran.stderr
