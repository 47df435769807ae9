"""What replies cost, by the price list that is installed (nothing is fetched)."""

from collections.abc import Iterable
from typing import Any

from agents.gateway.types import Link, ModelReply, Usage

FREE_PROVIDERS = {"scripted", "recorded"}


def cost_microdollars(reply: ModelReply) -> int | None:
    """Millionths of a dollar; None when the list has no price for the model, which is not the same as free."""
    return price(reply.usage, reply.model, reply.provider)


def price(usage: Usage, model: str, provider: str) -> int | None:
    """The same for any usage of a model."""
    if provider in FREE_PROVIDERS:
        return 0
    from genai_prices import Usage as Priced  # 1.5 MB of prices: only for processes that ask models
    from genai_prices import calc_price

    priced = Priced(
        input_tokens=usage.all_input_tokens,  # theirs includes the cache's share, ours does not
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        found = calc_price(priced, model_ref=model, provider_id=provider)
    except LookupError:
        return None
    return round(found.total_price * 1_000_000)


def unpriced(chain: Iterable[Link]) -> Link | None:
    """The first model of a chain of which it is not known what it costs: no limit of money can hold it."""
    one = Usage(input_tokens=1)
    return next((link for link in chain if price(one, link["model"], link["provider"]) is None), None)


def wasted(attempts: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """Tokens and millionths of a dollar of the attempts that failed, as far as the provider counted them."""
    failed = [(attempt, Usage(*attempt["usage"].values())) for attempt in attempts if "usage" in attempt]
    tokens = sum(sum(attempt["usage"].values()) for attempt, _ in failed)
    return tokens, sum(price(usage, attempt["model"], attempt["provider"]) or 0 for attempt, usage in failed)
