from agents.gateway import ModelReply, Usage
from agents.gateway.pricing import cost_microdollars


def reply(usage: Usage, model: str = "claude-sonnet-5-5", provider: str = "anthropic") -> ModelReply:
    return ModelReply(blocks=[], stop="end_turn", usage=usage, model=model, provider=provider)


def test_each_counter_has_its_own_price() -> None:
    """Claude Sonnet 5.5: 2 $ input, 10 $ output, 0.10 $ cache read, 2.50 $ cache write a million tokens."""
    assert cost_microdollars(reply(Usage(120, 4000, 1000, 37))) == 240 + 400 + 2500 + 370


def test_a_fraction_of_a_microdollar_is_rounded() -> None:
    assert cost_microdollars(reply(Usage(cache_read_tokens=6))) == 1


def test_an_unknown_model_has_no_price() -> None:
    assert cost_microdollars(reply(Usage(1, 1, 1, 1), model="our-own-model")) is None


def test_what_nobody_computed_costs_nothing() -> None:
    assert cost_microdollars(reply(Usage(100, 0, 0, 100), model="demo", provider="scripted")) == 0
    assert cost_microdollars(reply(Usage(100, 0, 0, 100), model="gpt-4o", provider="recorded")) == 0
