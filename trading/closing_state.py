"""The books as they were at a session's bell, whoever reads them later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.adjustments import Adjustment, in_force, price_through
from trading.closing import Benchmark, DailyClose, Due, Kept, KeptLine, Missing, Tallies
from trading.instruments import Side
from trading.money import ZERO, cents
from trading.orders import Fill, Leg, OrderRequest, effective
from trading.portfolio import CapitalEvent, Position
from trading.sleeves import Allocation, Holding, Told, fold, positions_together
from trading.trades import Trade, trades_by


class History(NamedTuple):
    """What a desk's books hold. `capital` begins with the opening; `counted` tells orders and model calls so far."""

    desk_id: str
    capital: Sequence[CapitalEvent]
    orders: Mapping[str, OrderRequest]
    fills: Sequence[Fill]
    adjustments: Sequence[Adjustment]
    counted: Tallies
    allocations: Sequence[Allocation] = ()


class Seen(NamedTuple):
    """What the market said of the session: its name, a price in dollars of each symbol that is held, or why not."""

    market: str
    prices: Mapping[str, Decimal | Missing]
    benchmark: Benchmark = Benchmark()
    note: str = ""


class Past(NamedTuple):
    """The closes before: all in short, the oldest first, the strategies' likewise, and the last priced one whole."""

    kept: Sequence[Kept] = ()
    base: DailyClose | None = None
    lines: Mapping[str, Sequence[KeptLine]] = {}


class State(NamedTuple):
    """The books at the bell; `holdings` are the positions as they are divided among the strategies."""

    positions: Mapping[str, Position]
    holdings: Mapping[str, Holding]
    trades: Sequence[Trade]
    fills: Sequence[Fill]
    adjustments: Sequence[Adjustment]
    capital: Sequence[CapitalEvent]
    allocations: Sequence[Allocation]

    @property
    def cash(self) -> Decimal:
        """Dollars."""
        paid = sum((one.amount for one in self.capital), ZERO)
        return paid + sum((fill.cash_change for fill in self.fills), ZERO)


def state_of(history: History, due: Due) -> State:
    """The books at the bell."""
    return state_at(history, due.session.closes_at, due.until_at)


def state_at(history: History, bell: datetime, until_at: datetime) -> State:
    """The books at a moment, with what was paid until another.

    A fill of that very moment counts, and so does the opening, whenever it was.
    """
    fills = [fill for fill in history.fills if fill.filled_at <= bell]
    adjusted = [one for one in history.adjustments if one.effective_at <= bell]
    opening, *later = history.capital
    capital = [opening, *(one for one in later if one.occurred_at <= until_at)]
    owners = {name: request.strategy_id for name, request in history.orders.items()}
    folded = fold(Told(fills, adjusted, capital, owners))
    return State(
        positions=positions_together(folded.holdings),
        holdings=folded.holdings,
        trades=tuple(trades_by(folded.steps).values()),
        fills=effective(fills),
        adjustments=in_force(adjusted),
        capital=capital,
        allocations=[one for one in history.allocations if one.allocated_at <= bell],
    )


def costs(history: History, state: State, fills: Iterable[Fill]) -> dict[str, Decimal]:
    """Dollars of commission, slippage and notional of these fills."""
    counted = tuple(fills)
    slippage = (_slippage(fill, history.orders[fill.client_order_id], state.adjustments) for fill in counted)
    return {
        "commission": sum((fill.commission for fill in counted), ZERO),
        "slippage": sum(slippage, ZERO),
        "traded": sum((fill.notional for fill in counted), ZERO),
    }


def unrealised(held: Position) -> Decimal:
    """Dollars that what is held has earned at its mark."""
    return held.value - held.cost_basis


def _slippage(fill: Fill, order: OrderRequest, adjustments: Sequence[Adjustment]) -> Decimal:
    """Dollars that a fill cost against the price of its decision; of a stop or target, against its own price."""
    decided = {Leg.STOP: order.stop_price, Leg.TARGET: order.limit_price}.get(order.leg) or order.mark
    before = [one for one in adjustments if one.effective_at <= fill.filled_at]
    price = price_through(decided, fill.symbol, before, order.as_of)
    worse = fill.price - price if fill.side is Side.BUY else price - fill.price
    return cents(worse * fill.quantity)
