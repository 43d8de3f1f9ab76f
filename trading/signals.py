"""What the four agents say, in the order they say it: signal, risk assessment, validation, decision.

Each can only ask for less than the one before: final quantity ≤ approved ≤ the code's cap ≤ the signal's.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.instruments import Side, Symbol
from trading.money import Fraction, Price, Quantity, Record, Text, whole_shares

Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Horizon = Annotated[int, Field(ge=1, le=750)]
"""Exchange sessions."""
Numbers = Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=12)]
"""Numbers as they were written, at most twelve."""
Words = Annotated[tuple[Annotated[str, Field(max_length=400)], ...], Field(max_length=12)]


class Action(StrEnum):
    """What a signal proposes."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"


class Signal(Record):
    """The DataAgent's proposal for one symbol.

    Size is a weight (fraction of equity) or a quantity (shares), never both; `hold` needs neither. `stop` and
    `target` are dollars a share; `horizon_days` is in exchange sessions. `uncited`, here and below, are the numbers in
    the agent's words that nothing it was told bears out: found by code, a concern for whoever reads on.
    """

    symbol: Symbol
    action: Action
    confidence: Score
    weight: Fraction | None = None
    quantity: Quantity | None = None
    stop: Price | None = None
    target: Price | None = None
    horizon_days: Horizon = 20
    reasoning: Text
    uncited: Numbers = ()

    @property
    def side(self) -> Side | None:
        """The order's side, None for hold."""
        return None if self.action is Action.HOLD else Side(self.action.value)

    def shares(self, *, equity: Decimal, price: Decimal) -> Decimal:
        """The whole shares asked for: the quantity, or the weight of the equity at this price."""
        if self.quantity is not None:
            return whole_shares(self.quantity * price, price)
        return whole_shares((self.weight or Decimal(0)) * equity, price)


NO_ANSWER = "NoAnswer"
"""The cause of an abstention when nothing came from the model after all tries."""
NO_BUDGET = "BudgetSpent"
"""The cause of an abstention when the budget for models is spent: nobody was asked."""
NOT_ASKED = "NotAsked"
"""The cause of an optional agent's silence when little of the budget is left: the cycle goes on without its word."""


class Abstention(Record):
    """An agent that gave no usable answer; nothing is traded on it. `cause` is the name of the error."""

    symbol: Symbol | None = None
    cause: str
    reason: Text


class RiskAssessment(Record):
    """The RiskManager's word on one constrained proposal; `adjusted_quantity` in shares, never above what was asked."""

    symbol: Symbol
    approved: bool
    adjusted_quantity: Quantity
    risk_score: Score
    concerns: Words = ()
    uncited: Numbers = ()


class Validation(Record):
    """The Validator's second opinion on one proposal."""

    symbol: Symbol
    approved: bool
    confidence: Score
    patterns: Words = ()
    concerns: Words = ()
    reasoning: Text = ""
    uncited: Numbers = ()


class Verdict(StrEnum):
    """The MetaAgent's last word."""

    EXECUTE = "EXECUTE"
    DO_NOT_EXECUTE = "DO_NOT_EXECUTE"


class Decision(Record):
    """The MetaAgent's decision on one proposal; `quantity` in shares, never above what the RiskManager approved."""

    symbol: Symbol
    verdict: Verdict
    quantity: Quantity
    rationale: Text
    uncited: Numbers = ()


FOR_IT = 0.5
"""The conviction from which a debater counts as for a candidate, whatever his office."""


class Argument(Record):
    """One word of a debate on one candidate, by Bull or Bear; `conviction` is that the trade works out, 0 to 1."""

    symbol: Symbol
    speaker: str
    conviction: Score
    points: Words = ()
    rebuttal: Text = ""
    uncited: Numbers = ()
