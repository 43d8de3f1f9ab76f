"""`quote` and `indicators`: the market as a cycle would see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import AwareDatetime
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from activities.market import look
from console.output import STYLES, Output, grid, plain, price, toned
from console.watchlist import Prices, read_day, watchlist
from settings import Settings
from trading.market import Dropped, Indicators, Quote, Snapshot
from trading.money import Record


class Quotes(Record):
    """Prices of a moment, by symbol; in place of one that is not known, why."""

    market: str
    as_of: AwareDatetime
    quotes: dict[str, Quote | Dropped]


async def quote(settings: Settings, output: Output, symbols: Sequence[str], as_of: str | None) -> int:
    """The best known prices of these symbols."""
    prices = Prices.of(settings)
    seen = await read_quotes(settings, prices, symbols, as_of)
    names, moment, quotes = tuple(seen.quotes), seen.as_of, seen.quotes
    table = grid("symbol", ">bid", ">ask", ">last", "quoted at (UTC)")
    for name in names:
        table.add_row(name, *_quoted(quotes[name]))
    output.show(seen, _heading(prices, moment), table)
    return 0


async def read_quotes(settings: Settings, prices: Prices, symbols: Sequence[str], as_of: str | None) -> Quotes:
    """The best known prices of these symbols, now or at the close of a day. Raises UnknownSymbol."""
    names, moment = await watchlist(settings, prices, symbols), await _moment(prices, as_of)
    found = await prices.market.quotes(names, moment)
    return Quotes(market=prices.market.name, as_of=moment, quotes={name: found[name] for name in names})


async def indicators(settings: Settings, output: Output, symbols: Sequence[str], as_of: str | None) -> int:
    """The numbers that an agent may cite, and why a symbol is left out."""
    prices = Prices.of(settings)
    snapshot = await read_indicators(settings, prices, symbols, as_of)
    shown: list[RenderableType] = [_heading(prices, snapshot.as_of)]
    if snapshot.symbols:
        shown.append(_table(snapshot))
    shown += [toned(f"  {dropped.symbol}: {dropped.reason}", "odd") for dropped in snapshot.dropped]
    output.show(snapshot, *shown)
    return 0


async def read_indicators(settings: Settings, prices: Prices, symbols: Sequence[str], as_of: str | None) -> Snapshot:
    """What a cycle would see of these symbols, now or at the close of a day. Raises UnknownSymbol."""
    names, moment = await watchlist(settings, prices, symbols), await _moment(prices, as_of)
    return await look(prices.market, prices.calendar, names, moment, max_age=prices.max_age(moment))


async def _moment(prices: Prices, as_of: str | None) -> datetime:
    day = read_day(as_of)
    return await prices.latest() if day is None else prices.close_of(day)


def _heading(prices: Prices, moment: datetime) -> Text:
    invented = ", invented prices" if prices.market.synthetic else ""
    return toned(f"\n{prices.market.name} market{invented}, as of {moment:%Y-%m-%d %H:%M} UTC", "faint")


def _quoted(found: Quote | Dropped) -> list[str]:
    if isinstance(found, Dropped):
        return ["", "", "", plain(found.reason)]
    return [price(found.bid), price(found.ask), price(found.last), f"{found.quoted_at:%Y-%m-%d %H:%M}"]


def _table(snapshot: Snapshot) -> Table:
    """One column a symbol: a year of numbers is easier to read downwards."""
    table = grid("", *(f">{facts.instrument.symbol}" for facts in snapshot.symbols))
    table.add_row("last", *(price(facts.quote.last) for facts in snapshot.symbols), style="bold")
    for name in Indicators.model_fields:
        shown = _form(name)
        cells = (shown(getattr(facts.indicators, name)) for facts in snapshot.symbols)
        table.add_row(name.replace("_", " "), *cells)
    table.add_row("bars", *(str(facts.bars) for facts in snapshot.symbols), style=STYLES["faint"])
    return table


def _form(name: str) -> Callable[[float], str]:
    """How an indicator reads: returns, distances and volatility are fractions, the rest are numbers."""
    if name.startswith(("return_", "distance_", "realised_")):
        return "{:+.2%}".format
    return "{:,.2f}".format
