"""What a cycle takes back at its look at the broker: what an older one of its own strategy left unsent."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.activities.ex_date import DESK, on_paper
from trading.orders import OrderState
from trading.reconciling import ReconciliationAsked


async def test_a_cycle_leaves_alone_what_one_of_another_strategy_is_about_to_send(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    intended = await desk.intend("10", 1)

    async def after_a_look(strategy_id: str, number: int) -> OrderState:
        name = f"look-{strategy_id}-{number}"
        asked = ReconciliationAsked(desk_id=DESK, reconciliation_id=name, trace_id="t", strategy_id=strategy_id)
        await desk.reconciling.compare(asked.model_copy(update={"cycle_id": f"{DESK}/cycle-{number}"}))
        order = await desk.ledger.order(intended.client_order_id)
        assert order is not None
        return order.state

    assert await after_a_look("other", 9) is OrderState.INTENDED
    assert await after_a_look(intended.strategy_id, 1) is OrderState.INTENDED, "it is its own"
    assert await after_a_look(intended.strategy_id, 8) is OrderState.EXPIRED
