"""Loaded into a worker, this keeps it from telling open pages of anything: what they cost is measured against it."""

from workspaces import hints

hints.page = lambda *args: None
