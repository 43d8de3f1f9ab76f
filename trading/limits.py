"""The hard limits. Code holds them; a model can only ask for less.

The worst case is checked: the books *with every open order filled*. Positions and sectors are valued at the mark, or
at the order's own price where that is higher; cash is kept for a fill one collar above it, commission included.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.breaker import forbids
from trading.instruments import Side, Symbol
from trading.money import MOST_SHARES, ZERO, Fraction, Quantity, Record
from trading.orders import OrderRequest
from trading.portfolio import Portfolio


class Limits(Record):
    """Fractions of equity, and counts.

    The first three are the owner's; `collar` is how far above its mark a market order may fill. A cycle's orders go out
    one after the other: sized to a limit exactly, the second would be refused for the slippage and commission of the
    first, so orders are sized `sizing_margin` of a limit inside it.
    """

    max_position: Fraction = Decimal("0.20")
    max_sector: Fraction = Decimal("0.30")
    max_positions: Annotated[int, Field(ge=0)] = 10
    collar: Fraction = Decimal("0.05")
    sizing_margin: Fraction = Decimal("0.005")

    def for_sizing(self) -> Limits:
        """The limits that orders are sized to: a little inside those that they are held to."""
        inside = {name: getattr(self, name) * (1 - self.sizing_margin) for name in ("max_position", "max_sector")}
        return self.model_copy(update=inside)


class Limit(StrEnum):
    """The name of what an order would pass."""

    POSITION = "max_position"
    SECTOR = "max_sector"
    POSITIONS = "max_positions"
    CASH = "cash"
    HOLDING = "holding"
    SIZE = "smallest_order"
    STATE = "trading_state"
    PROTECTION = "protection"


class Breach(Record):
    """A limit that an order would pass: its name, a code and a sentence with the numbers."""

    limit: Limit
    code: str
    reason: str


class Room(Record):
    """How many shares one limit still has room for."""

    limit: Limit
    quantity: Quantity


def price_of(request: OrderRequest) -> Decimal:
    """The price exposure is valued at: the mark, or the limit or stop price where that is higher."""
    return max(request.mark, request.limit_price or ZERO, request.stop_price or ZERO)


def cash_price_of(request: OrderRequest, collar: Decimal) -> Decimal:
    """The price cash is kept for: a collar above the price, which also pays the commission."""
    return price_of(request) * (1 + collar)


def _buys(portfolio: Portfolio) -> list[tuple[OrderRequest, Decimal]]:
    """Open entries with their leaves."""
    return [(o.request, o.leaves) for o in portfolio.open_orders if o.request.side is Side.BUY and o.leaves > 0]


def exposure_of(portfolio: Portfolio, symbol: str) -> Decimal:
    """Dollars in one symbol with its open buys filled."""
    held = sum((abs(p.value) for p in portfolio.positions if p.symbol == symbol), ZERO)
    return held + sum((leaves * price_of(r) for r, leaves in _buys(portfolio) if r.symbol == symbol), ZERO)


def sector_exposure_of(portfolio: Portfolio, sector: str) -> Decimal:
    """Dollars in one sector with its open buys filled."""
    held = sum((abs(p.value) for p in portfolio.positions if p.sector == sector), ZERO)
    return held + sum((leaves * price_of(r) for r, leaves in _buys(portfolio) if r.sector == sector), ZERO)


def symbols_of(portfolio: Portfolio) -> frozenset[Symbol]:
    """Symbols held or being bought: each takes one of the places."""
    held = {p.symbol for p in portfolio.positions if p.quantity}
    return frozenset(held | {request.symbol for request, _ in _buys(portfolio)})


def free_cash(portfolio: Portfolio, limits: Limits) -> Decimal:
    """Dollars left when every open buy has filled at its worst price."""
    return portfolio.cash - sum((leaves * cash_price_of(r, limits.collar) for r, leaves in _buys(portfolio)), ZERO)


def rooms(request: OrderRequest, portfolio: Portfolio, limits: Limits) -> tuple[Room, ...]:
    """How many shares each limit has room for, fractions of a share included; the least of them is the cap."""
    if request.side is Side.SELL:
        return (Room(limit=Limit.HOLDING, quantity=portfolio.sellable(request.symbol)),)
    equity = max(portfolio.equity, ZERO)
    price = price_of(request)
    position = limits.max_position * equity - exposure_of(portfolio, request.symbol)
    sector = limits.max_sector * equity - sector_exposure_of(portfolio, request.sector)
    taken = symbols_of(portfolio)
    place = request.symbol in taken or len(taken) < limits.max_positions
    cash = free_cash(portfolio, limits)
    return (
        Room(limit=Limit.POSITION, quantity=_shares(position, price)),
        Room(limit=Limit.SECTOR, quantity=_shares(sector, price)),
        Room(limit=Limit.POSITIONS, quantity=request.quantity if place else ZERO),
        Room(limit=Limit.CASH, quantity=_shares(cash, cash_price_of(request, limits.collar))),
    )


def cap(request: OrderRequest, portfolio: Portfolio, limits: Limits) -> Room:
    """The tightest limit and the whole shares it leaves, never more than asked."""
    tightest = min(rooms(request, portfolio, limits), key=lambda room: room.quantity)
    whole = min(tightest.quantity, request.quantity).quantize(Decimal(1), rounding=ROUND_DOWN)
    return Room(limit=tightest.limit, quantity=whole)


def breaches(request: OrderRequest, portfolio: Portfolio, limits: Limits) -> tuple[Breach, ...]:
    """Every limit that this order would pass in the worst case; empty means it may be sent."""
    reduces = request.side is Side.SELL
    refused = forbids(portfolio.trading_state, reduces_exposure=reduces)
    found = (
        [Breach(limit=Limit.STATE, code=refused, reason=f"the desk is {portfolio.trading_state}")] if refused else []
    )
    found += [_breach(room, request) for room in rooms(request, portfolio, limits) if request.quantity > room.quantity]
    return (*found, *_misplaced(request))


def _breach(room: Room, request: OrderRequest) -> Breach:
    left = f"{room.quantity.normalize():f}"
    return Breach(
        limit=room.limit,
        code=f"{room.limit}_exceeded",
        reason=f"{request.side} {request.quantity:f} {request.symbol}: {room.limit} has room for {left}",
    )


def _misplaced(request: OrderRequest) -> tuple[Breach, ...]:
    """A stop or target on the wrong side of a price that a buy may fill at would trade at once."""
    if request.side is Side.SELL:
        return ()
    least, most = min(request.mark, request.limit_price or request.mark), price_of(request)
    found: list[Breach] = []
    if request.stop is not None and request.stop >= least:
        reason = f"stop {request.stop} is not below the price {least}"
        found.append(Breach(limit=Limit.PROTECTION, code="stop_on_wrong_side", reason=reason))
    if request.target is not None and request.target <= most:
        reason = f"target {request.target} is not above the price {most}"
        found.append(Breach(limit=Limit.PROTECTION, code="target_on_wrong_side", reason=reason))
    return tuple(found)


def _shares(dollars: Decimal, price: Decimal) -> Decimal:
    return min(max(dollars / price, ZERO), MOST_SHARES).quantize(Decimal("1e-9"), rounding=ROUND_DOWN)
