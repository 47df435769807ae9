"""The audit: what happened, by whom; `record` now, `chain` a moment later, `verify` whenever somebody asks."""

from workspaces.audit.chain import chain
from workspaces.audit.record import record
from workspaces.audit.verify import Finding, Walk, verify

__all__ = ["Finding", "Walk", "chain", "record", "verify"]
