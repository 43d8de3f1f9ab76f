"""`report` and `performance`: what was closed and reported, as it was kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from adapters.postgres.closes import PostgresCloses
from adapters.postgres.weeks import PostgresWeeks
from console.desk import DeskBooks, books_of
from console.output import Output, dollars, gain, grid, pairs, plain, price, shares, title, toned
from console.reach import reach
from settings import Settings
from trading.closing import DailyClose, Periods, missing_words
from trading.digest import performance_words, week_digest
from trading.errors import BadConfiguration
from trading.weeks import monday_of

Lines = list[tuple[str, str | Text]]


async def report(settings: Settings, output: Output, day: str | None, week: str | None) -> int:
    """The close of a day, of the newest when none is named, or the report of the week that a day is in."""
    if day is not None and week is not None:
        raise BadConfiguration("--day and --week are two reports: ask for one")
    on, within = _date("--day", day), _date("--week", week)
    async with _books(settings) as books:
        if within is not None:
            await _week(books, output, within)
        else:
            close = await close_of(books, on)
            output.show(close, *_shown(close))
    return 0


async def performance(settings: Settings, output: Output) -> int:
    """How the desk and its strategies have done since the opening, as of the newest close."""
    async with _books(settings) as books:
        close = await close_of(books, None)
    document = performance_of(close)
    heading = title(f"Performance of {close.desk_id} to {close.session_on}")
    figures = pairs([*_periods(close.pnl), *_figures(close)])
    output.show(document, heading, figures, "", _strategies(close), *_divided(close))
    return 0


def performance_of(close: DailyClose) -> dict[str, object]:
    """What a close says of how the desk and its strategies have done since the opening."""
    told = ("session_on", "pnl", "performance", "tallies", "strategies", "reserve")
    return {name: getattr(close, name) for name in told}


@asynccontextmanager
async def _books(settings: Settings) -> AsyncIterator[DeskBooks]:
    async with books_of(reach(settings).database, settings.desk.id) as books:
        yield books


async def close_of(books: DeskBooks, day: date | None) -> DailyClose:
    """The close of a day, else the newest. Raises BadConfiguration when there is none."""
    closes = PostgresCloses(books.engine)
    known = await closes.known(books.desk_id)
    newest = known.closed_on if known else None
    if newest is None:
        raise BadConfiguration(f"no session of {books.desk_id} has been closed yet: the close comes after the bell")
    found = await closes.find(books.desk_id, day or newest)
    if found is None:
        raise BadConfiguration(f"{day} was not closed (the newest close is of {newest})")
    return found


async def _week(books: DeskBooks, output: Output, day: date) -> None:
    monday = monday_of(day)
    found = await PostgresWeeks(books.engine).find(books.desk_id, monday)
    if found is None:
        raise BadConfiguration(f"the week from {monday} was not reported (a report comes when a week is over)")
    heading, *lines = week_digest(found).splitlines()
    output.show(found, title(plain(heading)), *(Text(f"  {plain(line)}".rstrip()) for line in lines))


def _date(option: str, words: str | None) -> date | None:
    try:
        return None if words is None else date.fromisoformat(words)
    except ValueError:
        raise BadConfiguration(f"{option} {words}: not a date such as 2017-11-10") from None


def _shown(close: DailyClose) -> list[RenderableType]:
    equity: str | Text = f"{dollars(close.equity)} USD"
    if close.missing:
        equity = toned(f"not known: no price of {missing_words(close.missing)}", "odd")
    lines: Lines = [("equity", equity), ("cash", f"{dollars(close.cash)} USD"), *_periods(close.pnl), *_figures(close)]
    lines += [("note", plain(close.note))] if close.note else []
    lines += [("closed", "later, from data")] if close.made_up else []
    shown: list[RenderableType] = [title(f"{close.desk_id}: close of {close.session_on:%A} {close.session_on}")]
    shown += [pairs(lines)]
    if close.symbols:
        shown += ["", _symbols(close)]
    return [*shown, "", _strategies(close), *_divided(close)] if close.strategies else shown


def _periods(pnl: Periods) -> Lines:
    named = (("day", pnl.day), ("week", pnl.week), ("month", pnl.month), ("since opening", pnl.opening))
    return [(name, toned("not known", "faint") if amount is None else gain(amount)) for name, amount in named]


def _figures(close: DailyClose) -> Lines:
    figures: Lines = [(name.lower(), words) for name, words in performance_words(close)]
    return [("return", f"{close.performance.total_return:+.2%} since opening"), *figures]


def _symbols(close: DailyClose) -> Table:
    table = grid("symbol", ">shares", ">close", ">value", ">day", ">open gain", ">realised")
    for one in close.symbols:
        last = toned("?", "odd") if one.price is None and one.quantity else price(one.price)
        cells: list[RenderableType] = [one.symbol, shares(one.quantity), last, dollars(one.value)]
        cells += ["" if amount is None else gain(amount) for amount in (one.day, one.unrealised, one.realised)]
        table.add_row(*cells)
    return table


def _strategies(close: DailyClose) -> Table:
    table = grid("strategy", ">gain", ">day", ">won", ">lost", ">win rate", ">profit factor", ">traded", ">costs")
    for one in close.strategies:
        cells: list[RenderableType] = [one.strategy_id]
        cells += ["" if amount is None else gain(amount) for amount in (one.gain, one.day)]
        cells += [str(one.won), str(one.lost), "" if one.win_rate is None else f"{one.win_rate:.0%}"]
        cells += ["" if one.profit_factor is None else f"{one.profit_factor:.2f}", dollars(one.traded)]
        table.add_row(*cells, dollars(one.commission + one.slippage))
    return table


def _divided(close: DailyClose) -> list[RenderableType]:
    """What each strategy has and how it has done, where the desk is divided among several."""
    if not close.divided:
        return []
    table = grid("strategy", ">part", ">equity", ">cash", ">day", ">week", ">month", ">all", ">return")
    ratios = grid("strategy", ">sessions", ">drawdown", ">deepest", ">Sharpe", ">Sortino", ">turnover", ">exposure")
    for one in close.divided:
        earned = one.pnl or Periods()
        gains = ("" if a is None else gain(a) for a in (earned.day, earned.week, earned.month, earned.opening))
        part = "" if one.allocation is None else f"{one.allocation:.0%}"
        total = "" if one.total_return is None else f"{one.total_return:+.2%}"
        table.add_row(one.strategy_id, part, dollars(one.equity), dollars(one.cash), *gains, total)
        falls = ("" if a is None else f"{a:.2%}" for a in (one.drawdown, one.max_drawdown))
        told = ("" if a is None else f"{a:.2f}" for a in (one.sharpe, one.sortino, one.turnover))
        exposed = "" if one.exposure is None else f"{one.exposure:.0%}"
        ratios.add_row(one.strategy_id, str(one.sessions), *falls, *told, exposed)
    table.add_row("reserve", "", dollars(close.reserve), dollars(close.reserve), *[""] * 5)
    return ["", table, "", ratios]
