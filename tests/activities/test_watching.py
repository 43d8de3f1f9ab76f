"""The listener at a broker's line: what it hears is followed, what came before is looked up, it ends in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities.watching import WatchingActivities
from tests.making import order, portfolio, request
from trading.errors import BrokerUnavailable
from trading.orders import Order, OrderState
from trading.portfolio import Portfolio
from trading.ports import Broker, Ledger
from trading.settlement import BrokerOrder

OURS = request()


class Line:
    """A broker that tells these names, then stays silent or is cut; nobody can be looked up while it is `deaf`."""

    def __init__(self, *names: str, cut: bool = True, deaf: bool = False) -> None:
        self.names = names
        self.cut = cut
        self.deaf = deaf
        self.looked: list[str] = []
        self.closed = False

    async def moves(self, desk_id: str) -> AsyncGenerator[str]:
        try:
            for name in self.names:
                yield name
            if not self.cut:
                await asyncio.Event().wait()
        finally:
            self.closed = True

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        self.looked.append(client_order_id)
        if self.deaf:
            raise BrokerUnavailable("away")
        return None


class OneOrder:
    """Books with one open order."""

    async def order(self, name: str) -> Order | None:
        return order(OURS, OrderState.ACCEPTED) if name == OURS.client_order_id else None

    async def portfolio(self, desk_id: str) -> Portfolio:
        return portfolio().model_copy(update={"open_orders": (order(OURS, OrderState.ACCEPTED),)})


def listening(line: Line) -> WatchingActivities:
    return WatchingActivities(cast("Broker", line), cast("Ledger", OneOrder()))


@pytest.mark.parametrize("line", [Line(OURS.client_order_id, "x"), Line(OURS.client_order_id, "x", deaf=True)])
async def test_what_moved_before_anybody_listened_is_looked_up_and_then_what_is_told(line: Line) -> None:
    heard: Any = await ActivityEnvironment().run(listening(line).watch_orders, "paper")
    assert (heard, line.closed) == (2, True)
    assert line.looked == [OURS.client_order_id] * 2


async def test_a_worker_that_ends_does_not_wait_for_a_silent_line() -> None:
    line, environment = Line(cut=False), ActivityEnvironment()
    listener = asyncio.create_task(environment.run(listening(line).watch_orders, "paper"))
    await asyncio.sleep(0.05)
    assert not listener.done()
    environment.worker_shutdown()
    assert await listener == 0
    assert line.closed
