"""A signal after code has had its say: the order it would become, capped by the hard limits."""

from __future__ import annotations

from pydantic import Field

from trading.instruments import UNKNOWN_SECTOR, Side
from trading.limits import Limit
from trading.money import Price, Quantity, Ratio, Record
from trading.orders import Leg
from trading.signals import RiskAssessment, Signal, Validation


class Constraint(Record):
    """A limit that made a quantity smaller, in shares."""

    limit: Limit
    before: Quantity
    after: Quantity


class Proposal(Record):
    """What the RiskManager, the Validator and the MetaAgent are asked about.

    Shares at a price, never more than code allows, to open (`leg` entry) or to close.
    """

    signal: Signal
    side: Side
    leg: Leg = Leg.ENTRY
    quantity: Quantity
    price: Price
    sector: str = UNKNOWN_SECTOR
    constraint: Constraint | None = None

    @property
    def symbol(self) -> str:
        """What would be traded."""
        return self.signal.symbol


class Candidate(Record):
    """A proposal that everyone before the MetaAgent let pass, with what they said of it.

    Without a `validation` nobody was asked for a second opinion.
    """

    proposal: Proposal
    assessment: RiskAssessment
    validation: Validation | None = None


class Decided(Record):
    """What is to be done: so many shares of a proposal, with the scores behind it that are kept with the trade."""

    proposal: Proposal
    quantity: Quantity
    scores: dict[str, Ratio] = Field(default_factory=dict)
