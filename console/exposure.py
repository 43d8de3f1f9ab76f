"""What is held, with what protects it and why it was bought; and how near each symbol and sector is to its limit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from adapters.postgres.entries import EntryLine
from trading.instruments import Symbol
from trading.limits import Limits
from trading.money import ZERO, Dollars, Fraction, Price, Ratio, Record, SignedQuantity, cents
from trading.orders import Leg
from trading.portfolio import Portfolio, Position
from trading.rooms import exposure_of, free_cash, sector_exposure_of, symbols_of

Part = Annotated[Ratio, Field(examples=[0.12])]


class Exposed(Record):
    """Dollars in one symbol or sector, its open entries filled: `part` of equity, of which `most` is allowed."""

    name: Annotated[str, Field(examples=["Technology"])]
    usd: Dollars
    part: Part | None
    most: Fraction
    symbols: tuple[str, ...]


class Exposure(Record):
    """How much of a desk is at work, in dollars and as a part of equity (null of a desk worth nothing).

    `gross` counts what is long and short, open entries filled; `net` is what is held long less what is short.
    `places` are taken by what is held or being bought, `most_places` are allowed; `free_cash` is what no open order
    has claimed. The largest stand first.
    """

    as_of: AwareDatetime | None
    equity: Dollars
    cash: Dollars
    free_cash: Dollars
    gross: Dollars
    gross_part: Part | None
    net: Dollars
    net_part: Part | None
    places: int
    most_places: int
    symbols: tuple[Exposed, ...]
    sectors: tuple[Exposed, ...]


class PositionLine(Record):
    """A position: signed shares, dollars a share and of value and gain, what closes it, and how it was opened.

    `stop` and `target` are those that wait at the broker, dollars a share; null where none does.
    """

    symbol: Symbol
    quantity: SignedQuantity
    cost_basis: Dollars
    realised_pnl: Dollars
    mark: Price
    sector: str
    value: Dollars
    unrealised_pnl: Dollars
    stop: Price | None
    target: Price | None
    bought: tuple[EntryLine, ...]


def exposure(held: Portfolio, limits: Limits) -> Exposure:
    """That of a portfolio, by the limits that its orders are held to."""
    symbols = sorted(symbols_of(held))
    entering = [one.request for one in held.open_orders if one.request.leg is Leg.ENTRY and one.leaves > 0]
    sectors = {one.symbol: one.sector for one in entering} | {one.symbol: one.sector for one in held.positions}
    named = {sector: [one for one in symbols if sectors[one] == sector] for sector in {sectors[one] for one in symbols}}
    in_symbols = [_exposed(held, limits.max_position, one, exposure_of(held, one), [one]) for one in symbols]
    in_sectors = [
        _exposed(held, limits.max_sector, sector, sector_exposure_of(held, sector), inside)
        for sector, inside in named.items()
    ]
    gross, net = sum((one.usd for one in in_symbols), ZERO), held.equity - held.cash
    return Exposure(
        as_of=held.marked_at,
        equity=held.equity,
        cash=held.cash,
        free_cash=cents(free_cash(held, limits)),
        gross=gross,
        gross_part=_part(gross, held),
        net=net,
        net_part=_part(net, held),
        places=len(symbols),
        most_places=limits.max_positions,
        symbols=_largest_first(in_symbols),
        sectors=_largest_first(in_sectors),
    )


def positions_with(held: Portfolio, entries: Sequence[EntryLine]) -> list[PositionLine]:
    """The positions, each with what protects it and how it came to be."""
    return [
        PositionLine(
            **one.model_dump(exclude={"lots"}),
            value=one.value,
            unrealised_pnl=one.value - one.cost_basis,
            stop=_protection(held, one, Leg.STOP),
            target=_protection(held, one, Leg.TARGET),
            bought=tuple(entry for entry in entries if entry.symbol == one.symbol),
        )
        for one in held.positions
    ]


def _protection(held: Portfolio, position: Position, leg: Leg) -> Decimal | None:
    """The price at which an open order of this leg closes; of several the one that is met first."""
    ours = [one.request for one in held.open_orders if (one.request.symbol, one.request.leg) == (position.symbol, leg)]
    prices = [one.stop_price if leg is Leg.STOP else one.limit_price for one in ours]
    known = [price for price in prices if price is not None]
    first = max if (leg is Leg.STOP) == (position.quantity > 0) else min
    return first(known) if known else None


def _exposed(held: Portfolio, most: Decimal, name: str, usd: Decimal, symbols: list[str]) -> Exposed:
    dollars = cents(usd)
    return Exposed(name=name, usd=dollars, part=_part(dollars, held), most=most, symbols=tuple(symbols))


def _part(usd: Decimal, held: Portfolio) -> float | None:
    return float(usd / held.equity) if held.equity > 0 else None


def _largest_first(found: list[Exposed]) -> tuple[Exposed, ...]:
    return tuple(sorted(found, key=lambda one: (-one.usd, one.name)))
