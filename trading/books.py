"""A desk's whole books at one instant, and what an audit finds wrong with them."""

from __future__ import annotations

from pydantic import Field

from trading.adjustments import Adjustment
from trading.breaker import CircuitBreaker, StrategyBreaker
from trading.events import GENESIS, StoredEvent
from trading.funding import Account, SubPosition
from trading.money import ZERO, DeskId, Dollars, Record
from trading.orders import Fill, Order
from trading.portfolio import CapitalEvent, Portfolio
from trading.shadow import ShadowTrade
from trading.sleeves import Allocation
from trading.strategy import Strategy, first_strategy
from trading.trades import Trade


class Books(Record):
    """Everything the audit looks at, as it lies in the ledger at one instant; events in the order of their sequence.

    `equity` in dollars is what the ledger states, `most_equity` the greatest it was marked at since money was last
    paid in or taken out; `unreadable` names the events that are none.
    """

    desk_id: DeskId
    portfolio: Portfolio
    equity: Dollars = ZERO
    most_equity: Dollars = ZERO
    capital: tuple[CapitalEvent, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    trades: tuple[Trade, ...] = ()
    strategies: tuple[Strategy, ...] = Field(default_factory=lambda: (first_strategy(),))
    sub_positions: tuple[SubPosition, ...] = ()
    accounts: tuple[Account, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    shadows: tuple[ShadowTrade, ...] = ()
    events: tuple[StoredEvent, ...] = ()
    unreadable: tuple[str, ...] = ()
    event_count: int = 0
    breaker: CircuitBreaker = CircuitBreaker()
    strategy_breakers: tuple[StrategyBreaker, ...] = ()
    event_head: str = GENESIS


GRAVE = frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I13", "I17", "A1"})
"""Invariants of which a broken one means that money may move wrongly. The others are told, not acted on."""


class Finding(Record):
    """One broken invariant: its number, what it is about and what was seen."""

    invariant: str
    about: str
    found: str
