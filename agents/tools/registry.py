"""The tools that this process knows, by name."""

from collections.abc import Iterable
from importlib import import_module

from django.utils.module_loading import autodiscover_modules

from agents.tools.exceptions import InvalidTool
from agents.tools.spec import ToolSpec

_tools: dict[str, ToolSpec] = {}


def get(name: str) -> ToolSpec | None:
    """The tool of this name, if there is one."""
    return _tools.get(name)


def all() -> list[ToolSpec]:
    """Every tool, by name."""
    return [_tools[name] for name in sorted(_tools)]


def register(spec: ToolSpec) -> ToolSpec:
    """Add a tool; two of one name are a mistake that must not be settled by the order of imports."""
    if spec.name in _tools:
        raise InvalidTool(f"There are two tools named {spec.name!r}.")
    _tools[spec.name] = spec
    return spec


def discover(modules: Iterable[str] = ()) -> None:
    """Import `tools.py` of every installed app, and `modules`, so that their tools are known."""
    autodiscover_modules("tools")
    for module in modules:
        import_module(module)
