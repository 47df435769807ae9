"""The facts of the runtime."""

from agents.models.agent import Agent, AgentVersion
from agents.models.blob import Blob, BlobUse
from agents.models.breaker import Breaker
from agents.models.budget import Budget, BudgetHold, BudgetRaise, BudgetUse
from agents.models.checkpoint import Checkpoint
from agents.models.line import ForkMode, Line
from agents.models.message import Message, with_unread
from agents.models.presence import Presence
from agents.models.recording import Recording
from agents.models.run import Run, RunStatus
from agents.models.schedule import Schedule
from agents.models.thread import OnBusy, Thread
from agents.models.tool import Effect, Reach, Tool
from agents.models.tool_call import CallStatus, ToolCall

__all__ = [
    "Agent",
    "AgentVersion",
    "Blob",
    "BlobUse",
    "Breaker",
    "Budget",
    "BudgetHold",
    "BudgetRaise",
    "BudgetUse",
    "CallStatus",
    "Checkpoint",
    "Effect",
    "ForkMode",
    "Line",
    "Message",
    "OnBusy",
    "Presence",
    "Reach",
    "Recording",
    "Run",
    "RunStatus",
    "Schedule",
    "Thread",
    "Tool",
    "ToolCall",
    "with_unread",
]
