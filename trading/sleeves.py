"""What each strategy has of a desk: its part of every symbol, and its cash. A pure function of the desk's books.

The desk's position in a symbol is what its strategies hold of it together. Shares that are closed are those of the
order's own strategy first, then the oldest of the others'; only what is left over opens. So the parts of one symbol
always have one sign, and sum to the desk's to the share, whoever sells.

A strategy's cash is what it was allocated, its parts of fills, and what was paid for the shares that it held. What is
nobody's is the desk's reserve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from pydantic import AwareDatetime

from trading.adjustments import Adjustment, new_price, new_shares
from trading.money import SMALL_TICK, ZERO, DeskId, Dollars, Fraction, Identifier, Record, cents
from trading.orders import Fill, Order
from trading.portfolio import (
    CapitalEvent,
    CapitalKind,
    Change,
    Lot,
    Position,
    change_of,
    changed,
    restated,
    timeline,
)

FIRST = "agents"
"""The strategy that a desk begins with: what names no other is its."""

Owners: TypeAlias = Mapping[str, str]
"""The strategy of each order, by the order's id; an order that is not named is of the desk's first."""
NOBODYS: Owners = MappingProxyType({})

Occurrence: TypeAlias = Fill | Adjustment | CapitalEvent
"""What changes a strategy's part of a symbol."""

# What a company pays for its shares. Interest and fees are the desk's.
FOR_SHARES = frozenset({CapitalKind.DIVIDEND, CapitalKind.CASH_IN_LIEU})


class Allocation(Record):
    """Dollars that went from the desk's reserve to a strategy's account; negative when they came back.

    `allocation` is the part of the equity that the account was to have, `desk_equity` what the desk was worth then.
    """

    allocation_id: Identifier
    desk_id: DeskId
    strategy_id: Identifier
    amount: Dollars
    allocation: Fraction
    desk_equity: Dollars
    allocated_at: AwareDatetime


class Sleeve(Record):
    """A strategy's part of one symbol; `cash` is what it brought so far in dollars, negative when it cost."""

    position: Position
    cash: Dollars = ZERO


class Holding(NamedTuple):
    """A symbol, divided among strategies, by name; `last` are the shares that each held when any were held last."""

    parts: Mapping[str, Sleeve] = MappingProxyType({})
    last: Mapping[str, Decimal] = MappingProxyType({})


class Step(NamedTuple):
    """What one happening does to one strategy's part; `change` is None for a split and for what is paid for shares."""

    strategy_id: str
    before: Position
    after: Position
    happening: Occurrence
    change: Change | None = None
    cash: Decimal = ZERO


class Told(NamedTuple):
    """What the parts are made of."""

    fills: Iterable[Fill]
    adjustments: Iterable[Adjustment] = ()
    capital: Iterable[CapitalEvent] = ()
    owners: Owners = NOBODYS


class Folded(NamedTuple):
    """Holdings by symbol, and the steps by which they came about."""

    holdings: Mapping[str, Holding]
    steps: Sequence[Step]


class Sleeves(NamedTuple):
    """All of it: holdings by symbol, and cash by strategy in dollars."""

    holdings: Mapping[str, Holding]
    cash: Mapping[str, Decimal]


def owners_of(orders: Iterable[Order]) -> dict[str, str]:
    """Whose each order is."""
    return {order.request.client_order_id: order.request.strategy_id for order in orders}


def sleeves_of(told: Told, allocations: Iterable[Allocation] = ()) -> Sleeves:
    """Every strategy's part, in whatever order all this arrived."""
    holdings = holdings_of(told)
    cash: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for allocation in {one.allocation_id: one for one in allocations}.values():
        cash[allocation.strategy_id] += allocation.amount
    for holding in holdings.values():
        for strategy, sleeve in holding.parts.items():
            cash[strategy] += sleeve.cash
    return Sleeves(holdings, dict(cash))


def holdings_of(told: Told) -> dict[str, Holding]:
    """Every symbol that was ever held, divided."""
    return dict(fold(told).holdings)


def fold(told: Told) -> Folded:
    """Everything that happened, one after the other."""
    holdings: dict[str, Holding] = {}
    steps: list[Step] = []
    for happening in occurrences(told):
        symbol = str(happening.symbol)
        before = holdings.get(symbol, Holding())
        now = divide(before, happening, told.owners)
        if now:
            holdings[symbol] = after(before, now)
        steps += now
    return Folded(holdings, steps)


def occurrences(told: Told) -> Iterator[Occurrence]:
    """What counts, each once, in the order of time; of one moment what was paid for shares comes last."""
    paid = {one.capital_event_id: one for one in told.capital if one.symbol is not None and one.kind in FOR_SHARES}
    coming = sorted(paid.values(), key=lambda one: (one.occurred_at, one.capital_event_id))
    number = 0
    for happening in timeline(told.fills, told.adjustments):
        at = happening.filled_at if isinstance(happening, Fill) else happening.effective_at
        while number < len(coming) and coming[number].occurred_at < at:
            yield coming[number]
            number += 1
        yield happening
    yield from coming[number:]


def divide(holding: Holding, happening: Occurrence, owners: Owners) -> tuple[Step, ...]:
    """What one more happening, the newest of its symbol, does to each part; nothing where it is nobody's."""
    if isinstance(happening, CapitalEvent):
        return tuple(_paid(holding, happening))
    if isinstance(happening, Adjustment) and happening.ratio is not None:
        return tuple(_split(holding, happening, happening.ratio))
    change = change_of(happening, _mark(holding))
    return () if change is None else tuple(_changed(holding, happening, change, owner_of(happening, owners)))


def after(holding: Holding, steps: Iterable[Step]) -> Holding:
    """The symbol after these steps of one happening. All parts have one mark."""
    parts = dict(holding.parts)
    for step in steps:
        before = parts.get(step.strategy_id)
        cash = step.cash + (before.cash if before else ZERO)
        parts[step.strategy_id] = Sleeve(position=step.after, cash=cash)
        mark = step.after.mark
    shown = {name: _marked(parts[name], mark) for name in sorted(parts)}
    held = {name: abs(sleeve.position.quantity) for name, sleeve in shown.items() if sleeve.position.quantity}
    return Holding(shown, held or holding.last)


def together(symbol: str, holding: Holding) -> Position | None:
    """The desk's position: the sum of the parts, the oldest shares first; None when nobody ever held any."""
    positions = [sleeve.position for sleeve in holding.parts.values()]
    if not positions:
        return None
    lots = sorted((lot for position in positions for lot in position.lots), key=lambda lot: lot.opened_at)
    return Position(
        symbol=symbol,
        quantity=sum((one.quantity for one in positions), ZERO),
        cost_basis=sum((one.cost_basis for one in positions), ZERO),
        realised_pnl=sum((one.realised_pnl for one in positions), ZERO),
        mark=positions[0].mark,
        sector=positions[0].sector,
        lots=tuple(lots),
    )


def positions_together(holdings: Mapping[str, Holding]) -> dict[str, Position]:
    """The desk's position in every symbol."""
    made = ((symbol, together(symbol, holding)) for symbol, holding in holdings.items())
    return {symbol: position for symbol, position in made if position is not None}


def owner_of(happening: Fill | Adjustment, owners: Owners) -> str:
    """Whose shares a fill or an adoption opens."""
    if isinstance(happening, Fill):
        return owners.get(happening.client_order_id, FIRST)
    return happening.strategy_id or FIRST


def shares_out(amount: Decimal, sizes: Iterable[tuple[str, Decimal]]) -> Iterator[tuple[str, Decimal]]:
    """Dollars divided by sizes, in their order, each to the cent: what they sum to is the whole, to the cent."""
    listed = tuple(sizes)
    whole = sum((size for _, size in listed), ZERO)
    counted = before = ZERO
    for name, size in listed:
        counted += size
        upto = amount if counted == whole else cents(amount * counted / whole)
        yield name, upto - before
        before = upto


def _changed(holding: Holding, happening: Fill | Adjustment, change: Change, owner: str) -> Iterator[Step]:
    """Shares that come or go: a step for each strategy that they close something of, and one for what they open."""
    sizes = list(_closing(holding, change, owner).items())
    opened = abs(change.quantity) - sum((size for _, size in sizes), ZERO)
    sizes += [(owner, opened)] if opened else []
    positions = {name: sleeve.position for name, sleeve in holding.parts.items()}
    for (name, size), (_, cash) in zip(sizes, shares_out(change.cash, sizes), strict=True):
        part = change._replace(quantity=size.copy_sign(change.quantity), cash=cash)
        before = positions.get(name) or Position(symbol=happening.symbol, mark=change.price)
        positions[name] = changed(before, part)
        brought = cash if isinstance(happening, Fill) else ZERO
        yield Step(name, before, positions[name], happening, part, brought)


def _closing(holding: Holding, change: Change, owner: str) -> dict[str, Decimal]:
    """Shares (unsigned) that a change closes, by strategy: the owner's own first, then the oldest of the others."""
    closing: dict[str, Decimal] = {}
    rest = abs(change.quantity)
    for name, lot in sorted(_lots_against(holding, change), key=lambda one: (one[0] != owner, one[1].opened_at)):
        taken = min(rest, abs(lot.quantity))
        if taken:
            closing[name] = closing.get(name, ZERO) + taken
        rest -= taken
    return closing


def _lots_against(holding: Holding, change: Change) -> Iterator[tuple[str, Lot]]:
    for name, sleeve in holding.parts.items():
        if sleeve.position.quantity and (sleeve.position.quantity > 0) != (change.quantity > 0):
            yield from ((name, lot) for lot in sleeve.position.lots)


def _split(holding: Holding, split: Adjustment, ratio: Decimal) -> Iterator[Step]:
    """New shares for old, rounded as they are counted up, so that the parts sum to what the desk has."""
    counted = shared = ZERO
    for name, sleeve in holding.parts.items():
        before = sleeve.position
        counted += before.quantity
        upto = new_shares(counted, ratio, fractions=split.fractions)
        yield Step(name, before, restated(before, upto - shared, new_price(before.mark, ratio)), split)
        shared = upto


def _paid(holding: Holding, capital: CapitalEvent) -> Iterator[Step]:
    """What was paid for shares is of those who hold them; where nobody does, of those who held them last."""
    for name, cash in shares_out(capital.amount, holding.last.items()):
        position = holding.parts[name].position
        yield Step(name, position, position, capital, cash=cash)


def _mark(holding: Holding) -> Decimal:
    return next((sleeve.position.mark for sleeve in holding.parts.values()), SMALL_TICK)


def _marked(sleeve: Sleeve, mark: Decimal) -> Sleeve:
    if sleeve.position.mark == mark:
        return sleeve
    return sleeve.model_copy(update={"position": sleeve.position.model_copy(update={"mark": mark})})
