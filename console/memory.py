"""`memory`: what the desk remembers of its decisions, found by meaning or by likeness, and how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from activities.market import look
from adapters.postgres.memory import PostgresMemory
from adapters.postgres.memory_stats import MemoryStats, Tally, memory_stats
from console.desk import DeskBooks, books_of
from console.output import STYLES, Output, grid, pairs, plain, title, toned
from console.reach import reach
from console.watchlist import Prices, read_day
from settings import Settings
from trading.errors import BadConfiguration
from trading.features import features_of
from trading.instruments import Side, tickers
from trading.market import SymbolFacts
from trading.memory import Recalled
from trading.memory_ports import Embedder, Found, NearestAsked, SearchAsked
from trading.money import MOST_TEXT
from trading.steps import Trigger
from wiring.memory import embedder_of

_MEGABYTE = 1_000_000


class Where(NamedTuple):
    """In whose memory, how many at most, and as of which day."""

    desk: str | None
    most: int
    as_of: str | None = None


async def search(settings: Settings, output: Output, asked: tuple[str, str | None], where: Where) -> int:
    """The memories whose reasoning is nearest to these words. Raises BadConfiguration for none, and for no ticker."""
    words, symbol = asked
    if not words.strip() or len(words) > MOST_TEXT:
        raise BadConfiguration(f"say what to search for, in 1 to {MOST_TEXT} characters")
    only = _ticker(symbol) if symbol is not None else None
    desk, embedder = where.desk or settings.desk.id, embedder_of(settings)
    async with books_of(reach(settings).database, desk) as books:
        with output.waiting("Searching"):
            found = await found_like(books, embedder, (words, only), where.most)
        others = (await memory_stats(books.engine, desk)).embedders
    others.pop(embedder.name, None)
    heading = title(f"What {desk} remembers of {only or 'anything'} like: {plain(words)}")
    shown = [_found(found)] if found else [toned("  nothing", "faint")]
    document = {"desk": desk, "text": words, "symbol": only, "embedder": embedder.name, "found": found}
    output.show(document, heading, *shown, *(_other(name, count) for name, count in others.items()))
    return 0


async def found_like(
    books: DeskBooks, embedder: Embedder, asked: tuple[str, str | None], most: int
) -> tuple[Found, ...]:
    """The desk's memories, of one symbol or of all, whose reasoning is nearest to these words."""
    words, symbol = asked
    [embedding] = await embedder.embed([words])
    question = SearchAsked(
        desk_id=books.desk_id,
        as_of=datetime.now(UTC),
        embedding=embedding,
        embedder=embedder.name,
        symbol=symbol,
        most=most,
    )
    return tuple(await PostgresMemory(books.engine).search(question))


async def similar(settings: Settings, output: Output, asked: tuple[str, Side], where: Where) -> int:
    """The nearest resolved setups of either end, by the market as it is now or was at the close of a day.

    The market is looked at and nothing is stored; with a day nothing that was learned after its close is told. Raises
    UnknownSymbol, and BadConfiguration for a symbol whose prices cannot be trusted.
    """
    symbol, side = _ticker(asked[0]), asked[1]
    desk, prices, day = where.desk or settings.desk.id, Prices.of(settings), read_day(where.as_of)
    moment = await prices.latest() if day is None else prices.close_of(day)
    async with books_of(reach(settings).database, desk) as books:
        facts = await _facts(prices, symbol, moment)
        question = NearestAsked(
            desk_id=desk,
            side=side,
            as_of=max(moment, datetime.now(UTC)) if day is None else moment,
            features=features_of(facts, side, Trigger.MANUAL),
            most=where.most,
        )
        memory = PostgresMemory(books.engine)
        won, lost = [await memory.nearest(question.model_copy(update={"won": each})) for each in (True, False)]
    document = {"desk": desk, "symbol": symbol, "side": side, "as_of": moment, "won": won, "lost": lost}
    heading = title(f"Setups of {desk} like {symbol} to {side} as of {moment:%Y-%m-%d %H:%M} UTC")
    output.show(document, heading, *_alike("won", won), *_alike("lost", lost))
    return 0


async def stats(settings: Settings, output: Output, desk: str | None) -> int:
    """How much is remembered."""
    name = desk or settings.desk.id
    async with books_of(reach(settings).database, name) as books:
        counted = await memory_stats(books.engine, name)
    document = {"desk": name, "embedder": settings.memory.embedder, **counted.model_dump()}
    shown = [_tallies(counted.tallies)] if counted.tallies else [toned("  nothing yet", "faint")]
    output.show(document, title(f"What {name} remembers"), *shown, "", _rooms(counted, settings.memory.embedder))
    return 0


def _ticker(words: str) -> str:
    """One ticker. Raises BadConfiguration for what is none."""
    named = tickers([words])
    if not named:
        raise BadConfiguration("name a symbol, as AAPL")
    return named[0]


async def _facts(prices: Prices, symbol: str, moment: datetime) -> SymbolFacts:
    await prices.market.instruments([symbol])
    seen = await look(prices.market, prices.calendar, [symbol], moment, max_age=prices.max_age(moment))
    if seen.dropped:
        raise BadConfiguration(f"{symbol} cannot be looked at: {seen.dropped[0].reason}")
    return seen.facts(symbol)


def _found(found: Sequence[Found]) -> Table:
    table = grid(">distance", "decided", "symbol", "side", "course", ">return", "~reasoning, or what it taught")
    for one in found:
        setup, outcome = one.memory.setup, one.memory.outcome
        course, made = setup.course if outcome is None else outcome.course, toned("pending", "odd")
        if outcome is not None:
            made = _return(outcome.return_fraction)
        cells: list[RenderableType] = [f"{one.distance:.3f}", f"{setup.decided_at:%Y-%m-%d}", setup.symbol, setup.side]
        table.add_row(*cells, course, made, plain(one.memory.lesson or setup.reasoning))
    return table


def _alike(which: str, found: Sequence[Recalled]) -> list[RenderableType]:
    heading = Text(f"\n  the nearest that {which}", STYLES["faint"])
    if not found:
        return [heading, toned("  none has resolved yet", "faint")]
    table = grid(">distance", "decided", "symbol", "course", ">return", ">sessions", "exit", "~what it taught")
    for one in found:
        cells: list[RenderableType] = [f"{one.distance:.2f}", f"{one.decided_at:%Y-%m-%d}", one.symbol, one.course]
        cells += [_return(one.return_fraction), str(one.sessions), plain(one.exit_reason), plain(one.lesson)]
        table.add_row(*cells)
    return [heading, table]


def _tallies(tallies: Sequence[Tally]) -> Table:
    table = grid("strategy", "course", ">pending", ">resolved", ">won", ">lost", ">mean return", ">lessons")
    for one in tallies:
        mean = Text("") if one.mean_return is None else _return(one.mean_return)
        counts = [f"{count:,}" for count in (one.pending, one.resolved, one.wins, one.losses)]
        table.add_row(plain(one.strategy_id), one.course, *counts, mean, f"{one.lessons:,}")
    return table


def _rooms(counted: MemoryStats, embedder: str) -> Text:
    kept = ", ".join(f"{plain(name)} {count:,}" for name, count in counted.embedders.items()) or "none"
    lines: list[tuple[str, str | Text]] = [("embedder", embedder), ("embedded by", kept)]
    lines.append(("table", _size(counted.table_bytes)))
    return pairs([*lines, *((name, _size(size)) for name, size in counted.index_bytes.items())])


def _size(count: int) -> str:
    return f"{count / _MEGABYTE:,.1f} MB"


def _other(name: str, count: int) -> Text:
    return toned(f"  {count:,} more were embedded by {name}: MEMORY_EMBEDDER={name} compares those", "odd")


def _return(fraction: float) -> Text:
    return toned(f"{fraction:+.2%}", "good" if fraction > 0 else "bad" if fraction < 0 else "faint")
