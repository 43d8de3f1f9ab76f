"""Opening a desk's books in memory."""

from __future__ import annotations

from adapters.memory.desk import Desk, Store
from adapters.memory.fills import enter_capital
from adapters.memory.log import Log
from adapters.memory.rounding import cents_of
from adapters.memory.strategies import save_strategy
from trading.capital import capital_of
from trading.events import Event
from trading.strategy import first_strategy


def open_desk(store: Store, opened: Event, cash: Event) -> None:
    """Make a desk with its opening deposit and its first strategy."""
    deposit = capital_of(cash)
    paid = cents_of(deposit.amount)
    log = Log(opened.desk_id, store.written)
    log.append([opened, cash], store.now())
    desk = Desk(opened.desk_id, store, log, cash=paid, equity=paid, peak_equity=paid)
    enter_capital(store, desk, deposit)
    save_strategy(desk, first_strategy())
    store.desks[opened.desk_id] = desk
