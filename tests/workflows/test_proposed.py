"""A trade that a person proposes, on Temporal: ordered, protected and closed like any other."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.fakes.model import ScriptedModel
from tests.rig import Ports, ask, cycle, findings, request, serving
from tests.workflows.conftest import Keep
from trading.docket import CycleOutcome
from trading.orders import OrderState
from trading.steps import CycleRequest


def proposed(side: str = "buy", symbol: str = "AAPL", **changes: Any) -> CycleRequest:
    trade = {"side": side, "symbol": symbol, "reason": "a hunch", "by": "ann", **changes.pop("trade", {})}
    return request(symbol, trade=trade, **changes)


async def test_a_person_buys_with_a_stop_and_sells_again_and_no_model_is_asked(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    model = ScriptedModel()
    ports = Ports.real(engine, sample_data).but(model=model)
    async with serving(temporal.client, ports):
        bought = await cycle(temporal.client, proposed(trade={"shares": "3", "stop": "100"}))
        held = await ports.ledger.portfolio("main")
        sold = await cycle(temporal.client, proposed("sell"))
    await keep("cycle-proposed", temporal.client.get_workflow_handle(f"cycle/{bought.cycle_id}"))
    assert (bought.outcome, sold.outcome) == (CycleOutcome.TRADED, CycleOutcome.TRADED)
    assert held.held("AAPL") == Decimal(3)
    assert (await ports.ledger.portfolio("main")).held("AAPL") == Decimal(0)
    ends = {order.request.leg: order.state for order in (await ports.ledger.books("main")).orders}
    assert ends == {"entry": OrderState.FILLED, "stop": OrderState.CANCELLED, "exit": OrderState.FILLED}
    assert model.asked == []
    assert await findings(ports) == ()


async def test_the_same_request_again_is_the_same_cycle_and_with_other_words_is_refused(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    named = {"request_id": "http/monday", "digest": "a" * 64}
    async with serving(temporal.client, Ports.real(engine, sample_data).but(model=ScriptedModel())):
        first = await ask(temporal.client, proposed(trade={"shares": "1"}, **named))
        again = await ask(temporal.client, proposed(trade={"shares": "1"}, **named))
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await ask(temporal.client, proposed(trade={"shares": "2"}, **{**named, "digest": "b" * 64}))
    assert first.cycle_id == again.cycle_id
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "AskedOtherwise"
