"""`halt`, `resume` and `price-move`: telling the desk something, and seeing that it has heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import ValidationError
from rich.text import Text

from activities.lookers import Lookers
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.ledger import PostgresLedger
from adapters.temporal.connection import connect
from console.asking import ask_to_resume, send, wait_for_state
from console.desk import DeskBooks, books_of, runs
from console.output import Output, toned
from console.reach import reach
from console.tables import STATE_TONES
from console.watchlist import Prices
from settings import Settings
from trading.breaker import CircuitBreaker, TradingState
from trading.desk import HaltAsked, PriceMoved, ResumeAsked
from trading.errors import BadConfiguration
from trading.instruments import tickers
from wiring.monitoring import plan_of

LONGEST_REASON = 400


@dataclass(frozen=True)
class HaltWish:
    """What the operator typed to halt."""

    reason: str
    cancel_orders: bool = False
    flatten: bool = False
    strategy: str | None = None


@dataclass(frozen=True)
class ResumeWish:
    """What the operator typed to resume."""

    reason: str
    force: bool = False
    strategy: str | None = None


async def halt(settings: Settings, output: Output, wish: HaltWish) -> int:
    """Stop the desk's trading, or one strategy's, and wait until the books say so.

    A desk that is to sell what it holds reduces first; it halts by itself when the exits are on their way.
    """
    if wish.strategy is not None and (wish.cancel_orders or wish.flatten):
        raise BadConfiguration("--cancel-orders and --flatten are for the whole desk: leave --strategy out")
    asked = HaltAsked(
        reason=_said(wish.reason),
        trace_id=uuid4().hex,
        cancel_orders=wish.cancel_orders,
        flatten=wish.flatten,
        strategy_id=wish.strategy,
    )
    # One that has little to sell, or was asked before, may be HALTED by the time the books are looked at.
    first = (TradingState.REDUCING,) if wish.flatten else ()
    return await _change(settings, output, asked, *first, TradingState.HALTED)


async def resume(settings: Settings, output: Output, wish: ResumeWish) -> int:
    """Let the desk, or one strategy, trade again, unless what stopped it still holds."""
    asked = ResumeAsked(reason=_said(wish.reason), trace_id=uuid4().hex, force=wish.force, strategy_id=wish.strategy)
    found, desk_id = reach(settings), settings.desk.id
    async with books_of(found.database, desk_id) as books:
        await _has(books, wish.strategy)
        breaker = await ask_to_resume(await connect(found.temporal_address), desk_id, asked)
    output.show(breaker, _stated(breaker, wish.strategy))
    return 0


async def price_move(settings: Settings, output: Output, symbol: str, percent: float | None) -> int:
    """Tell the desk that a price moved; it looks at that symbol when its turn comes and its cool-down is over."""
    found = reach(settings)
    if not symbol.strip():
        raise BadConfiguration("name the symbol that moved, as AAPL")
    (name,) = tickers([symbol])
    prices = Prices.of(settings)
    await prices.market.instruments([name])
    try:
        moved = PriceMoved(
            symbol=name,
            percent=percent,
            trace_id=uuid4().hex,
            moved_at=datetime.now(UTC),
            pace=settings.monitor.rules.pace,
            strategies=await _lookers(found.database, settings, prices, name),
        )
    except ValidationError as error:
        raise BadConfiguration(f"not a percentage: {percent}") from error
    await send(await connect(found.temporal_address), settings.desk.id, moved)
    minutes = moved.pace.cool_down_minutes
    who = ", ".join(moved.strategies) or "The desk"
    output.show(moved, f"  {who} will look at {name}, not sooner than {minutes} minutes after the last such look.")
    return 0


async def _lookers(database: Database, settings: Settings, prices: Prices, symbol: str) -> tuple[str, ...]:
    """The strategies that watch or hold a symbol; none when the desk's first is to look, since a person says so."""
    engine = application_engine(database, pool_size=1)
    try:
        symbols, resolve = plan_of(settings, prices.market).symbols, prices.universes.resolve_universe
        lookers, ledger = Lookers(settings.desk.id, symbols, PostgresHolders(engine), resolve), PostgresLedger(engine)
        await lookers.watched(ledger)
        return await lookers.of(symbol, ledger) or ()
    finally:
        await engine.dispose()


async def _change(settings: Settings, output: Output, asked: HaltAsked, *states: TradingState) -> int:
    found = reach(settings)
    client = await connect(found.temporal_address)
    engine = application_engine(found.database, pool_size=1)
    try:
        if asked.strategy_id is not None or not await runs(client, settings.desk.id):
            # A name that was mistyped must not be answered by a new desk that halts, while the real one trades on.
            async with books_of(found.database, settings.desk.id) as known:
                await _has(known, asked.strategy_id)
        await send(client, settings.desk.id, asked)
        books = DeskBooks(engine, settings.desk.id)
        breaker = await wait_for_state(books, states, asked.reason, asked.strategy_id)
    finally:
        await engine.dispose()
    output.show(breaker, _stated(breaker, asked.strategy_id))
    return 0


def _stated(breaker: CircuitBreaker, strategy: str | None) -> Text:
    who = "" if strategy is None else f"strategy {strategy} "
    return toned(f"  {who}{breaker.state}: {breaker.reason}", STATE_TONES[breaker.state])


async def _has(books: DeskBooks, strategy: str | None) -> None:
    known = [one.strategy_id for one in await books.ledger.strategy_breakers(books.desk_id)]
    if strategy is not None and strategy not in known:
        raise BadConfiguration(f"the desk has no strategy {strategy}, but {', '.join(known) or 'none'}")


def _said(reason: str) -> str:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        message = f"a reason has 1 to {LONGEST_REASON} characters, for whoever reads the log"
        raise BadConfiguration(message)
    return reason.strip()
