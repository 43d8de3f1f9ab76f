"""A queue that nobody serves for a while: what others find meanwhile."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.orders import OrderActivities
from tests.adapters.postgres.desk import buy, intent, opening
from tests.making import sending
from tests.rig import Ports
from trading.orders import Order, OrderState


async def test_an_order_that_nobody_has_sent_yet_is_found_as_intended(engine: AsyncEngine, sample_data: Path) -> None:
    ports = Ports.real(engine, sample_data)
    opened, deposit = opening()
    await ports.ledger.open_desk(opened, cash=deposit)
    intended = await ports.ledger.intend(intent(buy("MSFT", "10")))
    assert isinstance(intended, Order), intended
    orders = OrderActivities(ports.broker, ports.ledger, ports.market)
    assert (await orders.follow_order(intended.request)).state is OrderState.INTENDED
    assert (await orders.submit_order(sending(intended.request))).state is not OrderState.INTENDED
