"""Agents, their versions and tools on the admin site, for engineers and admins."""

from agents.admin.agents import AgentAdmin
from agents.admin.budgets import BudgetAdmin
from agents.admin.schedules import ScheduleAdmin
from agents.admin.tools import ToolAdmin
from agents.admin.versions import AgentVersionAdmin

__all__ = ["AgentAdmin", "AgentVersionAdmin", "BudgetAdmin", "ScheduleAdmin", "ToolAdmin"]
