"""How a market with a single provider is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from trading.ports import Market
from trading.readings import Reading


async def look_at(market: Market, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
    """Its facts, bars and quotes of one moment, one after the other; what one of them raises ends the look."""
    return Reading(
        provider=market.name,
        adjustment=market.adjustment,
        synthetic=market.synthetic,
        as_of=as_of,
        taken_at=datetime.now(UTC),
        instruments=await market.instruments(symbols),
        bars=await market.bars(symbols, as_of, sessions),
        quotes=await market.quotes(symbols, as_of),
    )
