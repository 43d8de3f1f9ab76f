"""One desk's books in memory: what a database would keep in rows, kept up with each happening."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from adapters.memory.log import Log, Place
from adapters.memory.marks import Marks
from adapters.memory.recent import Lately
from adapters.memory.rounding import cents_of
from adapters.memory.shadows import Shadows
from adapters.memory.symbols import SymbolBook
from trading.adjustments import Adjustment
from trading.breaker import CircuitBreaker, StrategyBreaker
from trading.breaker_facts import Closing, EquityMark
from trading.errors import BooksDisagree
from trading.events import Event, EventType
from trading.footing import Footing
from trading.funding import Account, SubPosition, equities
from trading.intending import KnownOrder
from trading.money import ZERO
from trading.orders import Fill, Order
from trading.portfolio import CapitalEvent, Portfolio, Position
from trading.sleeves import Allocation
from trading.strategy import Strategy
from trading.trades import Trade
from trading.transfers import DividedDesk


@dataclass
class Store:
    """The books of all desks: what is named is named once among all of them."""

    now: Callable[[], datetime]
    desks: dict[str, Desk] = field(default_factory=dict)
    written: dict[str, Place] = field(default_factory=dict)
    orders: dict[str, KnownOrder] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    fills_of: dict[str, list[Fill]] = field(default_factory=lambda: defaultdict(list))
    taken_back_by: dict[str, list[Fill]] = field(default_factory=lambda: defaultdict(list))
    capital: dict[str, CapitalEvent] = field(default_factory=dict)
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    shadows: Shadows = field(default_factory=Shadows)

    def desk(self, desk_id: str) -> Desk:
        """One desk. Raises BooksDisagree when there is none of that name."""
        desk = self.desks.get(desk_id)
        if desk is None:
            raise BooksDisagree(f"the books know no desk {desk_id}")
        return desk

    def order(self, client_order_id: str) -> KnownOrder:
        """One order that must be there."""
        known = self.orders.get(client_order_id)
        if known is None:
            raise BooksDisagree(f"the books know no order {client_order_id}")
        return known


@dataclass
class Desk:
    """One desk. `brought` is what each strategy's shares brought in cash, `allocated` what was transferred to it."""

    desk_id: str
    store: Store
    log: Log
    cash: Decimal
    equity: Decimal
    peak_equity: Decimal
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    marked_at: datetime | None = None
    flow_count: int = 0
    marks: Marks = field(default_factory=Marks)
    symbols: dict[str, SymbolBook] = field(default_factory=dict)
    orders: dict[str, KnownOrder] = field(default_factory=dict)
    open_orders: dict[str, Order] = field(default_factory=dict)
    lately: Lately = field(default_factory=Lately)
    fills: list[Fill] = field(default_factory=list)
    capital: list[CapitalEvent] = field(default_factory=list)
    flows: list[Decimal] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    strategies: dict[str, Strategy] = field(default_factory=dict)
    breakers: dict[str, CircuitBreaker] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    allocations: list[Allocation] = field(default_factory=list)
    brought: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    allocated: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    strategy_marks: dict[str, Marks] = field(default_factory=lambda: defaultdict(Marks))
    closings: dict[str, Closing] = field(default_factory=dict)
    _portfolio: Portfolio | None = None
    _parts: tuple[SubPosition, ...] | None = None

    @property
    def now(self) -> datetime:
        """The clock of whoever writes."""
        return self.store.now()

    def append(self, *events: Event) -> None:
        """Write events into the log."""
        self.log.append(events, self.now)

    def touch(self) -> None:
        """Something of the portfolio is another."""
        self._portfolio = None

    def portfolio(self) -> Portfolio:
        """Cash, what is held with its marks, open orders and the trading state."""
        if self._portfolio is None:
            shown = (self.symbols[symbol].shown for symbol in sorted(self.symbols))
            self._portfolio = self._with(one for one in shown if one is not None)
        return self._portfolio

    def flat_portfolio(self) -> Portfolio:
        """With positions that are closed, and all lots."""
        kept = (self.symbols[symbol].position for symbol in sorted(self.symbols))
        return self._with(one for one in kept if one is not None)

    def divided(self) -> DividedDesk:
        """As it is divided among its strategies."""
        return DividedDesk(
            portfolio=self.portfolio(),
            strategies=self.strategies,
            accounts=dict(sorted(self.accounts.items())),
            parts=self.parts(),
            transfers=self.transfers(),
        )

    def footing(self, strategy_id: str) -> Footing:
        """A strategy with its breaker's state and its part of the books."""
        strategy, part = self.strategies.get(strategy_id), self.divided().part(strategy_id)
        if strategy is None:
            return Footing(strategy_id=strategy_id, part=part)
        return Footing(strategy_id=strategy_id, strategy=strategy, state=self.breakers[strategy_id].state, part=part)

    def parts(self) -> tuple[SubPosition, ...]:
        """Every part of every symbol."""
        if self._parts is None:
            books = (self.symbols[symbol] for symbol in sorted(self.symbols))
            self._parts = tuple(book.parts[name] for book in books for name in sorted(book.parts))
        return self._parts

    def transfers(self) -> Mapping[str, int]:
        """How many transfers each strategy has had."""
        counts: dict[str, int] = defaultdict(int)
        for one in self.allocations:
            counts[one.strategy_id] += 1
        return counts

    def strategy_breakers(self) -> tuple[StrategyBreaker, ...]:
        """Those of all strategies, by name."""
        return tuple(
            StrategyBreaker(strategy_id=name, enabled=self.strategies[name].enabled, breaker=self.breakers[name])
            for name in sorted(self.strategies)
        )

    def save_order(self, known: KnownOrder) -> None:
        """Write an order as it is now."""
        name = known.order.request.client_order_id
        self.orders[name] = self.store.orders[name] = known
        if known.order.is_open:
            self.open_orders[name] = known.order
        else:
            self.open_orders.pop(name, None)
        self.touch()

    def settle_accounts(self, names: Iterable[str]) -> None:
        """Set the cash of accounts to what transfers and parts make."""
        self._parts = None
        for name in names:
            account = self.accounts.get(name) or Account(strategy_id=name, peak_equity=cents_of(ZERO))
            cash = cents_of(self.brought.get(name, ZERO) + self.allocated.get(name, ZERO))
            self.accounts[name] = account.model_copy(update={"cash": cash})

    def forget_accounts(self) -> None:
        """Have no account of who has no part, had no transfer and was never funded: a fill was taken back."""
        kept = {name for book in self.symbols.values() for name in book.parts} | self.allocated.keys()
        for name in [one for one, account in self.accounts.items() if account.funded_for is None and one not in kept]:
            del self.accounts[name]

    def mark_accounts(self, worth: Mapping[str, Decimal], at: datetime) -> None:
        """Keep what strategies with an account are worth, and raise the peaks; an older mark stays."""
        for name, equity in worth.items():
            account = self.accounts.get(name)
            if account is not None:
                mark = EquityMark(marked_at=at, equity=cents_of(equity), flow_count=account.flow_count)
                self.strategy_marks[name].keep(mark)
                peak = max(account.peak_equity, mark.equity)
                self.accounts[name] = account.model_copy(update={"peak_equity": peak})

    def mark_all(self, at: datetime) -> None:
        """Keep what the desk and its strategies are worth at the marks of now."""
        portfolio = self.portfolio()
        self.equity = portfolio.equity
        self.peak_equity = max(self.peak_equity, self.equity)
        self.marked_at = at if self.marked_at is None else max(self.marked_at, at)
        self.marks.keep(EquityMark(marked_at=at, equity=self.equity, flow_count=self.flow_count))
        self.touch()
        if self.accounts:
            accounts = dict(sorted(self.accounts.items()))
            self.mark_accounts(equities(accounts, self.parts(), portfolio.positions), at)

    def revalue(self) -> None:
        """Set the equity to what cash and marks make; its peak is only kept at marks."""
        self.touch()
        self.equity = self.portfolio().equity

    def close_trades(self, trades: Iterable[Trade]) -> None:
        """Look where in the log trades were closed: where the last fill of the order that closed them was told.

        `closings` stays in that order; those that one order closed come by their names.
        """
        for trade in sorted(trades, key=lambda one: one.trade_id):
            self.closings.pop(trade.trade_id, None)
            fills = self.store.fills_of.get(trade.exit_order_id or "", ())
            places = [self.store.written.get(f"{fill.fill_id}/{EventType.TRADE_EXECUTED}") for fill in fills]
            numbers = [place.sequence for place in places if place is not None]
            if numbers:
                self.closings[trade.trade_id] = Closing(max(numbers), trade.realised_pnl)

    def sort_closings(self) -> None:
        """Bring those into their order that were counted anew."""
        self.closings = dict(sorted(self.closings.items(), key=lambda one: (one[1].sequence, one[0])))

    def _with(self, positions: Iterable[Position]) -> Portfolio:
        return Portfolio(
            desk_id=self.desk_id,
            trading_state=self.breaker.state,
            cash=self.cash,
            peak_equity=self.peak_equity,
            marked_at=self.marked_at,
            positions=tuple(positions),
            open_orders=tuple(self.open_orders[name] for name in sorted(self.open_orders)),
        )
