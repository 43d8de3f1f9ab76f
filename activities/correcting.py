"""Writing into the books what the broker has explained. Nothing here can send an order."""

from __future__ import annotations

from activities import clock
from activities.following import Follower
from trading import order_events as say
from trading.adjustments import position_adjusted
from trading.capital import capital_changed
from trading.corrections import (
    AdoptLeg,
    BookAdjustment,
    BookCapital,
    BookFill,
    Correction,
    ForgetOrder,
    IgnoreOrder,
    MoveOrder,
)
from trading.errors import BooksDisagree
from trading.orders import OrderRequest, OrderState
from trading.ports import Ledger
from trading.reconciling import order_ignored

RECONCILED = "reconciliation"


class Corrector:
    """Applies corrections, each once: every one has an id that follows from the broker's report."""

    def __init__(self, ledger: Ledger, follower: Follower) -> None:
        self._ledger = ledger
        self._follower = follower

    async def apply(self, desk_id: str, correction: Correction) -> None:
        """Write one correction with its event."""
        match correction:
            case BookFill(fill=fill):
                request = await self._request(fill.client_order_id)
                await self._ledger.apply_fill(fill, say.trade_executed(request, fill))
            case MoveOrder(client_order_id=name, state=state, held=held):
                await self._follower.move(await self._request(name), state, held)
            case AdoptLeg(entry_id=name, leg=leg):
                await self._follower.adopt(await self._request(name), leg)
            case BookCapital(capital=capital):
                await self._ledger.change_capital(capital_changed(capital, RECONCILED))
            case BookAdjustment(adjustment=adjustment):
                await self._ledger.adjust(adjustment, position_adjusted(adjustment, RECONCILED))
            case IgnoreOrder(client_order_id=name):
                await self._ledger.record([order_ignored(desk_id, name, clock.now())])
            case ForgetOrder(client_order_id=name):
                request = await self._request(name)
                await self._follower.move(request, OrderState.CANCELLED, reason="a person says that it never arrived")

    async def _request(self, client_order_id: str) -> OrderRequest:
        order = await self._ledger.order(client_order_id)
        if order is None:
            raise BooksDisagree(f"the books know no order {client_order_id}")
        return order.request
