"""An id that was intended once is never sent with other fields: the books refuse it before the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.orders import OrderActivities
from tests import making
from tests.adapters.wire.alpaca_orders import ORDERS
from tests.fakes.broker_server import serving
from tests.faults.brokerages import WIDE, brokerage, wired
from trading.errors import BooksDisagree
from trading.instruments import Side
from trading.orders import Leg, OrderKind, OrderState, TimeInForce
from trading.settlement import IntentAsked

CHANGES: tuple[dict[str, Any], ...] = (
    {"quantity": 11},
    {"quantity": 1},
    {"symbol": "KO"},
    {"side": Side.SELL, "leg": Leg.EXIT},
    {"kind": OrderKind.LIMIT, "limit_price": "190.00"},
    {"kind": OrderKind.STOP, "stop_price": "190.00"},
    {"stop": "150.00"},
    {"target": "250.00"},
    {"time_in_force": TimeInForce.GTC},
    {"mark": "190.26"},
)
ORDERS_OF_EACH = 5


@pytest.mark.faults
async def test_fifty_changed_orders_are_refused_before_the_wire(engine: AsyncEngine, sample_data: Path) -> None:
    with serving(brokerage()) as server:
        desk = wired(server, engine, sample_data)
        await desk.open()
        ledger, orders = desk.ports.ledger, OrderActivities(desk.ports.broker, desk.ports.ledger, desk.ports.market)
        for number in range(ORDERS_OF_EACH):
            asked = await desk.intend(number, symbol="AAPL", quantity=10, stop=None, target=None)
            others = [type(asked).model_validate(asked.model_dump() | change) for change in CHANGES]
            for other in others:
                intent = IntentAsked(request=other, limits=WIDE, intended_at=datetime.now(UTC))
                with pytest.raises(BooksDisagree):
                    await ledger.intend(intent)
                for again in (False, True):
                    with pytest.raises(BooksDisagree):
                        await orders.submit_order(making.sending(other, again=again))
            assert len(server.asked("POST", ORDERS)) == number
            # As it was intended it goes out; from then on the others are neither sent nor booked in its place.
            assert (await orders.submit_order(making.sending(asked))).state is OrderState.FILLED
            for other in others:
                with pytest.raises(BooksDisagree):
                    await orders.submit_order(making.sending(other, again=True))
        assert await desk.wrongs() == []
        assert set(desk.posts.values()) == {1}
