"""Budgets, as runs keep to them. `docs/budgets.md` says what is promised; this is how.

Before a call of a model or a tool starts, `Spending.room` takes hold of what it may use at most: a row of
`BudgetHold` for each budget, in one short transaction of its own. A call may start while what is used and what is
held lie below the limit; so a call that is allowed may pass the limit, and the next one does not start. What it did
use is added by the transaction of the step's commit, which also ends the hold: fenced like the step itself. Uses are
counted on 16 rows a term, and holds are rows of their own, so no row is hot. The sweep gives back what dead workers
held. Where no budget applies nothing of this happens: that none applies is known from a cache, which everybody who
changes a budget makes old by moving the workspace's `rules_epoch`.
"""

from agents.runtime.budgets.estimate import Amounts, of_call, of_model
from agents.runtime.budgets.spending import Account, Limit, Spending, limits

__all__ = ["Account", "Amounts", "Limit", "Spending", "limits", "of_call", "of_model"]
