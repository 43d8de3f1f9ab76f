"""What each strategy has of a desk: brought to its allocation at a mark, given back at the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from adapters.memory.desk import Desk
from adapters.memory.rounding import cents_of
from trading import transfers
from trading.funding import Account, capital_allocated
from trading.portfolio import Portfolio
from trading.sleeves import Allocation
from trading.transfers import AccountMarked, Entry


def fund(desk: Desk, strategy_id: str, at: datetime) -> Portfolio | None:
    """Bring a strategy's account to its allocation, once for each change of that; the part it is held to."""
    divided = desk.divided()
    if transfers.due(divided, strategy_id, desk.flow_count):
        _write(desk, transfers.fund(divided, strategy_id, desk.flow_count, at))
    return divided.limiting(strategy_id)


def release(desk: Desk, strategy_id: str, at: datetime) -> None:
    """Give the cash of a strategy that is removed back to the reserve."""
    _write(desk, transfers.release(desk.divided(), strategy_id, at))


def _write(desk: Desk, entries: Iterable[Entry]) -> None:
    for entry in entries:
        match entry:
            case AccountMarked(name, equity, at):
                desk.mark_accounts({name: equity}, at)
            case Allocation():
                desk.allocations.append(entry)
                desk.allocated[entry.strategy_id] += entry.amount
                desk.append(capital_allocated(entry))
            case account:
                desk.accounts[account.strategy_id] = _stored(account)


def _stored(account: Account) -> Account:
    return account.model_copy(update={name: cents_of(getattr(account, name)) for name in ("cash", "peak_equity")})
