"""`halt`, `resume` and `price-move`: telling the desk something, and seeing that it has heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import ValidationError
from rich.text import Text
from temporalio.client import Client

from activities.lookers import Lookers
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.ledger import PostgresLedger
from adapters.temporal.connection import connect
from console.asking import ask_to_resume, send, wait_for_state
from console.desk import DeskBooks, books_of, has_books, runs
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
    by: str = "operator"
    trace_id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class ResumeWish:
    """What the operator typed to resume."""

    reason: str
    force: bool = False
    strategy: str | None = None
    by: str = "operator"
    trace_id: str = field(default_factory=lambda: uuid4().hex)


async def halt(settings: Settings, output: Output, wish: HaltWish) -> int:
    """Stop the desk's trading, or one strategy's, and wait until the books say so."""
    found = reach(settings)
    engine = application_engine(found.database, pool_size=1)
    try:
        breaker = await halted(await connect(found.temporal_address), DeskBooks(engine, settings.desk.id), wish)
    finally:
        await engine.dispose()
    output.show(breaker, _stated(breaker, wish.strategy))
    return 0


async def halted(client: Client, books: DeskBooks, wish: HaltWish) -> CircuitBreaker:
    """Have the desk, or one strategy, halt; its trading state once the books show it.

    A desk that is to sell what it holds reduces first; it halts by itself when the exits are on their way.
    """
    if wish.strategy is not None and (wish.cancel_orders or wish.flatten):
        raise BadConfiguration("--cancel-orders and --flatten are for the whole desk: leave --strategy out")
    asked = HaltAsked(
        reason=_said(wish.reason),
        by=wish.by,
        trace_id=wish.trace_id,
        cancel_orders=wish.cancel_orders,
        flatten=wish.flatten,
        strategy_id=wish.strategy,
    )
    # One that has little to sell, or was asked before, may be HALTED by the time the books are looked at.
    first = (TradingState.REDUCING,) if wish.flatten else ()
    if wish.strategy is not None or not await runs(client, books.desk_id):
        # A name that was mistyped must not be answered by a new desk that halts, while the real one trades on.
        await has_books(books)
        await _has(books, wish.strategy)
    await send(client, books.desk_id, asked)
    return await wait_for_state(books, (*first, TradingState.HALTED), asked.reason, wish.strategy)


async def resume(settings: Settings, output: Output, wish: ResumeWish) -> int:
    """Let the desk, or one strategy, trade again, unless what stopped it still holds."""
    found = reach(settings)
    async with books_of(found.database, settings.desk.id) as books:
        breaker = await resumed(await connect(found.temporal_address), books, wish)
    output.show(breaker, _stated(breaker, wish.strategy))
    return 0


async def resumed(client: Client, books: DeskBooks, wish: ResumeWish) -> CircuitBreaker:
    """Have the desk, or one strategy, go on; its trading state then. Raises BadConfiguration when it refuses."""
    asked = ResumeAsked(
        reason=_said(wish.reason), by=wish.by, trace_id=wish.trace_id, force=wish.force, strategy_id=wish.strategy
    )
    await _has(books, wish.strategy)
    return await ask_to_resume(client, books.desk_id, asked)


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
