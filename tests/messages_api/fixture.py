"""The server as a pytest fixture; a conftest imports both names."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.messages_api.server import MessagesAPI


@pytest.fixture(scope="session")
def messages_server() -> Iterator[MessagesAPI]:
    with MessagesAPI() as server:
        yield server


@pytest.fixture
def claude(messages_server: MessagesAPI, settings: Settings) -> MessagesAPI:
    """The provider of Claude, as far as this process can tell; no answers prepared."""
    messages_server.forget()
    settings.ANTHROPIC_API_KEY = "the-key-of-the-tests"
    settings.ANTHROPIC_BASE_URL = messages_server.url
    return messages_server
