"""One of a desk's strategies is stopped and goes on, by hand and by itself, while the desk and the other trade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.making import DESK, cycle
from tests.rig import Ports, serving, until
from tests.workflows.breaking import Desk, ending, opened
from trading.breaker import CircuitBreaker, TradingState
from trading.breaker_facts import NO_MODEL
from trading.breaker_rules import BreakerRules
from trading.cycle_events import cycle_event
from trading.desk import HaltAsked, ResumeAsked
from trading.events import EventType
from trading.limits import Limits
from trading.strategy import Rung, Strategy, StrategyChange
from workflows.trading_desk import TradingDesk

OTHER = "breakout"
RULES = BreakerRules(max_model_failures=2)
A, H = TradingState.ACTIVE, TradingState.HALTED


async def divided(ports: Ports) -> None:
    """Two strategies, half of the desk each."""
    for name in ("agents", OTHER):
        strategy = Strategy(strategy_id=name, allocation=Decimal("0.5"), rung=Rung.PAPER)
        change = StrategyChange(desk_id=DESK, change_id=name, strategy=strategy, by="ann", at=datetime.now(UTC))
        assert await ports.ledger.change_strategy(change, Limits()) == strategy


async def silent(ports: Ports, first: int = 1) -> None:
    """No model answered in two cycles of the one; then a cycle of the other ended well."""
    ends = [(OTHER, EventType.CYCLE_FAILED), (OTHER, EventType.CYCLE_FAILED), ("agents", EventType.CYCLE_COMPLETED)]
    for number, (name, kind) in enumerate(ends, start=first):
        ran = cycle("AAPL", number=number)
        ran = ran.model_copy(update={"request": ran.request.model_copy(update={"strategy_id": name})})
        data = {"code": NO_MODEL} if kind is EventType.CYCLE_FAILED else {}
        now = datetime.now(UTC)
        await ports.ledger.record([cycle_event(ran, one, now, data) for one in (EventType.CYCLE_STARTED, kind)])


async def known(ports: Ports, name: str = OTHER) -> CircuitBreaker:
    found = {one.strategy_id: one.breaker for one in await ports.ledger.strategy_breakers(DESK)}
    return found[name]


async def stands(desk: Desk, **states: TradingState) -> None:
    """Wait until the desk says so of its strategies."""

    async def there() -> bool:
        told = {one.strategy_id: one.breaker.state for one in await desk.query(TradingDesk.strategy_breakers)}
        return told == states

    await until(there)


async def refused(desk: Desk, asked: ResumeAsked) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await desk.execute_update(TradingDesk.resume_now, asked)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


async def test_one_strategy_is_halted_and_resumed_by_hand(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=RULES)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await divided(ports)
        stop = HaltAsked(reason="odd fills", by="ann", strategy_id=OTHER, flatten=True, cancel_orders=True)
        await desk.signal(TradingDesk.halt, stop)
        await until(lambda: _is(ports, H))
        await desk.signal(TradingDesk.books_changed)
        await stands(desk, agents=A, breakout=H)
        assert await desk.query(TradingDesk.trading_state) is A
        await desk.signal(TradingDesk.halt, HaltAsked(reason="who", strategy_id="nobody"))
        on = await desk.execute_update(
            TradingDesk.resume_now, ResumeAsked(reason="they were ours", by="ann", strategy_id=OTHER)
        )
        assert (on.state, on.changed_by, on.reason) == (A, "ann", "they were ours")
        await stands(desk, agents=A, breakout=A)
        again = ResumeAsked(reason="again", strategy_id=OTHER)
        assert await refused(desk, again) == "strategy breakout is ACTIVE already"
        nobody = ResumeAsked(reason="who", strategy_id="nobody")
        assert await refused(desk, nobody) == "the desk has no strategy nobody"
    told = [one.event for one in (await ports.ledger.books(DESK)).events]
    changes = [one.data["state"] for one in told if one.type is EventType.STRATEGY_STATE_CHANGED]
    assert changes == ["HALTED", "ACTIVE"]
    assert not [one for one in told if one.type is EventType.TRADING_STATE_CHANGED]


async def test_what_stopped_a_strategy_refuses_its_resumption_unless_by_force(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=RULES)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await divided(ports)
        await silent(ports)
        await desk.signal(TradingDesk.books_changed)
        await stands(desk, agents=A, breakout=H)
        assert await desk.query(TradingDesk.trading_state) is A
        asked = ResumeAsked(reason="I feel lucky", strategy_id=OTHER)
        assert await refused(desk, asked) == (
            "what stopped strategy breakout still holds: "
            "cycles in a row in which no model answered is 2 (--force goes past it)"
        )
        await desk.signal(TradingDesk.resume, asked)
        on = await desk.execute_update(TradingDesk.resume_now, asked.model_copy(update={"force": True}))
        assert (on.state, on.probation_left) == (A, RULES.probation_trades)
        await stands(desk, agents=A, breakout=A)


async def test_a_strategy_that_stopped_by_itself_goes_on_by_itself(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=RULES)
    async with serving(skipping.client, ports):
        desk = await opened(skipping.client, ports)
        async with ending(desk):
            await divided(ports)
            await silent(ports)
            await desk.signal(TradingDesk.books_changed)

            async def gone_on() -> bool:
                return (await known(ports)).resumed_at is not None

            await until(gone_on)
    stopped, on = [
        one.event
        for one in (await ports.ledger.books(DESK)).events
        if one.event.type is EventType.STRATEGY_STATE_CHANGED
    ]
    assert (stopped.data["state"], on.data["state"], on.data["reason"]) == (
        "HALTED",
        "ACTIVE",
        "over: cycles in a row in which no model answered",
    )
    assert timedelta(0) <= on.occurred_at - stopped.occurred_at - RULES.cool_down <= timedelta(seconds=30)


async def _is(ports: Ports, state: TradingState) -> bool:
    return (await known(ports)).state is state
