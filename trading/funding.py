"""A strategy's account, and how it is brought to the part of the desk's equity that the strategy is allocated.

Once for each change: of the allocation itself, and of what the owner has paid in or taken out. In between, gains and
losses stay with the strategy that made them. What goes in comes from the desk's reserve, what comes out is free cash;
what could not be moved stays due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from trading.events import Event, EventType, Occasion, desk_event
from trading.limits import Limits
from trading.money import ZERO, Dollars, Fraction, Identifier, Record, SignedQuantity, cents
from trading.portfolio import Lot, Portfolio, Position, peak_after
from trading.rooms import free_cash
from trading.sleeves import Allocation, Holding, Sleeve
from trading.strategy import Rung, Strategy

_KEPT = ("quantity", "cost_basis", "realised_pnl", "lots")


class SubPosition(Record):
    """A strategy's part of one symbol, as it lies in the books; `cash` in dollars is what it brought so far."""

    strategy_id: Identifier
    symbol: Identifier
    quantity: SignedQuantity
    cost_basis: Dollars
    realised_pnl: Dollars
    cash: Dollars
    lots: tuple[Lot, ...] = ()


class Account(Record):
    """A strategy's cash in dollars, and the peak of its equity.

    `flow_count` counts transfers; `funded_for` and `funded_at_flow` are the allocation that it was last brought to,
    and the desk's own count of deposits and withdrawals then.
    """

    strategy_id: Identifier
    cash: Dollars = ZERO
    peak_equity: Dollars = ZERO
    flow_count: int = 0
    funded_for: Fraction | None = None
    funded_at_flow: int | None = None


class Transfer(NamedTuple):
    """Dollars to an account, negative from it, whether nothing is due after it, and whether the account still owes."""

    amount: Decimal
    settles: bool
    owes: bool


def sub_positions(symbol: str, holding: Holding) -> tuple[SubPosition, ...]:
    """The rows of one symbol."""
    return tuple(sub_position(symbol, name, part) for name, part in holding.parts.items())


def sub_position(symbol: str, strategy_id: str, part: Sleeve) -> SubPosition:
    """The row of one strategy's part."""
    kept = {name: getattr(part.position, name) for name in _KEPT}
    return SubPosition(strategy_id=strategy_id, symbol=symbol, cash=part.cash, **kept)


def funded_part(strategy: Strategy) -> Decimal:
    """The part of the desk's equity that a strategy has; in shadow it has none, and thinks of its allocation."""
    return ZERO if strategy.rung is Rung.SHADOW else strategy.allocation


def is_due(account: Account | None, strategy: Strategy, flow_count: int) -> bool:
    """Whether an account was last brought to another allocation, or before the newest deposit or withdrawal."""
    part = funded_part(strategy)
    if account is None:
        return part > 0
    return (account.funded_for, account.funded_at_flow) != (part, flow_count)


def transfer(part: Decimal, own: Portfolio, desk: Portfolio, reserve: Decimal, *, owed: bool = False) -> Transfer:
    """What brings an account to its part of the desk's equity, as far as reserve and free cash go.

    What the reserve lacks stays due while another account still owes it something (`owed`). When none does, a cent of
    rounding or what prices did between two marks, it never comes: an account that waited for it would give its later
    gains away as soon as they had made up for it.
    """
    gap = cents(part * desk.equity) - own.equity
    free = max(cents(free_cash(own, Limits())), ZERO)
    amount = min(gap, max(reserve, ZERO)) if gap > 0 else max(gap, -free)
    filled = gap > 0 and not owed and own.equity + amount > 0
    return Transfer(amount, amount == gap or filled, gap < amount)


def funded(account: Account, own: Portfolio, moved: Decimal) -> Account:
    """The account after a transfer, which moves its peak as a deposit moves the desk's."""
    if not moved:
        return account
    peak = peak_after(account.peak_equity, own.equity, moved)
    changes = {"cash": account.cash + moved, "peak_equity": peak, "flow_count": account.flow_count + 1}
    return account.model_copy(update=changes)


def equities(
    accounts: Mapping[str, Account], parts: Iterable[SubPosition], held: Iterable[Position]
) -> dict[str, Decimal]:
    """Dollars that each account and its shares are worth, at the desk's marks."""
    marks = {position.symbol: position.mark for position in held}
    worth = {name: account.cash for name, account in accounts.items()}
    for part in parts:
        if part.quantity:
            worth[part.strategy_id] += cents(part.quantity * marks[part.symbol])
    return worth


def own_portfolio(desk: Portfolio, account: Account, parts: Iterable[SubPosition]) -> Portfolio:
    """A strategy's part of the desk's books: its cash, what it holds at the desk's marks, its own open orders."""
    name = account.strategy_id
    known = {position.symbol: position for position in desk.positions}
    return desk.model_copy(
        update={
            "cash": account.cash,
            "peak_equity": account.peak_equity,
            "positions": tuple(_position(known[p.symbol], p) for p in parts if p.strategy_id == name and p.quantity),
            "open_orders": tuple(one for one in desk.open_orders if one.request.strategy_id == name),
        }
    )


def thought_portfolio(own: Portfolio, desk: Portfolio, strategy: Strategy) -> Portfolio:
    """What a strategy in shadow thinks with: cash that brings its equity to its allocation of the desk's."""
    equity = cents(strategy.allocation * desk.equity)
    return own.model_copy(update={"cash": equity - (own.equity - own.cash), "peak_equity": equity})


def capital_allocated(allocation: Allocation) -> Event:
    """The audit log's words for a transfer."""
    kind, desk_id = EventType.CAPITAL_ALLOCATED, allocation.desk_id
    key = allocation.allocation_id.removeprefix(f"{desk_id}/")
    return desk_event(kind, Occasion(desk_id, key, allocation.allocated_at), allocation.model_dump(mode="json"))


def _position(desks: Position, part: SubPosition) -> Position:
    return desks.model_copy(update={name: getattr(part, name) for name in _KEPT})
