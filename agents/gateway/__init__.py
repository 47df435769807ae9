"""The model gateway: one `complete` for every model, with retries and fallbacks."""

from agents.gateway.chain import complete, warm_up
from agents.gateway.types import Adapter, ModelFailure, ModelReply, ModelRequest, Usage

__all__ = ["Adapter", "ModelFailure", "ModelReply", "ModelRequest", "Usage", "complete", "warm_up"]
