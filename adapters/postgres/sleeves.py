"""What each strategy has of a desk: brought to its allocation at a mark, read for its limits, given back at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log, sleeve_rows
from adapters.postgres.portfolio import lock_books, read_portfolio
from adapters.postgres.strategies import read_strategies
from trading.funding import (
    Account,
    SubPosition,
    capital_allocated,
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

_FLOWS = text("SELECT flow_count FROM portfolio_state WHERE desk_id = :desk_id")
_BEFORE = timedelta(microseconds=1)
_TRANSFERS = text("SELECT count(*) FROM allocations WHERE desk_id = :desk_id AND strategy_id = :strategy_id")


@dataclass
class _Desk:
    """The books of a desk as they are divided; accounts change as it is funded."""

    portfolio: Portfolio
    strategies: Mapping[str, Strategy]
    accounts: dict[str, Account]
    parts: tuple[SubPosition, ...]

    @property
    def reserve(self) -> Decimal:
        """Cash that is nobody's, negative when more is allocated than there is."""
        return self.portfolio.cash - sum((account.cash for account in self.accounts.values()), ZERO)

    def own(self, strategy_id: str) -> Portfolio:
        """A strategy's part, whatever that is."""
        account = self.accounts.get(strategy_id) or Account(strategy_id=strategy_id)
        return own_portfolio(self.portfolio, account, self.parts)

    def limiting(self, strategy_id: str) -> Portfolio | None:
        """The part that a strategy's orders are held to besides the desk; None when it is the whole desk."""
        strategy = self.strategies.get(strategy_id)
        if strategy is not None and strategy.rung is Rung.SHADOW:
            return thought_portfolio(self.own(strategy_id), self.portfolio, strategy)
        return None if strategy is None or strategy.is_whole_desk else self.own(strategy_id)


async def read_own(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Portfolio | None:
    """A strategy's part of the books: cash, positions, peak, its own open orders.

    None when its part is the whole desk, and for an order of nobody's strategy, such as a person's. A strategy in
    shadow has the cash that its allocation would be.
    """
    return (await _read(connection, desk_id)).limiting(strategy_id)


async def read_part(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Portfolio | None:
    """What a strategy really has, be it the whole desk or in shadow; None when the books have never heard of it."""
    desk = await _read(connection, desk_id)
    known = strategy_id in desk.strategies or strategy_id in desk.accounts
    return desk.own(strategy_id) if known else None


async def fund(connection: AsyncConnection, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
    """Bring a strategy's account to its allocation, once for each change of that; its part as of `read_own`.

    The others give back first what they are due to: one that is disabled has no marks of its own any more.
    """
    await lock_books(connection, desk_id)
    desk = await _read(connection, desk_id)
    flows: int = (await connection.execute(_FLOWS, {"desk_id": desk_id})).scalar_one()
    owed = False
    for name in sorted(desk.strategies, key=lambda one: (one == strategy_id, one)):
        strategy = desk.strategies[name]
        if is_due(desk.accounts.get(name), strategy, flows):
            moment = _Moment(at, flows, gives_only=name != strategy_id, owed=owed)
            owed = await _bring(connection, desk, strategy, moment) or owed
    return desk.limiting(strategy_id)


async def release(connection: AsyncConnection, desk_id: str, strategy_id: str, at: datetime) -> ChangeRefused | None:
    """Give the cash of a strategy that is to be removed back to the reserve; or why it cannot be removed.

    Locks the desk's books: call it before what locks only the log.
    """
    await lock_books(connection, desk_id)
    desk = await _read(connection, desk_id)
    own = desk.own(strategy_id)
    if own.positions:
        held = ", ".join(f"{one.quantity:f} {one.symbol}" for one in own.positions)
        return ChangeRefused(because=f"{strategy_id} still holds {held}")
    if own.open_orders:
        return ChangeRefused(because=f"{strategy_id} still has open orders ({len(own.open_orders)})")
    account = desk.accounts.get(strategy_id)
    if account is not None:
        await _move(connection, desk, account, _Move(-account.cash, ZERO, at))
        kept = desk.accounts[strategy_id].model_copy(update={"funded_for": None, "funded_at_flow": None})
        await sleeve_rows.save_account(connection, desk_id, kept)
    return None


@dataclass(frozen=True)
class _Moment:
    at: datetime
    flows: int
    gives_only: bool
    owed: bool


@dataclass(frozen=True)
class _Move:
    amount: Decimal
    allocation: Decimal
    at: datetime


async def _bring(connection: AsyncConnection, desk: _Desk, strategy: Strategy, moment: _Moment) -> bool:
    """Move what is due, as far as it goes; whether the account still owes the reserve something."""
    name, part = strategy.strategy_id, funded_part(strategy)
    account, own = desk.accounts.get(name) or Account(strategy_id=name), desk.own(name)
    amount, settles, owes = transfer(part, own, desk.portfolio, desk.reserve, owed=moment.owed)
    if moment.gives_only and amount >= 0:
        return owes
    await _move(connection, desk, account, _Move(amount, part, moment.at))
    if settles:
        done = {"funded_for": part, "funded_at_flow": moment.flows}
        desk.accounts[name] = desk.accounts.get(name, account).model_copy(update=done)
        await sleeve_rows.save_account(connection, desk.portfolio.desk_id, desk.accounts[name])
    return owes


async def _move(connection: AsyncConnection, desk: _Desk, account: Account, move: _Move) -> None:
    """Move cash between an account and the reserve, with its event and the mark of what the account is worth then."""
    if not move.amount:
        return
    name, desk_id = account.strategy_id, desk.portfolio.desk_id
    known = {"desk_id": desk_id, "strategy_id": name}
    number = (await connection.execute(_TRANSFERS, known)).scalar_one() + 1
    allocation = Allocation(
        allocation_id=f"{desk_id}/{name}-{number}",
        amount=move.amount,
        allocation=move.allocation,
        desk_equity=desk.portfolio.equity,
        allocated_at=move.at,
        **known,
    )
    worth = desk.own(name).equity
    if not account.flow_count and worth:
        # It traded before accounts were funded, or has shares that it was given: this is what it begins with.
        await sleeve_rows.keep_marks(connection, desk_id, {name: worth}, move.at - _BEFORE)
        account = account.model_copy(update={"peak_equity": max(account.peak_equity, worth)})
    desk.accounts[name] = funded(account, desk.own(name), move.amount)
    await sleeve_rows.enter_allocation(connection, allocation)
    await sleeve_rows.save_account(connection, desk_id, desk.accounts[name])
    await sleeve_rows.keep_marks(connection, desk_id, {name: desk.own(name).equity}, move.at)
    await log.append(connection, [capital_allocated(allocation)])


async def _read(connection: AsyncConnection, desk_id: str) -> _Desk:
    return _Desk(
        portfolio=await read_portfolio(connection, desk_id),
        strategies={one.strategy_id: one for one in await read_strategies(connection, desk_id)},
        accounts=await sleeve_rows.read_accounts(connection, desk_id),
        parts=await sleeve_rows.read_parts(connection, desk_id),
    )
