"""Provider SDKs and price lists are large: no process pays for them before it asks a model."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from agents import gateway

ROOT = Path(__file__).parents[3]


def test_the_gateway_itself_is_cheap_to_import() -> None:
    program = (
        "import sys, agents.gateway, agents.gateway.pricing;"
        "print({'anthropic', 'httpx2', 'genai_prices'} & sys.modules.keys())"
    )
    seen = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "set()"


@pytest.mark.parametrize("key", ["", "the-key-of-the-tests"])
def test_warming_up_needs_neither_a_key_nor_a_network(settings: Settings, key: str) -> None:
    settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = key, "http://127.0.0.1:1"
    gateway.warm_up()
