"""Challenger against champion: what each has shown, and what a challenger has to show."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.agents.budget import Cost
from trading.money import ZERO, Dollars, Identifier, Ratio, Record, Text

Count = Annotated[int, Field(ge=0)]


class ChallengeBar(Record):
    """What a challenger has to show: so many resolved setups; the rest is to be no worse than its champion."""

    min_resolved: Count = 30


class Showing(Record):
    """What one of both has shown: of `resolved` setups `traded` were decided on, which won so often and made `pnl`."""

    strategy_id: Identifier
    resolved: Count
    pending: Count
    traded: Count
    hit_rate: Ratio | None = None
    brier: Ratio | None = None
    pnl: Dollars
    cost_usd: Cost = ZERO

    @property
    def net(self) -> Decimal:
        """Dollars made, its models' costs taken off."""
        return self.pnl - self.cost_usd


class Contest(Record):
    """Challenger against champion, since the challenger's first setup, and what is missing for the seats."""

    challenger: Showing
    champion: Showing
    since_at: AwareDatetime | None = None
    missing: tuple[Text, ...] = ()
