"""What a reply cost, by the price list that is installed (nothing is fetched)."""

from agents.gateway.types import ModelReply

FREE_PROVIDERS = {"scripted", "recorded"}


def cost_microdollars(reply: ModelReply) -> int | None:
    """Millionths of a dollar; None when the list has no price for the model, which is not the same as free."""
    if reply.provider in FREE_PROVIDERS:
        return 0
    from genai_prices import Usage, calc_price  # 1.5 MB of prices: only for processes that ask models

    usage = Usage(
        input_tokens=reply.usage.all_input_tokens,  # theirs includes the cache's share, ours does not
        cache_read_tokens=reply.usage.cache_read_tokens,
        cache_write_tokens=reply.usage.cache_write_tokens,
        output_tokens=reply.usage.output_tokens,
    )
    try:
        price = calc_price(usage, model_ref=reply.model, provider_id=reply.provider)
    except LookupError:
        return None
    return round(price.total_price * 1_000_000)
