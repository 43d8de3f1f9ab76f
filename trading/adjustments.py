"""What changes a position without a trade: a split, or shares that a person tells the books to take over."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, model_validator

from trading.instruments import Symbol
from trading.money import ZERO, DeskId, Dollars, Identifier, Record, ShareRatio, SignedQuantity, Text


class AdjustmentKind(StrEnum):
    """Why shares changed."""

    SPLIT = "split"
    ADOPTION = "adoption"


class Adjustment(Record):
    """One such change, in force from a moment on: fills before it are counted first.

    A split multiplies what is held by `ratio` (new shares for one old) and leaves its cost; an adoption adds `quantity`
    signed shares that cost `cost` dollars, without touching the cash. `evidence` says on whose word.
    """

    adjustment_id: Identifier
    desk_id: DeskId
    symbol: Symbol
    kind: AdjustmentKind
    ratio: ShareRatio | None = None
    quantity: SignedQuantity = ZERO
    cost: Dollars = ZERO
    effective_at: AwareDatetime
    evidence: Text

    @model_validator(mode="after")
    def _of_its_kind(self) -> Adjustment:
        if (self.kind is AdjustmentKind.SPLIT) != (self.ratio is not None):
            message = f"{self.adjustment_id}: a split, and only that, has a ratio"
            raise ValueError(message)
        if (self.kind is AdjustmentKind.ADOPTION) != bool(self.quantity):
            message = f"{self.adjustment_id}: an adoption, and only that, has a quantity"
            raise ValueError(message)
        return self
