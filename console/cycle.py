"""Running one cycle from the command line: ask, follow, show what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from rich.console import RenderableType
from temporalio.client import Client

from console import tables
from console.asking import ask_cycle
from console.desk import DeskBooks, books_of, workflow_url
from console.following import follow
from console.output import Output, Tone, pairs, title, toned
from console.reach import Reach
from console.roster import named
from console.watchlist import Prices, read_day, watchlist
from settings import Settings
from trading.desk import CycleTicket
from trading.docket import CycleOutcome, CycleReport
from trading.errors import BadConfiguration
from trading.instruments import tickers
from trading.orders import PROTECTIVE
from trading.steps import CycleRequest
from trading.strategy import AGENTS, Strategy, first_strategy
from trading.traces import trace_url
from trading.universes import UniverseAsked
from trading.wanted import OperatorTrade

MOST_ORDERS = 500


@dataclass(frozen=True)
class Wish:
    """What the operator typed for a cycle."""

    symbols: tuple[str, ...] = ()
    strategy: str = AGENTS
    as_of: str | None = None
    anytime: bool = False
    trace_id: str | None = None
    trade: OperatorTrade | None = None

    @property
    def day(self) -> date | None:
        """The session's date that the cycle is put in."""
        return read_day(self.as_of)


async def request_of(
    wish: Wish, settings: Settings, prices: Prices, strategies: Sequence[Strategy] = (first_strategy(),)
) -> CycleRequest:
    """The wish as a request, checked against the market and the desk's strategies before anything is asked."""
    strategy = named(strategies, wish.strategy)
    as_of = None if wish.day is None else prices.close_of(wish.day)
    symbols = await watchlist(settings, prices, wish.symbols or await _universe(strategy, prices, as_of, settings))
    try:
        return CycleRequest(
            symbols=symbols,
            strategy_id=wish.strategy,
            trace_id=wish.trace_id or uuid4().hex,
            as_of=as_of,
            anytime=wish.anytime,
            trade=wish.trade,
        )
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        message = f"no cycle can be asked for like that: {wrong['loc'][0]}: {wrong['msg']}"
        raise BadConfiguration(message) from error


def trade_of(symbol: str, words: Mapping[str, Any]) -> OperatorTrade:
    """A trade as it was typed. Raises BadConfiguration with what is wrong with it."""
    if not symbol.strip():
        raise BadConfiguration("name the symbol that is to be traded, as AAPL")
    (ticker,) = tickers((symbol,))
    try:
        return OperatorTrade(symbol=ticker, **words)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        place = "".join(f"{each}: " for each in wrong["loc"])
        message = f"no trade can be asked for like that: {place}{wrong['msg'].removeprefix('Value error, ')}"
        raise BadConfiguration(message) from error


async def _universe(strategy: Strategy, prices: Prices, as_of: datetime | None, settings: Settings) -> tuple[str, ...]:
    """What a strategy looks at by itself; nothing when that is the desk's watchlist."""
    universe = strategy.universe
    if universe.screen is None:
        return universe.symbols
    asked = UniverseAsked(desk_id=settings.desk.id, strategy=strategy, as_of=as_of)
    found = await prices.universes.resolve_universe(asked)
    if not found.symbols:
        raise BadConfiguration(f"{strategy.strategy_id} has nothing to look at: {found.reason}")
    return found.symbols


async def run_one(client: Client, reach: Reach, settings: Settings, request: CycleRequest, output: Output) -> int:
    """Ask for a cycle, follow it, show what came of it; the exit code says whether it went well."""
    ticket = await ask_cycle(client, settings.desk.id, request)
    say_where(client, reach, ticket, output, trace_url(settings.traces.url, request.trace_id))
    report = await follow(client, ticket, output)
    async with books_of(reach.database, settings.desk.id) as books:
        await _show(books, report, request, output)
    undone = request.trade is not None and (report.outcome is not CycleOutcome.TRADED or bool(report.reason))
    return 1 if report.outcome is CycleOutcome.FAILED or report.findings or undone else 0


async def say_if_closed(request: CycleRequest, prices: Prices, output: Output) -> None:
    """Say plainly that a cycle runs outside the session."""
    at = request.as_of or await prices.latest()
    if request.anytime and not prices.is_in_session(at):
        output.say(
            "", f"  The exchange is closed at {at:%Y-%m-%d %H:%M} UTC: paper orders fill at the next known price."
        )


def say_where(client: Client, reach: Reach, ticket: CycleTicket, output: Output, trace: str | None = None) -> None:
    """The cycle's name, its page in the Web UI, and that of its trace."""
    pages = {"Web UI": workflow_url(reach.ui_url, client, ticket.workflow_id), "trace": trace}
    output.say(title(f"Cycle {ticket.cycle_id}"))
    if any(pages.values()):
        output.say(pairs([(name, url) for name, url in pages.items() if url]))
    output.say("")


async def _show(books: DeskBooks, report: CycleReport, request: CycleRequest, output: Output) -> None:
    portfolio = await books.ledger.portfolio(books.desk_id)
    lines = await books.reports.orders(cycle_id=report.cycle_id, limit=MOST_ORDERS)
    document = {
        "trace_id": request.trace_id,
        "report": report,
        "orders": lines,
        "portfolio": tables.value_of(portfolio),
    }
    wide = output.is_wide
    if output.as_json:
        output.show(document)
        return
    output.say("", _ending(report))
    for finding in report.findings:
        output.say(toned(f"  {finding.invariant}  {finding.about}: {finding.found}", "bad"))
    rows = [row for row in report.rows if request.trade is None or row.symbol in request.symbols]
    if any(row.price is not None for row in rows):
        output.say(title("Decisions"), tables.decisions(rows, notes=wide))
    if request.trade is not None and not wide:
        # There is one line, and whoever asked for it wants to know what became of it.
        known = {"", request.trade.reason, report.reason}
        output.say(*(toned(f"  {row.note}", "faint") for row in rows if row.note not in known))
    asked = [line for line in lines if line.leg not in PROTECTIVE]
    if asked:
        output.say(title("Orders"), tables.orders(asked, notes=False))
    if len(lines) > len(asked):
        words = f"  and {len(lines) - len(asked)} stops and targets that protect them: starter.py orders --open"
        output.say(toned(words, "faint"))
    output.say(title("Portfolio"), tables.summary(portfolio))
    if portfolio.positions:
        output.say("", tables.positions(portfolio, sectors=wide))


def _ending(report: CycleReport) -> RenderableType:
    tones: dict[CycleOutcome, Tone] = {
        CycleOutcome.TRADED: "good",
        CycleOutcome.SKIPPED: "odd",
        CycleOutcome.SHADOWED: "odd",
        CycleOutcome.FAILED: "bad",
    }
    words = report.outcome.replace("_", " ") + (f": {report.reason}" if report.reason else "")
    return toned(f"  {words}", tones.get(report.outcome, "plain"))
