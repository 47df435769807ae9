"""Tools: what agents may propose to call."""

from agents.tools.declaration import tool
from agents.tools.exceptions import ArgumentsRefused, InvalidTool, ToolError
from agents.tools.lookups import lookup
from agents.tools.spec import ToolSpec
from agents.tools.types import CallContext, ToolResult

__all__ = ["ArgumentsRefused", "CallContext", "InvalidTool", "ToolError", "ToolResult", "ToolSpec", "lookup", "tool"]
