"""The books of desks in this process's memory: what `PostgresLedger` keeps in tables, by the same rules.

Each call is whole before the next begins, for it waits for nothing: one event loop is the only lock. What it refuses it
refuses before it changes anything. `now` is the clock of whoever writes: what a database's own clock says of when an
order was entered, the time of the bar says here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from adapters.memory import breakers, fates, fills, orders, sleeves, strategies, thinking
from adapters.memory.books import read_books
from adapters.memory.desk import Store
from adapters.memory.opening import open_desk
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
from trading.strategy import ChangeRefused, Strategy, StrategyChange


class MemoryLedger:
    """The port `Ledger`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._store = Store(now)

    async def open_desk(self, opened: Event, *, cash: Event) -> None:
        """Make a desk's rows and its opening deposit, unless they are there."""
        if opened.desk_id not in self._store.desks:
            open_desk(self._store, opened, cash)

    async def knows(self, desk_id: str) -> bool:
        """Whether the desk has books."""
        return desk_id in self._store.desks

    async def record(self, events: Sequence[Event]) -> None:
        """Append events of one desk in one insert, each once. Raises BooksDisagree on an id with other content."""
        if events:
            self._store.desk(events[0].desk_id).log.append(events, self._store.now())

    async def end_cycle(self, ended: Event) -> None:
        """Say for a cycle that it has ended, unless it has said so itself."""
        desk = self._store.desk(ended.desk_id)
        if ended.aggregate_id not in desk.log.cycles.ended:
            desk.append(ended)

    async def looked_at(self, desk_id: str, strategy_id: str) -> datetime | None:
        """The moment of the market that the newest cycle of one of its strategies has looked at."""
        desk = self._store.desks.get(desk_id)
        seen = None if desk is None else desk.log.cycles.newest.get(strategy_id)
        return None if seen is None or seen.as_of is None else datetime.fromisoformat(seen.as_of)

    async def portfolio(self, desk_id: str) -> Portfolio:
        """Cash, what is held with its marks, open orders and the trading state, in one statement."""
        return self._store.desk(desk_id).portfolio()

    async def mark(self, desk_id: str, quotes: Mapping[str, Quote], marked_at: datetime) -> Portfolio:
        """Value held positions, keep the equity mark and the peak."""
        desk = self._store.desk(desk_id)
        for symbol, quote in quotes.items():
            if symbol in desk.symbols and desk.symbols[symbol].quote(quote.mark, marked_at):
                desk.touch()
        desk.mark_all(marked_at)
        return desk.portfolio()

    async def strategies(self, desk_id: str) -> tuple[Strategy, ...]:
        """A desk's strategies, by name."""
        desk = self._store.desks.get(desk_id)
        return () if desk is None else tuple(desk.strategies[name] for name in sorted(desk.strategies))

    async def strategy(self, desk_id: str, strategy_id: str) -> Strategy | None:
        """One of them; None when the desk has none of that name."""
        desk = self._store.desks.get(desk_id)
        return None if desk is None else desk.strategies.get(strategy_id)

    async def footing(self, desk_id: str, strategy_id: str) -> Footing:
        """A strategy with its breaker's state and its part of the books, at one instant."""
        return self._store.desk(desk_id).footing(strategy_id)

    async def change_strategy(self, change: StrategyChange, limits: Limits) -> Strategy | ChangeRefused:
        """Add, change or remove a strategy with its event, or say why not."""
        changed = await self.change_strategies((change,), limits)
        return changed if isinstance(changed, ChangeRefused) else changed[0]

    async def change_strategies(
        self, changes: Sequence[StrategyChange], limits: Limits
    ) -> tuple[Strategy, ...] | ChangeRefused:
        """Make changes of one desk together, each with its event, or none and say why not."""
        return strategies.change_strategies(self._store, changes, limits)

    async def fund(self, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
        """Bring a strategy's part to its allocation; its part of the books."""
        return sleeves.fund(self._store.desk(desk_id), strategy_id, at)

    async def part(self, desk_id: str, strategy_id: str) -> Portfolio | None:
        """What a strategy has of a desk, for a person to see; None when it has no account and is none of the desk's."""
        return self._store.desk(desk_id).divided().part(strategy_id)

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Check and write an order in one transaction. Raises BooksDisagree on an id with other terms."""
        return orders.intend_order(self._store, asked)

    async def order(self, client_order_id: str) -> Order | None:
        """One order as the books know it."""
        known = self._store.orders.get(client_order_id)
        return None if known is None else known.order

    async def clear(self, sending: Sending, at: datetime) -> Clearance:
        """Check the trading state before the wire and write that the order is on its way."""
        return orders.clear_order(self._store, sending, at)

    async def advance(self, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event) -> Order:
        """Move an order along its life. Raises IllegalTransition, and BooksDisagree on an unknown order."""
        return orders.move_order(self._store, client_order_id, state, broker, event)

    async def adopt(self, order: Order, event: Event) -> None:
        """Enter a protective order that the broker holds for a filled entry."""
        orders.adopt_order(self._store, order, event)

    async def apply_fill(self, fill: Fill, executed: Event) -> Order:
        """Book a fill once. Raises BooksDisagree on an id with other content, and on a fill of no order of ours."""
        return fills.book_fill(self._store, fill, executed)

    async def adjust(self, adjustment: Adjustment, event: Event) -> None:
        """Book a split or an adoption once. Raises BooksDisagree on an id with other content."""
        fills.adjust(self._store, adjustment, event)

    async def change_capital(self, changed: Event) -> None:
        """Book cash that came or went without a trade once. Raises BooksDisagree on an id with other content."""
        fills.change_capital(self._store, changed)

    async def change_state(self, change: StateChange) -> CircuitBreaker:
        """Make the trading state stricter, so that every later intent sees it."""
        return breakers.change_state(self._store.desk(change.desk_id), change)

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        """Hold the circuit breaker's rules against the books."""
        return breakers.judge(self._store.desk(look.desk_id), look)

    async def resume(self, asked: Resumption) -> CircuitBreaker | Refused:
        """Let the desk, or one strategy, go on, on a person's word, or say why not."""
        return breakers.resume(self._store.desk(asked.desk_id), asked)

    async def restrain(self, change: StateChange) -> CircuitBreaker | Refused:
        """Make the state of one strategy stricter, so that every later intent of it sees it."""
        return breakers.restrain(self._store.desk(change.desk_id), change)

    async def strategy_breakers(self, desk_id: str) -> tuple[StrategyBreaker, ...]:
        """The circuit breakers of a desk's strategies, by name."""
        desk = self._store.desks.get(desk_id)
        return () if desk is None else desk.strategy_breakers()

    async def breaker(self, desk_id: str) -> CircuitBreaker:
        """The trading state with its reason."""
        return self._store.desk(desk_id).breaker

    async def shadow_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """The shadow trades that are still open."""
        return self._store.shadows.open_trades(desk_id)

    async def decide_in_shadow(
        self, draft: ShadowTrade, costs: Costs, trace_id: str, *, only_thinks: bool = False
    ) -> tuple[ShadowTrade, ...]:
        """Do once what a decision of a shadow cycle asks for."""
        return thinking.decide(self._store, draft, costs, trace_id, only_thinks=only_thinks)

    async def score_shadow(self, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
        """Hold every open shadow trade against the prices of a look; what is still open then."""
        return thinking.score_open(self._store, look, costs)

    async def fates(self, desk_id: str, setups: Sequence[Setup]) -> Mapping[str, Fate]:
        """What became of setups, by the memory's name."""
        return {one.memory_id: fates.fate(self._store, one) for one in setups if one.desk_id == desk_id}

    async def books(self, desk_id: str) -> Books:
        """Everything the audit looks at, read at one instant; by many at once it is read together."""
        return read_books(self._store, desk_id)

    def tells(self, event_id: str) -> bool:
        """Whether an event of that id is in a log, whatever it says."""
        return event_id in self._store.written

    def held(self, desk_id: str) -> Mapping[str, frozenset[str]]:
        """The symbols that each strategy of a desk holds; of one that holds nothing, nothing."""
        found: dict[str, set[str]] = defaultdict(set)
        desk = self._store.desks.get(desk_id)
        for book in () if desk is None else desk.symbols.values():
            for name in book.open_trades:
                found[name].add(book.symbol)
        return {name: frozenset(symbols) for name, symbols in found.items()}
