"""What the books say: `portfolio`, `orders`, `trades`, `events`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import RenderableType
from rich.text import Text

from adapters.postgres.reports import EventLine
from console import tables
from console.desk import DeskBooks, books_of
from console.output import STYLES, Output, plain, title
from console.reach import reach
from settings import Settings
from trading.breaker import TradingState, strictest
from trading.errors import BadConfiguration
from trading.portfolio import Portfolio

FOLLOW_SECONDS = 0.25
BATCH = 500
TELLING = (
    "symbol",
    "side",
    "action",
    "verdict",
    "outcome",
    "state",
    "quantity",
    "price",
    "limit",
    "reason",
    "reasoning",
)


async def portfolio(settings: Settings, output: Output, strategy_id: str | None = None) -> int:
    """What the desk is worth and holds, or one of its strategies."""
    async with _books(settings) as books:
        held = await books.ledger.portfolio(books.desk_id) if strategy_id is None else await part_of(books, strategy_id)
    whose = books.desk_id if strategy_id is None else f"{strategy_id} of {books.desk_id}"
    shown: list[RenderableType] = [title(f"Portfolio of {whose}"), tables.summary(held)]
    if held.positions:
        shown += ["", tables.positions(held, sectors=output.is_wide)]
    output.show({**tables.value_of(held), **({"strategy_id": strategy_id} if strategy_id else {})}, *shown)
    return 0


async def part_of(books: DeskBooks, strategy_id: str) -> Portfolio:
    """What a strategy has of the desk. Raises BadConfiguration when the desk has none of that name."""
    part = await books.ledger.part(books.desk_id, strategy_id)
    if part is None:
        known = ", ".join(one.strategy_id for one in await books.ledger.strategies(books.desk_id))
        message = f"desk {books.desk_id} has no strategy {strategy_id} (it has: {known})"
        raise BadConfiguration(message)
    return part.model_copy(update={"trading_state": await _state(books, strategy_id, part.trading_state)})


async def _state(books: DeskBooks, strategy_id: str, desk: TradingState) -> TradingState:
    """How far a strategy may go: the strictest of the desk's state, its own breaker's, and REDUCING while disabled."""
    breakers = {one.strategy_id: one.breaker.state for one in await books.ledger.strategy_breakers(books.desk_id)}
    strategy = await books.ledger.strategy(books.desk_id, strategy_id)
    enabled = strategy is not None and strategy.enabled
    own = breakers.get(strategy_id, TradingState.ACTIVE)
    return strictest(strictest(desk, own), TradingState.ACTIVE if enabled else TradingState.REDUCING)


async def cycles(settings: Settings, output: Output, *, strategy: str | None, limit: int) -> int:
    """The newest cycles, of all strategies or of one, which need not be there any more."""
    async with _books(settings) as books:
        lines = await books.reports.cycles(limit=limit, strategy_id=strategy)
    output.show(lines, tables.cycles(lines, notes=output.is_wide) if lines else _none(strategy))
    return 0


def _none(strategy: str | None) -> str:
    return "  no cycles" if strategy is None else f"  no cycles of {strategy}"


async def orders(settings: Settings, output: Output, *, open_only: bool, limit: int) -> int:
    """The newest orders."""
    async with _books(settings) as books:
        lines = await books.reports.orders(limit=limit, open_only=open_only)
    output.show(lines, tables.orders(lines, notes=output.is_wide) if lines else "  no orders")
    return 0


async def trades(settings: Settings, output: Output, *, limit: int) -> int:
    """The newest round trips."""
    async with _books(settings) as books:
        lines = await books.reports.trades(limit=limit)
    output.show(lines, tables.trades(lines) if lines else "  no trades")
    return 0


async def events(settings: Settings, output: Output, *, cycle: str | None, limit: int, follow: bool) -> int:
    """The newest lines of the audit log; with `follow`, those to come as well, until Ctrl-C."""
    async with _books(settings) as books:
        lines = await books.reports.events(limit=limit, cycle_id=cycle)
        if not follow:
            if cycle is not None and not lines:
                message = f"no such cycle: {cycle} (one that waits for its turn has no events yet)"
                raise BadConfiguration(message)
            output.show(lines, *(event_line(line) for line in lines))
            return 0
        last = 0
        while True:
            for line in lines:
                output.line(line, event_line(line))
                last = line.sequence
            await asyncio.sleep(FOLLOW_SECONDS)
            lines = await books.reports.events_after(last, limit=BATCH, cycle_id=cycle)


@asynccontextmanager
async def _books(settings: Settings) -> AsyncIterator[DeskBooks]:
    async with books_of(reach(settings).database, settings.desk.id) as books:
        yield books


def event_line(line: EventLine) -> Text:
    """A line of the log in one line of the terminal: number, time, what happened and the start of what was said."""
    when = f"{line.sequence:>5} {line.occurred_at:%Y-%m-%d %H:%M:%S} "
    faint = STYLES["faint"]
    parts = ((when, faint), f"{line.type:<19} ", (plain(_said(line)), faint))
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _said(line: EventLine) -> str:
    """The plain values of an event, those that tell most first; what is nested is left to --json."""
    told = {name: value for name, value in line.data.items() if isinstance(value, str | int | float) and value != ""}
    first = [str(told.pop(name)) for name in TELLING if name in told]
    return "  ".join([*first, *(f"{name} {value}" for name, value in told.items())])
