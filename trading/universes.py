"""What a strategy looks at: from names, a screen and the desk's watchlist to symbols."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.bars import Bars
from trading.instruments import Instrument, Symbol
from trading.market import MOST_PRICE, PRICE_STEP
from trading.money import DeskId, Dollars, Identifier, Price, Record, Text, cents
from trading.strategy import Screen, Strategy, Universe

MOST_SYMBOLS = 100
"""Symbols that one cycle looks at."""
VOLUME_SESSIONS = 20
"""Sessions over which the dollars traded are averaged."""
_MOST_DOLLARS = Decimal("1e15")

Watched = Annotated[tuple[Symbol, ...], Field(max_length=MOST_SYMBOLS)]


class Listed(Record):
    """One thing that a market has: its newest close, and the dollars traded in a session, averaged over twenty."""

    instrument: Instrument
    price: Price
    dollar_volume: Dollars


class UniverseAsked(Record):
    """What does a strategy look at? `watchlist` is the desk's own; `as_of` None is the newest moment of the market."""

    desk_id: DeskId
    strategy: Strategy
    watchlist: Watched = ()
    as_of: AwareDatetime | None = None
    trace_id: Identifier = "none"


class UniverseFound(Record):
    """What it looks at; of no symbols at all, `reason` says why."""

    symbols: Watched
    reason: Text = ""


def listed(instrument: Instrument, bars: Bars, completed_on: date) -> Listed | None:
    """What a list says of something, from its bars up to the last complete session.

    None of what did not trade in that session, has too few bars, or numbers that nobody should trade on.
    """
    newest = bars.last(VOLUME_SESSIONS)
    if len(newest) < VOLUME_SESSIONS or newest.defect() is not None or newest.last_session_on != completed_on:
        return None
    price = Decimal(repr(float(newest.close[-1]))).quantize(PRICE_STEP)
    traded = Decimal(float((newest.close * newest.volume).mean()))
    if not 0 < price <= MOST_PRICE or traded > _MOST_DOLLARS:
        return None
    return Listed(instrument=instrument, price=price, dollar_volume=cents(traded))


def screened(found: Iterable[Listed], screen: Screen) -> tuple[str, ...]:
    """The most traded of what passes the screen, the most traded first; of equals the first by name."""
    passing = [one for one in found if _passes(one, screen)]
    passing.sort(key=lambda one: (-one.dollar_volume, one.instrument.symbol))
    return tuple(one.instrument.symbol for one in passing[: screen.most])


def looked_at(universe: Universe, found: Iterable[str]) -> tuple[str, ...]:
    """The symbols named, then those found, each once; as many as one cycle looks at."""
    return tuple(dict.fromkeys((*universe.symbols, *found)))[:MOST_SYMBOLS]


def _passes(one: Listed, screen: Screen) -> bool:
    if screen.sectors and one.instrument.sector not in screen.sectors:
        return False
    if one.price < screen.min_price or one.dollar_volume < screen.min_dollar_volume:
        return False
    return screen.max_price is None or one.price <= screen.max_price
