"""Hearing from the broker, as it happens, which order moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from temporalio import activity

from activities.following import Follower
from trading.errors import BrokerUnavailable
from trading.orders import Order
from trading.ports import Broker, Ledger

log = structlog.get_logger()


class WatchingActivities:
    """The one listener of a desk's account."""

    def __init__(self, broker: Broker, ledger: Ledger) -> None:
        self._broker = broker
        self._ledger = ledger
        self._follower = Follower(broker, ledger)

    @activity.defn
    async def watch_orders(self, desk_id: str) -> int:
        """Follow every order that the broker says has moved, until it says no more; how many it named.

        What it says is only when to look. An order that the books do not know is for the reconciliation to find.

        Repeat: a look books what is new, each fill once; what was said in between is found by the next look.
        """
        heard = 0
        async with aclosing(self._broker.moves(desk_id)) as moves:
            async for name in _until_shutdown(moves):
                if not heard:
                    await self._catch_up(desk_id)
                heard += 1
                order = await self._ledger.order(name)
                if order is None:
                    log.warning("order_not_ours", client_order_id=name, desk_id=desk_id)
                else:
                    await self._look(order)
        return heard

    async def _catch_up(self, desk_id: str) -> None:
        """What moved while nobody listened is not told again."""
        for order in (await self._ledger.portfolio(desk_id)).open_orders:
            await self._look(order)

    async def _look(self, order: Order) -> None:
        try:
            await self._follower.follow(order.request)
        except BrokerUnavailable as silence:
            # The look that comes by the clock will find it.
            log.warning("order_not_seen", client_order_id=order.request.client_order_id, reason=str(silence))


async def _until_shutdown(moves: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """What is told until the worker ends: a listener that stays would hold up its end for the whole of the grace."""
    stopping = asyncio.ensure_future(activity.wait_for_worker_shutdown())
    try:
        while True:
            coming = asyncio.ensure_future(anext(moves, None))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
                return
            name = coming.result()
            if name is None:
                return
            yield name
    finally:
        stopping.cancel()
