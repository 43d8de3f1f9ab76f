"""How a market with a single provider is looked at, and how several requests to it go together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from trading.ports import Market
from trading.readings import Reading

T = TypeVar("T")


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


async def together(asks: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The answers in the order of asking; when one fails, those that are not yet under way are not sent any more."""
    tasks = [asyncio.ensure_future(ask) for ask in asks]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
