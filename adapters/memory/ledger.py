"""The books of desks in this process's memory: what `PostgresLedger` keeps in tables, by the same rules.

Each call is whole before the next begins, for it waits for nothing: one event loop is the only lock. What it refuses it
refuses before it changes anything. `now` is the clock of whoever writes: what a database's own clock says of when an
order was entered, the time of the bar says here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from trading.adjustments import Adjustment
from trading.audit import Books
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.costs import Costs
from trading.events import Event
from trading.footing import Footing
from trading.limits import Limits
from trading.market import Quote
from trading.orders import Fill, Order, OrderState
from trading.portfolio import Portfolio
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending
from trading.shadow import ShadowTrade
from trading.shadow_scoring import ShadowLook
from trading.strategy import ChangeRefused, Strategy, StrategyChange


class MemoryLedger:
    """The port `Ledger`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def open_desk(self, opened: Event, *, cash: Event) -> None:
        """Make a desk's rows and its opening deposit, unless they are there."""
        raise NotImplementedError

    async def knows(self, desk_id: str) -> bool:
        """Whether the desk has books."""
        raise NotImplementedError

    async def record(self, events: Sequence[Event]) -> None:
        """Append events of one desk in one insert, each once. Raises BooksDisagree on an id with other content."""
        raise NotImplementedError

    async def end_cycle(self, ended: Event) -> None:
        """Say for a cycle that it has ended, unless it has said so itself."""
        raise NotImplementedError

    async def looked_at(self, desk_id: str, strategy_id: str) -> datetime | None:
        """The moment of the market that the newest cycle of one of its strategies has looked at."""
        raise NotImplementedError

    async def portfolio(self, desk_id: str) -> Portfolio:
        """Cash, what is held with its marks, open orders and the trading state, in one statement."""
        raise NotImplementedError

    async def mark(self, desk_id: str, quotes: Mapping[str, Quote], marked_at: datetime) -> Portfolio:
        """Value held positions, keep the equity mark and the peak."""
        raise NotImplementedError

    async def strategies(self, desk_id: str) -> tuple[Strategy, ...]:
        """A desk's strategies, by name."""
        raise NotImplementedError

    async def strategy(self, desk_id: str, strategy_id: str) -> Strategy | None:
        """One of them; None when the desk has none of that name."""
        raise NotImplementedError

    async def footing(self, desk_id: str, strategy_id: str) -> Footing:
        """A strategy with its breaker's state and its part of the books, at one instant."""
        raise NotImplementedError

    async def change_strategy(self, change: StrategyChange, limits: Limits) -> Strategy | ChangeRefused:
        """Add, change or remove a strategy with its event, or say why not."""
        raise NotImplementedError

    async def change_strategies(
        self, changes: Sequence[StrategyChange], limits: Limits
    ) -> tuple[Strategy, ...] | ChangeRefused:
        """Make changes of one desk together, each with its event, or none and say why not."""
        raise NotImplementedError

    async def fund(self, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
        """Bring a strategy's part to its allocation; its part of the books."""
        raise NotImplementedError

    async def part(self, desk_id: str, strategy_id: str) -> Portfolio | None:
        """What a strategy has of a desk, for a person to see; None when it has no account and is none of the desk's."""
        raise NotImplementedError

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Check and write an order in one transaction. Raises BooksDisagree on an id with other terms."""
        raise NotImplementedError

    async def order(self, client_order_id: str) -> Order | None:
        """One order as the books know it."""
        raise NotImplementedError

    async def clear(self, sending: Sending, at: datetime) -> Clearance:
        """Check the trading state before the wire and write that the order is on its way."""
        raise NotImplementedError

    async def advance(self, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event) -> Order:
        """Move an order along its life. Raises IllegalTransition, and BooksDisagree on an unknown order."""
        raise NotImplementedError

    async def adopt(self, order: Order, event: Event) -> None:
        """Enter a protective order that the broker holds for a filled entry."""
        raise NotImplementedError

    async def apply_fill(self, fill: Fill, executed: Event) -> Order:
        """Book a fill once. Raises BooksDisagree on an id with other content, and on a fill of no order of ours."""
        raise NotImplementedError

    async def adjust(self, adjustment: Adjustment, event: Event) -> None:
        """Book a split or an adoption once. Raises BooksDisagree on an id with other content."""
        raise NotImplementedError

    async def change_capital(self, changed: Event) -> None:
        """Book cash that came or went without a trade once. Raises BooksDisagree on an id with other content."""
        raise NotImplementedError

    async def change_state(self, change: StateChange) -> CircuitBreaker:
        """Make the trading state stricter, so that every later intent sees it."""
        raise NotImplementedError

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        """Hold the circuit breaker's rules against the books."""
        raise NotImplementedError

    async def resume(self, asked: Resumption) -> CircuitBreaker | Refused:
        """Let the desk, or one strategy, go on, on a person's word, or say why not."""
        raise NotImplementedError

    async def restrain(self, change: StateChange) -> CircuitBreaker | Refused:
        """Make the state of one strategy stricter, so that every later intent of it sees it."""
        raise NotImplementedError

    async def strategy_breakers(self, desk_id: str) -> tuple[StrategyBreaker, ...]:
        """The circuit breakers of a desk's strategies, by name."""
        raise NotImplementedError

    async def breaker(self, desk_id: str) -> CircuitBreaker:
        """The trading state with its reason."""
        raise NotImplementedError

    async def shadow_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """The shadow trades that are still open."""
        raise NotImplementedError

    async def decide_in_shadow(
        self, draft: ShadowTrade, costs: Costs, trace_id: str, *, only_thinks: bool = False
    ) -> tuple[ShadowTrade, ...]:
        """Do once what a decision of a shadow cycle asks for."""
        raise NotImplementedError

    async def score_shadow(self, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
        """Hold every open shadow trade against the prices of a look; what is still open then."""
        raise NotImplementedError

    async def books(self, desk_id: str) -> Books:
        """Everything the audit looks at, read at one instant; by many at once it is read together."""
        raise NotImplementedError

    def held(self, desk_id: str) -> Mapping[str, frozenset[str]]:
        """The symbols that each strategy of a desk holds; of one that holds nothing, nothing."""
        raise NotImplementedError
