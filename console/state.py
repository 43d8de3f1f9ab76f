"""`halt`, `resume` and `price-move`: telling the desk something, and seeing that it has heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import ValidationError

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
from trading.breaker import TradingState
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


async def halt(settings: Settings, output: Output, wish: HaltWish) -> int:
    """Stop the desk's trading, and wait until the books say so.

    A desk that is to sell what it holds reduces first; it halts by itself when the exits are on their way.
    """
    asked = HaltAsked(
        reason=_said(wish.reason), trace_id=uuid4().hex, cancel_orders=wish.cancel_orders, flatten=wish.flatten
    )
    # One that has little to sell, or was asked before, may be HALTED by the time the books are looked at.
    first = (TradingState.REDUCING,) if wish.flatten else ()
    return await _change(settings, output, asked, *first, TradingState.HALTED)


async def resume(settings: Settings, output: Output, reason: str, *, force: bool) -> int:
    """Let the desk trade again, unless what stopped it still holds."""
    asked = ResumeAsked(reason=_said(reason), trace_id=uuid4().hex, force=force)
    found, desk_id = reach(settings), settings.desk.id
    async with books_of(found.database, desk_id):
        breaker = await ask_to_resume(await connect(found.temporal_address), desk_id, asked)
    output.show(breaker, toned(f"  {breaker.state}: {breaker.reason}", STATE_TONES[breaker.state]))
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
        if not await runs(client, settings.desk.id):
            # A name that was mistyped must not be answered by a new desk that halts, while the real one trades on.
            async with books_of(found.database, settings.desk.id):
                pass
        await send(client, settings.desk.id, asked)
        breaker = await wait_for_state(DeskBooks(engine, settings.desk.id), states, asked.reason)
    finally:
        await engine.dispose()
    output.show(breaker, toned(f"  {breaker.state}: {breaker.reason}", STATE_TONES[breaker.state]))
    return 0


def _said(reason: str) -> str:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        message = f"a reason has 1 to {LONGEST_REASON} characters, for whoever reads the log"
        raise BadConfiguration(message)
    return reason.strip()
