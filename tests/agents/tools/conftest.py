"""Real children, shared by the tests of a module: the first start takes a second or two."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings

from agents.tools import CallContext, ToolResult, children
from tests.agents.tools import misbehaving

Submit = Callable[..., Future[ToolResult]]


@pytest.fixture
def context() -> CallContext:
    return CallContext(UUID(int=1), attempt=2, run_id=UUID(int=3), workspace_id=4, key="the-key")


@pytest.fixture(scope="module")
def pool() -> Iterator[None]:
    children.stop()
    with override_settings(TOOL_MODULES=[misbehaving.__name__]):
        children.start()
    yield
    children.stop()


@pytest.fixture
def submit(pool: None, context: CallContext) -> Submit:
    """Submit a call by the tool's name and arguments; its deadline is `seconds` away."""

    def submit(name: str, *, seconds: float = 20, how: dict[str, Any] | None = None, **args: Any) -> Future[ToolResult]:
        return children.submit(name, json.dumps(args).encode(), context, seconds, **(how or {}))

    return submit


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"
