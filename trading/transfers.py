"""How the cash of a desk goes to its strategies' accounts and back: every transfer that is due at a mark. Pure.

What is made of it is a list of entries, in the order in which they are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from trading.funding import (
    Account,
    SubPosition,
    funded,
    funded_part,
    is_due,
    own_portfolio,
    thought_portfolio,
    transfer,
)
from trading.money import ZERO
from trading.portfolio import Portfolio
from trading.sleeves import Allocation
from trading.strategy import ChangeRefused, Rung, Strategy

_BEFORE = timedelta(microseconds=1)


class AccountMarked(NamedTuple):
    """What an account and its shares are worth, in dollars, with the cash that it has in the books by then."""

    strategy_id: str
    equity: Decimal
    at: datetime


Entry: TypeAlias = AccountMarked | Allocation | Account
"""A mark that is kept, a transfer that is told in the log, an account as it is from now on."""


@dataclass
class DividedDesk:
    """The books of a desk as they are divided; accounts change as it is funded.

    `parts` in the order of their symbols and strategies; `transfers` are how many each strategy has had so far.
    """

    portfolio: Portfolio
    strategies: Mapping[str, Strategy]
    accounts: dict[str, Account]
    parts: tuple[SubPosition, ...]
    transfers: Mapping[str, int] = field(default_factory=dict)

    @property
    def reserve(self) -> Decimal:
        """Cash that is nobody's, negative when more is allocated than there is."""
        return self.portfolio.cash - sum((account.cash for account in self.accounts.values()), ZERO)

    def own(self, strategy_id: str) -> Portfolio:
        """A strategy's part, whatever that is."""
        account = self.accounts.get(strategy_id) or Account(strategy_id=strategy_id)
        return own_portfolio(self.portfolio, account, self.parts)

    def part(self, strategy_id: str) -> Portfolio | None:
        """What a strategy really has, be it the whole desk or in shadow; None when the books have never heard of it."""
        known = strategy_id in self.strategies or strategy_id in self.accounts
        return self.own(strategy_id) if known else None

    def limiting(self, strategy_id: str) -> Portfolio | None:
        """The part that a strategy's orders are held to besides the desk; None when it is the whole desk.

        A strategy in shadow has the cash that its allocation would be.
        """
        strategy = self.strategies.get(strategy_id)
        if strategy is not None and strategy.rung is Rung.SHADOW:
            return thought_portfolio(self.own(strategy_id), self.portfolio, strategy)
        return None if strategy is None or strategy.is_whole_desk else self.own(strategy_id)


def due(desk: DividedDesk, strategy_id: str, flows: int) -> tuple[str, ...]:
    """Whose accounts are to be brought to their allocation, the one that asks last; `flows` are the desk's own."""
    names = sorted(desk.strategies, key=lambda one: (one == strategy_id, one))
    return tuple(name for name in names if is_due(desk.accounts.get(name), desk.strategies[name], flows))


def fund(desk: DividedDesk, strategy_id: str, flows: int, at: datetime) -> Iterator[Entry]:
    """Bring a strategy's account to its allocation, once for each change of that.

    The others give back first what they are due to: one that is disabled has no marks of its own any more.
    """
    owed = False
    for name in due(desk, strategy_id, flows):
        strategy = desk.strategies[name]
        part, account, own = funded_part(strategy), desk.accounts.get(name) or Account(strategy_id=name), desk.own(name)
        moved = transfer(part, own, desk.portfolio, desk.reserve, owed=owed)
        owed = moved.owes or owed
        if name != strategy_id and moved.amount >= 0:
            continue
        yield from _move(desk, account, _Move(moved.amount, part, at))
        if moved.settles:
            done = {"funded_for": part, "funded_at_flow": flows}
            desk.accounts[name] = desk.accounts.get(name, account).model_copy(update=done)
            yield desk.accounts[name]


def bound(desk: DividedDesk, strategy_id: str) -> ChangeRefused | None:
    """Why a strategy cannot be removed: it has something of the desk's."""
    own = desk.own(strategy_id)
    if own.positions:
        held = ", ".join(f"{one.quantity:f} {one.symbol}" for one in own.positions)
        return ChangeRefused(because=f"{strategy_id} still holds {held}")
    if own.open_orders:
        return ChangeRefused(because=f"{strategy_id} still has open orders ({len(own.open_orders)})")
    return None


def release(desk: DividedDesk, strategy_id: str, at: datetime) -> Iterator[Entry]:
    """Give the cash of a strategy that is removed back to the reserve."""
    account = desk.accounts.get(strategy_id)
    if account is not None:
        yield from _move(desk, account, _Move(-account.cash, ZERO, at))
        yield desk.accounts[strategy_id].model_copy(update={"funded_for": None, "funded_at_flow": None})


class _Move(NamedTuple):
    amount: Decimal
    allocation: Decimal
    at: datetime


def _move(desk: DividedDesk, account: Account, move: _Move) -> Iterator[Entry]:
    """Move cash between an account and the reserve, with the mark of what the account is worth then."""
    if not move.amount:
        return
    name, desk_id = account.strategy_id, desk.portfolio.desk_id
    allocation = Allocation(
        allocation_id=f"{desk_id}/{name}-{desk.transfers.get(name, 0) + 1}",
        desk_id=desk_id,
        strategy_id=name,
        amount=move.amount,
        allocation=move.allocation,
        desk_equity=desk.portfolio.equity,
        allocated_at=move.at,
    )
    worth = desk.own(name).equity
    if not account.flow_count and worth:
        # It traded before accounts were funded, or has shares that it was given: this is what it begins with.
        yield AccountMarked(name, worth, move.at - _BEFORE)
        account = account.model_copy(update={"peak_equity": max(account.peak_equity, worth)})
    desk.accounts[name] = funded(account, desk.own(name), move.amount)
    yield allocation
    yield desk.accounts[name]
    yield AccountMarked(name, desk.own(name).equity, move.at)
