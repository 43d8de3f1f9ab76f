"""Cycles that a rule decides, on real servers: signals, limits, orders, and no model in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.rule_loader import RuleLoader
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.making import AT
from tests.rig import SYMBOLS, Ports, cycle, findings, request, serving
from trading.agents.questions import Agent
from trading.docket import CycleOutcome
from trading.events import Event, EventType
from trading.limits import Limits
from trading.strategy import Rung, Strategy, StrategyChange, first_strategy

RAISES = """
class Raises:
    def signals(self, view):
        raise LookupError("no price of XYZ")
"""
TREND = Strategy(
    strategy_id="trend",
    source="sma-crossover",
    parameters={"parts": 5},
    allocation=Decimal("0.5"),
    rung=Rung.PAPER,
)


@pytest.fixture(autouse=True)
def path_of_before() -> Iterator[None]:
    """Loading a module of one's own adds folders to where modules are looked for."""
    before = list(sys.path)
    yield
    sys.path[:] = before


async def given(ports: Ports, *strategies: Strategy) -> None:
    """Half of the desk for its first strategy, and these besides."""
    half = first_strategy().model_copy(update={"allocation": Decimal("0.5")})
    for strategy in (half, *strategies):
        change = StrategyChange(
            desk_id="main", change_id=f"given-{strategy.strategy_id}", strategy=strategy, by="ann", at=AT
        )
        assert isinstance(await ports.ledger.change_strategy(change, Limits()), Strategy)


async def events_of(ports: Ports, cycle_id: str) -> list[Event]:
    return [one.event for one in (await ports.ledger.books("main")).events if one.event.aggregate_id == cycle_id]


@pytest.mark.faults
async def test_a_rule_trades_through_the_limits_and_asks_no_model(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    scripted = ScriptedModel({Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=scripted)
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("KO"))
        await given(ports, TREND)
        asked = len(scripted.asked)
        report = await cycle(temporal.client, request(strategy_id="trend"))
    assert report.outcome is CycleOutcome.TRADED, report
    bought = [row.symbol for row in report.rows if row.order_state == "filled"]
    assert len(bought) == 5
    assert len(scripted.asked) == asked == 1
    signals = [one for one in await events_of(ports, report.cycle_id) if one.type is EventType.SIGNAL_GENERATED]
    assert {str(one.data["rule"]).partition("@")[0] for one in signals} == {"sma-crossover"}
    assert {one.data["symbol"] for one in signals} == set(bought)
    orders = [await ports.ledger.order(one.client_order_id) for one in await ports.broker.orders("main")]
    assert {order.request.strategy_id for order in orders if order} == {"trend"}
    assert report.findings == await findings(ports) == ()


@pytest.mark.faults
async def test_a_rule_that_raises_costs_its_own_cycle_and_the_next_of_another_trades(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken_rules.py").write_text(RAISES)
    broken = TREND.model_copy(update={"source": "broken_rules:Raises", "parameters": {}})
    ports = Ports.real(engine, sample_data).but(strategy_rules=RuleLoader(tmp_path))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("KO"))
        await given(ports, broken)
        before = await ports.broker.orders("main")
        failed = await cycle(temporal.client, request(strategy_id="trend"))
        assert await ports.broker.orders("main") == before
        traded = await cycle(temporal.client, request(*SYMBOLS[:6]))
    assert failed.outcome is CycleOutcome.FAILED
    assert failed.reason == "apply_rule: BadRule: broken_rules:Raises raised LookupError: no price of XYZ"
    ended = (await events_of(ports, failed.cycle_id))[-1]
    assert (ended.type, ended.data["reason"]) == (EventType.CYCLE_FAILED, failed.reason)
    assert traded.outcome is CycleOutcome.TRADED
    assert await findings(ports) == ()
