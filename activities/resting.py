"""Resting orders of a broker of ours meet the prices that the watch sees, and the books follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from activities.following import Follower
from trading.errors import BrokerUnavailable
from trading.market import Quote
from trading.orders import Order
from trading.portfolio import Portfolio
from trading.ports import Broker, Ledger
from trading.settlement import BrokerOrder

log = structlog.get_logger()


class Resting:
    """Stops, targets and limits of a synthetic broker; a real one does all of this by itself."""

    def __init__(self, broker: Broker, ledger: Ledger) -> None:
        self._broker = broker
        self._ledger = ledger
        self._follower = Follower(broker, ledger)

    async def meet(self, portfolio: Portfolio, quotes: Mapping[str, Quote], at: datetime) -> bool:
        """Let the open orders of these symbols meet their prices; whether the books have something new for it.

        A broker that does not answer is asked at the next look.
        """
        resting = [order for order in portfolio.open_orders if order.request.symbol in quotes]
        if not resting or not self._broker.synthetic:
            return False
        try:
            await self._broker.match({order.request.symbol: quotes[order.request.symbol] for order in resting})
            held = {one.client_order_id: one for one in await self._broker.orders(portfolio.desk_id, since=at)}
            moved = [order for order in resting if _differs(order, held.get(order.request.client_order_id))]
            followed = [await self._follower.follow(order.request) for order in moved]
        except BrokerUnavailable as silence:
            log.warning("resting orders not met", desk_id=portfolio.desk_id, reason=str(silence))
            return False
        return any(after != before for after, before in zip(followed, moved, strict=True))


def _differs(order: Order, held: BrokerOrder | None) -> bool:
    """Whether the broker has an order in another state than the books; one that it does not list has ended."""
    return held is None or (held.state, held.filled_quantity) != (order.state, order.filled_quantity)
