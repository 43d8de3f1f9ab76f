"""The books of one desk: cash, positions and what they are worth. A pure function of fills, adjustments and capital.

Closing shares realise the cost of those that were opened first (FIFO); the average cost is for display.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from pydantic import AwareDatetime, model_validator

from trading.adjustments import Adjustment, in_force, new_price, new_shares, portion
from trading.breaker import TradingState
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.money import (
    SMALL_TICK,
    ZERO,
    DeskId,
    Dollars,
    Identifier,
    Price,
    Record,
    SignedQuantity,
    Text,
    cents,
)
from trading.orders import PROTECTIVE, Fill, Order, effective


class CapitalKind(StrEnum):
    """Why cash changed without a trade. `adjustment` is a person's correction."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    FEE = "fee"
    INTEREST = "interest"
    CASH_IN_LIEU = "cash_in_lieu"
    ADJUSTMENT = "adjustment"


FLOWS = frozenset({CapitalKind.DEPOSIT, CapitalKind.WITHDRAWAL})
"""What the owner pays in or takes out: it is no gain, no loss and no drawdown. All else is the desk's own doing."""


class CapitalEvent(Record):
    """Cash that came or went without a trade; `amount` in dollars, negative when it left.

    `symbol` is whose dividend or fraction it was; `reason` a person's or the broker's words.
    """

    capital_event_id: Identifier
    desk_id: DeskId
    kind: CapitalKind
    amount: Dollars
    occurred_at: AwareDatetime
    symbol: Symbol | None = None
    reason: Text = ""

    @model_validator(mode="after")
    def _one_way(self) -> CapitalEvent:
        coming, going = self.kind is CapitalKind.DEPOSIT, self.kind is CapitalKind.WITHDRAWAL
        if (coming and self.amount < 0) or (going and self.amount > 0):
            message = f"{self.capital_event_id}: a {self.kind} of {self.amount}"
            raise ValueError(message)
        return self


class Lot(Record):
    """Shares that were opened together: signed, and what is left of their cost in dollars, with the same sign."""

    quantity: SignedQuantity
    cost: Dollars
    opened_at: AwareDatetime


class Position(Record):
    """Shares held in one symbol.

    `lots` are those shares, the oldest first; `cost_basis` is what they cost together, commission included, in dollars
    and with the sign of `quantity`; `realised_pnl` what closing has earned since the symbol was first traded; `mark`
    the last known price.
    """

    symbol: Symbol
    quantity: SignedQuantity = ZERO
    cost_basis: Dollars = ZERO
    realised_pnl: Dollars = ZERO
    mark: Price
    sector: str = UNKNOWN_SECTOR
    lots: tuple[Lot, ...] = ()

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


Happening: TypeAlias = Fill | Adjustment
"""What changes a position."""


class Change(NamedTuple):
    """Shares that come or go: signed, the cash they bring (negative when they cost), a price for them, and when."""

    quantity: Decimal
    cash: Decimal
    price: Decimal
    at: AwareDatetime


def timeline(fills: Iterable[Fill], adjustments: Iterable[Adjustment] = ()) -> tuple[Happening, ...]:
    """What counts, each once, in the order of time: of one moment adjustments come first, for they open the day."""
    opening = [(one.effective_at, 0, one.adjustment_id, one) for one in in_force(adjustments)]
    trading = [(fill.filled_at, 1, fill.fill_id, fill) for fill in effective(fills)]
    dated: list[tuple[AwareDatetime, int, str, Happening]] = [*opening, *trading]
    return tuple(happening for *_, happening in sorted(dated, key=lambda one: one[:3]))


def change_of(happening: Happening, mark: Decimal) -> Change | None:
    """The shares that a fill or an adoption brings; None for a split. An adoption without cost is at the mark."""
    if isinstance(happening, Fill):
        return Change(happening.signed_quantity, happening.cash_change, happening.price, happening.filled_at)
    if happening.ratio is not None:
        return None
    exact = abs(happening.cost / happening.quantity)
    price = new_price(exact, Decimal(1)) if exact else mark
    return Change(happening.quantity, -happening.cost, price, happening.effective_at)


def book(position: Position, happening: Happening) -> Position:
    """The position after one more fill or adjustment, which is the newest.

    Opening adds a lot; closing realises what it brings less the cost of the oldest shares.
    """
    change = change_of(happening, position.mark)
    if change is not None:
        return changed(position, change)
    if isinstance(happening, Adjustment) and happening.ratio is not None:
        return split_position(position, happening.ratio, fractions=happening.fractions)
    return position


def book_fill(position: Position, fill: Fill) -> Position:
    """The position after one more fill."""
    return book(position, fill)


def positions_of(fills: Iterable[Fill], adjustments: Iterable[Adjustment] = ()) -> dict[str, Position]:
    """Every position that these make, in whatever order they arrived."""
    positions: dict[str, Position] = {}
    for happening in timeline(fills, adjustments):
        before = positions.get(happening.symbol) or first_position(happening)
        if before is not None:
            positions[happening.symbol] = book(before, happening)
    return positions


def shares_of(symbol: str, fills: Iterable[Fill], adjustments: Iterable[Adjustment] = ()) -> Decimal:
    """Signed shares of one symbol that these make together."""
    own = (fill for fill in fills if fill.symbol == symbol)
    position = positions_of(own, (one for one in adjustments if one.symbol == symbol)).get(symbol)
    return ZERO if position is None else position.quantity


def first_position(happening: Happening) -> Position | None:
    """Nothing held of a symbol, at the price of the first that happens to it; None when that is a split."""
    change = change_of(happening, SMALL_TICK)
    return None if change is None else Position(symbol=happening.symbol, mark=change.price)


def changed(position: Position, change: Change) -> Position:
    """The position after shares came or went: opening adds a lot, closing realises against the oldest."""
    held = position.quantity
    closing = min(abs(change.quantity), abs(held)) if held and (held > 0) != (change.quantity > 0) else ZERO
    # What crosses zero closes the old position and opens the rest at its own price.
    whole = closing == abs(change.quantity)
    closing_cash = change.cash if whole else cents(change.cash * closing / abs(change.quantity))
    lots, released = _released(position.lots, closing)
    if not whole:
        opened = change.quantity - closing.copy_sign(change.quantity)
        lots = (*lots, Lot(quantity=opened, cost=closing_cash - change.cash, opened_at=change.at))
    return position.model_copy(
        update={
            "quantity": held + change.quantity,
            "cost_basis": sum((lot.cost for lot in lots), ZERO),
            "realised_pnl": position.realised_pnl + closing_cash - released,
            "mark": change.price,
            "lots": lots,
        }
    )


def _released(lots: tuple[Lot, ...], closing: Decimal) -> tuple[tuple[Lot, ...], Decimal]:
    """What is left of these lots when so many of their oldest shares (unsigned) go, and what those had cost."""
    released = ZERO
    for number, lot in enumerate(lots):
        size = abs(lot.quantity)
        if not closing:
            return lots[number:], released
        if closing < size:
            cost = cents(lot.cost * closing / size)
            left = {"quantity": lot.quantity - closing.copy_sign(lot.quantity), "cost": lot.cost - cost}
            return (lot.model_copy(update=left), *lots[number + 1 :]), released + cost
        closing -= size
        released += lot.cost
    return (), released


def split_position(position: Position, ratio: Decimal, *, fractions: bool) -> Position:
    """The same cost in new shares."""
    held = new_shares(position.quantity, ratio, fractions=fractions)
    return restated(position, held, new_price(position.mark, ratio))


def restated(position: Position, held: Decimal, mark: Decimal) -> Position:
    """The same cost in so many shares. A position that less than a share is left of has lost its cost."""
    lots = _restated(position.lots, held) if held else ()
    cost = sum((lot.cost for lot in lots), ZERO)
    return position.model_copy(
        update={
            "quantity": held,
            "cost_basis": cost,
            "realised_pnl": position.realised_pnl - (position.cost_basis - cost),
            "mark": mark,
            "lots": lots,
        }
    )


def _restated(lots: tuple[Lot, ...], held: Decimal) -> tuple[Lot, ...]:
    """These lots with so many shares together (signed, not zero), each in its old part; their cost stays.

    A lot that would be left with no share at all is one with the lot before it.
    """
    total = sum((lot.quantity for lot in lots), ZERO)
    restated: list[Lot] = []
    before = counted = ZERO
    for lot in lots:
        counted += lot.quantity
        upto = portion(held, counted, total)
        quantity, before = upto - before, upto
        if quantity or not restated:
            restated.append(lot.model_copy(update={"quantity": quantity}))
        else:
            restated[-1] = restated[-1].model_copy(update={"cost": restated[-1].cost + lot.cost})
    return tuple(restated)


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


def peak_after(peak: Decimal, equity: Decimal, flow: Decimal) -> Decimal:
    """The peak of equity once so many dollars were paid in (or, negative, taken out): the drawdown stays what it was.

    With nothing there before or after it, the equity that is there is the peak.
    """
    after = equity + flow
    return cents(peak * after / equity) if equity > 0 and after > 0 else max(after, ZERO)


def sector_values(portfolio: Portfolio) -> dict[str, Decimal]:
    """Dollars held by sector."""
    values: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for position in portfolio.positions:
        values[position.sector] += position.value
    return dict(values)
