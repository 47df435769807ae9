"""What the scripted model of a battle costs: so much a token, whichever kind, so that tokens tell what was spent."""

from agents.gateway import pricing
from agents.gateway.types import Usage
from agents.runtime.budgets import estimate

PRICED = "NEMESIS_PRICED"  # in the environment of processes whose models cost something
MICRODOLLARS_A_TOKEN = 7


def price(usage: Usage, model: str, provider: str) -> int:
    """Takes the place of `pricing.price`."""
    return MICRODOLLARS_A_TOKEN * sum(usage.counters().values())


def install() -> None:
    """For this process; nothing of the product reads this."""
    pricing.price = estimate.price = price
