"""The books of one desk: cash, positions and what they are worth. A pure function of fills and capital events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from trading.breaker import TradingState
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.money import ZERO, DeskId, Dollars, Identifier, Price, Record, SignedQuantity, cents
from trading.orders import PROTECTIVE, Fill, Order, effective


class CapitalKind(StrEnum):
    """Why cash changed without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    FEE = "fee"
    INTEREST = "interest"
    ADJUSTMENT = "adjustment"


class CapitalEvent(Record):
    """Cash that came or went without a trade; `amount` in dollars, negative when it left."""

    capital_event_id: Identifier
    desk_id: DeskId
    kind: CapitalKind
    amount: Dollars
    occurred_at: AwareDatetime


class Position(Record):
    """Shares held in one symbol.

    `cost_basis` is what the shares held cost, commission included, in dollars and with the sign of `quantity`
    (average cost); `realised_pnl` what closing sales have earned since the symbol was first traded; `mark` the last
    known price.
    """

    symbol: Symbol
    quantity: SignedQuantity = ZERO
    cost_basis: Dollars = ZERO
    realised_pnl: Dollars = ZERO
    mark: Price
    sector: str = UNKNOWN_SECTOR

    @property
    def value(self) -> Decimal:
        """Dollars at the mark, negative when short."""
        return cents(self.quantity * self.mark)


class Portfolio(Record):
    """One desk's books at a moment, with the orders that may still change them; `marked_at`: when last valued."""

    desk_id: DeskId
    trading_state: TradingState = TradingState.ACTIVE
    cash: Dollars
    peak_equity: Dollars = ZERO
    marked_at: AwareDatetime | None = None
    positions: tuple[Position, ...] = ()
    open_orders: tuple[Order, ...] = ()

    @property
    def equity(self) -> Decimal:
        """Cash plus marked positions, in dollars."""
        return self.cash + sum((position.value for position in self.positions), ZERO)

    def held(self, symbol: str) -> Decimal:
        """Signed shares held in one symbol."""
        return sum((p.quantity for p in self.positions if p.symbol == symbol), ZERO)

    def sellable(self, symbol: str) -> Decimal:
        """Shares held that no open exit is already selling. Protective orders do not count: they yield to an exit."""
        leaving = sum(
            (
                order.leaves
                for order in self.open_orders
                if order.request.symbol == symbol
                and order.request.side is Side.SELL
                and order.request.leg not in PROTECTIVE
            ),
            ZERO,
        )
        return max(self.held(symbol) - leaving, ZERO)


def book_fill(position: Position, fill: Fill) -> Position:
    """The position after one more fill: opening adds cost, closing realises the average cost of what it closes."""
    change = fill.signed_quantity
    held = position.quantity
    opening = held == 0 or (held > 0) == (change > 0)
    if opening:
        return position.model_copy(
            update={
                "quantity": held + change,
                "cost_basis": position.cost_basis - fill.cash_change,
                "mark": fill.price,
            }
        )
    closed = min(abs(change), abs(held))
    released = position.cost_basis if closed == abs(held) else cents(position.cost_basis * closed / abs(held))
    # A fill that crosses zero closes the old position and opens the rest at its own price.
    closing_cash = fill.cash_change if closed == abs(change) else cents(fill.cash_change * closed / abs(change))
    return position.model_copy(
        update={
            "quantity": held + change,
            "cost_basis": position.cost_basis - released - (fill.cash_change - closing_cash),
            "realised_pnl": position.realised_pnl + closing_cash - released,
            "mark": fill.price,
        }
    )


def positions_of(fills: Iterable[Fill]) -> dict[str, Position]:
    """Every position that these fills make, in whatever order they arrived."""
    positions: dict[str, Position] = {}
    for fill in effective(fills):
        before = positions.get(fill.symbol) or Position(symbol=fill.symbol, mark=fill.price)
        positions[fill.symbol] = book_fill(before, fill)
    return positions


def cash_of(capital: Iterable[CapitalEvent], fills: Iterable[Fill]) -> Decimal:
    """Dollars of cash: what was paid in and out, plus what the fills brought and took."""
    return sum((event.amount for event in capital), ZERO) + sum((fill.cash_change for fill in effective(fills)), ZERO)


def postings(fill: Fill) -> dict[str, Decimal]:
    """A fill in double entry, dollars by account; they sum to zero."""
    bought = fill.notional if fill.side is Side.BUY else -fill.notional
    return {"cash": fill.cash_change, f"shares:{fill.symbol}": bought, "commission": fill.commission}


def drawdown(equity: Decimal, peak: Decimal) -> Decimal:
    """The fraction lost since the peak of equity, 0 to 1 (above 1 when equity is negative)."""
    return (peak - equity) / peak if peak > 0 and equity < peak else ZERO


def sector_values(portfolio: Portfolio) -> dict[str, Decimal]:
    """Dollars held by sector."""
    values: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for position in portfolio.positions:
        values[position.sector] += position.value
    return dict(values)
