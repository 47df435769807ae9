"""Flows say what an agent does; register your own with `@flow` in a `flows.py` of any installed app."""

from agents.flows.react import chat, react
from agents.runtime.flow import FlowRun, flow

__all__ = ["FlowRun", "chat", "flow", "react"]
