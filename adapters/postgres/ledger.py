"""The books of all desks in Postgres: each method one transaction, and harmless to repeat.

A desk has two locks, always taken in this order: its `portfolio_state` row, then its `system_state` row, which is also
the end of its log. What only writes the log or the trading state takes the second alone. So no two of our own
transactions deadlock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import (
    adjustments,
    books,
    capital,
    cycles,
    desks,
    fates,
    fills,
    footing,
    log,
    order_rows,
    orders,
    portfolio,
    shadow,
    sleeves,
    strategies,
    strategy_breakers,
    strategy_changes,
)
from adapters.postgres.engine import consistent, transaction
from trading.adjustments import Adjustment
from trading.audit import Books
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.costs import Costs
from trading.events import Event
from trading.fates import Fate
from trading.footing import Footing
from trading.limits import Limits
from trading.market import Quote
from trading.memory import Setup
from trading.orders import Fill, Order, OrderState
from trading.portfolio import Portfolio
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending
from trading.shadow import ShadowTrade
from trading.shadow_scoring import ShadowLook
from trading.shared_reads import SharedReads
from trading.strategy import ChangeRefused, Strategy, StrategyChange


class PostgresLedger:
    """The port `Ledger`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._books = SharedReads(self._read_books)

    async def open_desk(self, opened: Event, *, cash: Event) -> None:
        """Make a desk's rows and its opening deposit, unless they are there."""
        async with transaction(self._engine) as connection:
            await desks.open_desk(connection, opened, cash)

    async def knows(self, desk_id: str) -> bool:
        """Whether the desk has books."""
        async with transaction(self._engine) as connection:
            return await desks.is_open(connection, desk_id)

    async def record(self, events: Sequence[Event]) -> None:
        """Append events of one desk in one insert, each once. Raises BooksDisagree on an id with other content."""
        async with transaction(self._engine) as connection:
            await log.append(connection, events)

    async def end_cycle(self, ended: Event) -> None:
        """Say for a cycle that it has ended, unless it has said so itself."""
        async with transaction(self._engine) as connection:
            await cycles.end_cycle(connection, ended)

    async def looked_at(self, desk_id: str, strategy_id: str) -> datetime | None:
        """The moment of the market that the newest cycle of one of its strategies has looked at."""
        async with transaction(self._engine) as connection:
            return await cycles.looked_at(connection, desk_id, strategy_id)

    async def portfolio(self, desk_id: str) -> Portfolio:
        """Cash, what is held with its marks, open orders and the trading state, in one statement."""
        async with transaction(self._engine) as connection:
            return await portfolio.read_portfolio(connection, desk_id)

    async def mark(self, desk_id: str, quotes: Mapping[str, Quote], marked_at: datetime) -> Portfolio:
        """Value held positions, keep the equity mark and the peak."""
        async with transaction(self._engine) as connection:
            return await portfolio.mark_positions(connection, desk_id, quotes, marked_at)

    async def strategies(self, desk_id: str) -> tuple[Strategy, ...]:
        """A desk's strategies, by name."""
        async with transaction(self._engine) as connection:
            return await strategies.read_strategies(connection, desk_id)

    async def strategy(self, desk_id: str, strategy_id: str) -> Strategy | None:
        """One of them; None when the desk has none of that name."""
        async with transaction(self._engine) as connection:
            return await strategies.read_strategy(connection, desk_id, strategy_id)

    async def footing(self, desk_id: str, strategy_id: str) -> Footing:
        """A strategy with its breaker's state and its part of the books, at one instant."""
        async with transaction(consistent(self._engine)) as connection:
            return await footing.read_footing(connection, desk_id, strategy_id)

    async def change_strategy(self, change: StrategyChange, limits: Limits) -> Strategy | ChangeRefused:
        """Add, change or remove a strategy with its event, or say why not."""
        async with transaction(self._engine) as connection:
            return await strategy_changes.change_strategy(connection, change, limits)

    async def change_strategies(
        self, changes: Sequence[StrategyChange], limits: Limits
    ) -> tuple[Strategy, ...] | ChangeRefused:
        """Make changes of one desk together, each with its event, or none and say why not."""
        async with transaction(self._engine) as connection:
            return await strategy_changes.change_strategies(connection, changes, limits)

    async def fund(self, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
        """Bring a strategy's part to its allocation; its part of the books."""
        async with transaction(self._engine) as connection:
            return await sleeves.fund(connection, desk_id, strategy_id, at)

    async def part(self, desk_id: str, strategy_id: str) -> Portfolio | None:
        """What a strategy has of a desk, for a person to see; None when it has no account and is none of the desk's."""
        async with transaction(self._engine) as connection:
            return await sleeves.read_part(connection, desk_id, strategy_id)

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Check and write an order in one transaction. Raises BooksDisagree on an id with other terms."""
        async with transaction(self._engine) as connection:
            return await orders.intend_order(connection, asked)

    async def order(self, client_order_id: str) -> Order | None:
        """One order as the books know it."""
        async with transaction(self._engine) as connection:
            known = await order_rows.find_order(connection, client_order_id)
        return None if known is None else known.order

    async def clear(self, sending: Sending, at: datetime) -> Clearance:
        """Check the trading state before the wire and write that the order is on its way."""
        async with transaction(self._engine) as connection:
            return await orders.clear_order(connection, sending, at)

    async def advance(self, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event) -> Order:
        """Move an order along its life. Raises IllegalTransition, and BooksDisagree on an unknown order."""
        async with transaction(self._engine) as connection:
            return await orders.move_order(connection, client_order_id, state, broker, event)

    async def adopt(self, order: Order, event: Event) -> None:
        """Enter a protective order that the broker holds for a filled entry."""
        async with transaction(self._engine) as connection:
            await orders.adopt_order(connection, order, event)

    async def apply_fill(self, fill: Fill, executed: Event) -> Order:
        """Book a fill once. Raises BooksDisagree on an id with other content, and on a fill of no order of ours."""
        async with transaction(self._engine) as connection:
            return await fills.book_fill(connection, fill, executed)

    async def adjust(self, adjustment: Adjustment, event: Event) -> None:
        """Book a split or an adoption once. Raises BooksDisagree on an id with other content."""
        async with transaction(self._engine) as connection:
            await adjustments.adjust(connection, adjustment, event)

    async def change_capital(self, changed: Event) -> None:
        """Book cash that came or went without a trade once. Raises BooksDisagree on an id with other content."""
        async with transaction(self._engine) as connection:
            await capital.change_capital(connection, changed)

    async def change_state(self, change: StateChange) -> CircuitBreaker:
        """Make the trading state stricter, so that every later intent sees it."""
        async with transaction(self._engine) as connection:
            return await desks.change_state(connection, change)

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        """Hold the circuit breaker's rules against the books."""
        async with transaction(self._engine) as connection:
            return await desks.judge(connection, look)

    async def resume(self, asked: Resumption) -> CircuitBreaker | Refused:
        """Let the desk, or one strategy, go on, on a person's word, or say why not."""
        async with transaction(self._engine) as connection:
            return await desks.resume(connection, asked)

    async def restrain(self, change: StateChange) -> CircuitBreaker | Refused:
        """Make the state of one strategy stricter, so that every later intent of it sees it."""
        async with transaction(self._engine) as connection:
            return await strategy_breakers.restrain(connection, change)

    async def strategy_breakers(self, desk_id: str) -> tuple[StrategyBreaker, ...]:
        """The circuit breakers of a desk's strategies, by name."""
        async with transaction(self._engine) as connection:
            return await strategy_breakers.read_strategy_breakers(connection, desk_id)

    async def breaker(self, desk_id: str) -> CircuitBreaker:
        """The trading state with its reason."""
        async with transaction(self._engine) as connection:
            return await desks.read_breaker(connection, desk_id)

    async def shadow_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """The shadow trades that are still open."""
        async with transaction(self._engine) as connection:
            return await shadow.open_trades(connection, desk_id)

    async def decide_in_shadow(
        self, draft: ShadowTrade, costs: Costs, trace_id: str, *, only_thinks: bool = False
    ) -> tuple[ShadowTrade, ...]:
        """Do once what a decision of a shadow cycle asks for."""
        async with transaction(self._engine) as connection:
            return await shadow.decide(connection, draft, costs, shadow.Thought(trace_id, only_thinks))

    async def score_shadow(self, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
        """Hold every open shadow trade against the prices of a look; what is still open then."""
        async with transaction(self._engine) as connection:
            return await shadow.score_open(connection, look, costs)

    async def fates(self, desk_id: str, setups: Sequence[Setup]) -> Mapping[str, Fate]:
        """What became of setups, by the memory's name."""
        async with transaction(self._engine) as connection:
            return await fates.read_fates(connection, desk_id, setups)

    async def books(self, desk_id: str) -> Books:
        """Everything the audit looks at, read at one instant; by many at once it is read together."""
        return await self._books.of(desk_id)

    async def _read_books(self, desk_id: str) -> Books:
        async with transaction(consistent(self._engine)) as connection:
            return await books.read_books(connection, desk_id)
