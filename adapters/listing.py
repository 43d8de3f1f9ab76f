"""A list of what a market has, made of its bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from trading.bars import Bars
from trading.instruments import Instrument
from trading.ports import Market
from trading.universes import VOLUME_SESSIONS, Listed, listed


async def list_all(
    market: Market, known: Iterable[Instrument], as_of: datetime, completed_on: date
) -> Sequence[Listed]:
    """Price and dollar volume of these instruments, as far as they traded in the session that was complete."""
    instruments = list(known)
    bars = await market.bars([one.symbol for one in instruments], as_of, VOLUME_SESSIONS)
    pairs = ((one, bars.get(one.symbol)) for one in instruments)
    found = (listed(one, its, completed_on) for one, its in pairs if isinstance(its, Bars))
    return [one for one in found if one is not None]


def of_sectors(known: Iterable[Instrument], sectors: Sequence[str]) -> list[Instrument]:
    """Those of these sectors, all when none is named."""
    return [one for one in known if not sectors or one.sector in sectors]
