"""The breakers of two strategies of one desk: each by its own books and events, the one stopped, the other not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import (
    DESK,
    NOON,
    accepted,
    booked,
    buy,
    event,
    fill_of,
    intent,
    quote,
    resumed,
    sell,
    step,
)
from tests.making import cycle
from trading.audit import audit
from trading.audit_states import nothing_after_halt
from trading.breaker import CircuitBreaker, Gauge, Rule, StateChange, TradingState
from trading.breaker_facts import NO_MODEL
from trading.breaker_rules import BreakerLook, BreakerRules, Refused
from trading.cycle_events import cycle_event
from trading.events import EventType
from trading.limits import Limits
from trading.orders import Order, OrderState
from trading.settlement import Denied
from trading.strategy import Rung, Strategy, StrategyChange

ROOMY = {"max_daily_loss": Decimal("0.9"), "max_weekly_loss": Decimal("0.9"), "max_losing_trades": 2}
OTHER = "breakout"
HOUR = timedelta(hours=1)


def look(hours: float = 0, strategy_id: str | None = None, **rules: Any) -> BreakerLook:
    known = BreakerRules.model_validate(ROOMY | rules)
    return BreakerLook(desk_id=DESK, rules=known, at=NOON + hours * HOUR, strategy_id=strategy_id)


async def written(ledger: PostgresLedger, name: str, allocation: str, *, removed: bool = False) -> None:
    strategy = Strategy(strategy_id=name, allocation=Decimal(allocation), rung=Rung.PAPER)
    change = StrategyChange(
        desk_id=DESK,
        change_id=f"{name}-{allocation}-{removed}",
        strategy=strategy,
        removed=removed,
        by="operator",
        at=NOON,
    )
    assert await ledger.change_strategy(change, Limits()) == strategy


@pytest.fixture
async def two(ledger: PostgresLedger) -> PostgresLedger:
    """The agents with 60,000 dollars, and another with 40,000."""
    await written(ledger, "agents", "0.6")
    await written(ledger, OTHER, "0.4")
    for name in ("agents", OTHER):
        await ledger.fund(DESK, name, NOON)
    return ledger


async def bought(ledger: PostgresLedger, name: str = OTHER, symbol: str = "AAPL") -> None:
    entry = buy(symbol, strategy_id=name, client_order_id=f"in-{name}-{symbol}")
    await ledger.adopt(*accepted(entry))
    await ledger.apply_fill(*booked(entry, fill_of(entry, "100")))


async def lost(ledger: PostgresLedger, number: int, name: str = OTHER) -> None:
    """One trade from flat to flat, at a loss."""
    at = NOON + number * HOUR
    entry = buy(client_order_id=f"in-{name}-{number}", strategy_id=name)
    await ledger.adopt(*accepted(entry))
    await ledger.apply_fill(*booked(entry, fill_of(entry, "100", filled_at=at)))
    leaving = sell(client_order_id=f"out-{name}-{number}", strategy_id=name)
    await ledger.adopt(*accepted(leaving))
    await ledger.apply_fill(*booked(leaving, fill_of(leaving, "100", "99", filled_at=at + HOUR / 2)))


async def states(ledger: PostgresLedger) -> dict[str, TradingState]:
    found = {one.strategy_id: one.breaker.state for one in await ledger.strategy_breakers(DESK)}
    return {**found, "desk": (await ledger.breaker(DESK)).state}


async def gauge(ledger: PostgresLedger, rule: Rule, name: str = OTHER) -> Gauge:
    known = {one.strategy_id: one.breaker for one in await ledger.strategy_breakers(DESK)}
    return next(one for one in known[name].gauges if one.rule is rule)


async def told(ledger: PostgresLedger, kind: EventType) -> list[dict[str, Any]]:
    return [one.event.data for one in (await ledger.books(DESK)).events if one.event.type is kind]


async def findings(ledger: PostgresLedger) -> list[str]:
    return [one.about for one in audit(await ledger.books(DESK), ()) if "breaker" in one.about]


A, H, R = TradingState.ACTIVE, TradingState.HALTED, TradingState.REDUCING


async def test_one_falls_and_stops_and_the_other_trades_on(two: PostgresLedger) -> None:
    await bought(two)
    await two.mark(DESK, quote("AAPL", "50"), NOON + HOUR)
    for _ in range(2):
        desk = await two.judge(look(1, max_drawdown=Decimal("0.10"), resume_drawdown=Decimal("0.05")))
    assert desk.state is A
    assert await states(two) == {"desk": A, "agents": A, OTHER: H}
    fallen = await gauge(two, Rule.DRAWDOWN)
    assert (fallen.value, fallen.evidence) == (Decimal("0.125025"), "equity 34999.00, peak 40000.00")
    assert (await gauge(two, Rule.DRAWDOWN, "agents")).distance == Decimal("0.10")
    (change,) = await told(two, EventType.STRATEGY_STATE_CHANGED)
    assert (change["strategy"], change["state"], change["changed_by"]) == (OTHER, "HALTED", "breaker")
    (alert,) = await told(two, EventType.ALERT_RAISED)
    assert alert["reason"].startswith("strategy breakout HALTED: drawdown 12.50%, limit 10.00% (equity 34999.00")
    assert await told(two, EventType.TRADING_STATE_CHANGED) == []
    assert await findings(two) == []


async def test_the_intents_of_one_that_is_stopped_are_denied_and_the_others_are_not(two: PostgresLedger) -> None:
    await lost(two, 1)
    await lost(two, 2)
    entry = buy("KO", strategy_id="agents", client_order_id="in-ko")
    await two.adopt(*accepted(entry))
    await two.apply_fill(*booked(entry, fill_of(entry, "100", filled_at=NOON + 4 * HOUR)))
    leaving = sell("KO", strategy_id="agents", client_order_id="out-ko")
    await two.adopt(*accepted(leaving))
    await two.apply_fill(*booked(leaving, fill_of(leaving, "100", "110", filled_at=NOON + 5 * HOUR)))
    await two.judge(look(6))
    assert await states(two) == {"desk": A, "agents": A, OTHER: H}
    denied = await two.intend(intent(buy("MSFT", "10", strategy_id=OTHER, client_order_id="denied")))
    assert isinstance(denied, Denied)
    assert [one.code for one in denied.breaches] == ["halted"]
    intended = await two.intend(intent(buy("MSFT", "20", strategy_id="agents", client_order_id="intended")))
    assert isinstance(intended, Order)
    assert [one for one in audit(await two.books(DESK), ()) if one.invariant == "I8"] == []


async def test_what_is_intended_for_a_halted_strategy_all_the_same_is_found(two: PostgresLedger) -> None:
    await two.intend(intent(buy("MSFT", "10", strategy_id=OTHER, client_order_id="first")))
    books = await two.books(DESK)
    (order,) = [one for one in books.events if one.event.type is EventType.ORDER_INTENDED]
    stop = {"desk_id": DESK, "change_id": "stop", "state": "HALTED", "changed_by": "ann", "reason": "odd"}
    await two.restrain(StateChange.model_validate({**stop, "at": NOON, "strategy_id": OTHER}))
    after = (await two.books(DESK)).events
    forged = books.model_copy(update={"events": (*after, order)})
    assert [one.about for one in nothing_after_halt(forged)] == ["first"]
    assert list(nothing_after_halt(await two.books(DESK))) == []


async def test_a_cycle_is_told_what_holds_for_its_own_strategy(two: PostgresLedger) -> None:
    await bought(two)
    await two.mark(DESK, quote("AAPL", "50"), NOON + HOUR)
    terms: dict[str, Any] = {"max_drawdown": Decimal("0.10"), "resume_drawdown": Decimal("0.05")}
    assert (await two.judge(look(1, "agents", **terms))).state is A
    assert (await states(two))[OTHER] is A  # a look for one does not look at the others
    own = await two.judge(look(1, OTHER, **terms))
    assert (own.state, own.reason and own.reason.split()[0]) == (H, "drawdown")
    assert (await two.judge(look(1, "removed-since"))).state is R


async def test_losses_rejections_and_silent_models_count_for_whom_they_are(two: PostgresLedger) -> None:
    await lost(two, 1)
    await lost(two, 2)
    await lost(two, 3, "agents")
    for number in range(2):
        refused = buy("MSFT", strategy_id="agents", client_order_id=f"refused-{number}")
        await two.adopt(*accepted(refused))
        await two.advance(*step(refused, OrderState.REJECTED, "no"))
        ran = cycle("AAPL", number=number)
        ran = ran.model_copy(update={"request": ran.request.model_copy(update={"strategy_id": OTHER})})
        await two.record([cycle_event(ran, EventType.CYCLE_FAILED, NOON, {"code": NO_MODEL})])
    await two.judge(look(4, max_losing_trades=9, max_model_failures=9))
    sums = {
        name: [
            (await gauge(two, rule, name)).value for rule in (Rule.LOSING_TRADES, Rule.REJECTIONS, Rule.MODEL_FAILURES)
        ]
        for name in ("agents", OTHER)
    }
    assert sums == {"agents": [1, 1, 0], OTHER: [2, 0, 2]}


async def test_what_was_written_before_there_were_several_is_the_agents(two: PostgresLedger) -> None:
    for number in range(2):
        await two.record(
            [event(EventType.CYCLE_FAILED, {"code": NO_MODEL}, name=f"old-{number}", aggregate=f"o-{number}")]
        )
    await two.judge(look())
    assert [(await gauge(two, Rule.MODEL_FAILURES, name)).value for name in ("agents", OTHER)] == [2, 0]


async def test_a_person_resumes_one_which_is_refused_while_it_holds_and_done_by_force(two: PostgresLedger) -> None:
    await lost(two, 1)
    await lost(two, 2)
    rules = BreakerRules.model_validate(ROOMY)
    await two.judge(look(3))
    assert await states(two) == {"desk": H, "agents": A, OTHER: H}  # the desk lost the same two
    refused = await two.resume(resumed("go-on", rules=rules, strategy_id=OTHER))
    assert refused == Refused(
        because="what stopped strategy breakout still holds: losing trades in a row is 2 (--force goes past it)"
    )
    for _ in range(2):
        freed = await two.resume(resumed("go-on", rules=rules, strategy_id=OTHER, force=True))
        assert isinstance(freed, CircuitBreaker)
        assert (freed.state, freed.probation_left) == (A, 5)
    assert await states(two) == {"desk": H, "agents": A, OTHER: A}
    again = await two.resume(resumed("again", rules=rules, strategy_id=OTHER))
    assert again == Refused(because="strategy breakout is ACTIVE already")
    nobody = await two.resume(resumed("who", strategy_id="nobody"))
    assert nobody == Refused(because="the desk has no strategy nobody")
    await two.judge(look(3))
    assert (await gauge(two, Rule.LOSING_TRADES)).value == 0
    assert await findings(two) == []


async def test_a_halt_of_one_is_made_once_and_outlives_the_breakers_own_word(two: PostgresLedger) -> None:
    stop = StateChange(
        desk_id=DESK, change_id="stop", state=H, changed_by="ann", reason="odd fills", at=NOON, strategy_id=OTHER
    )
    for _ in range(2):
        stopped = await two.restrain(stop)
        assert isinstance(stopped, CircuitBreaker)
        assert (stopped.state, stopped.hold) == (H, H)
    unknown = await two.restrain(stop.model_copy(update={"change_id": "other", "strategy_id": "nobody"}))
    assert unknown == Refused(because="the desk has no strategy nobody")
    await two.judge(look(24 * 30))
    assert await states(two) == {"desk": A, "agents": A, OTHER: H}
    assert len(await told(two, EventType.STRATEGY_STATE_CHANGED)) == 1
    assert [one["reason"] for one in await told(two, EventType.ALERT_RAISED)] == [
        "strategy breakout HALTED on the word of ann: odd fills"
    ]
    assert await findings(two) == []


async def test_an_only_strategy_is_judged_as_the_desk(ledger: PostgresLedger) -> None:
    await ledger.fund(DESK, "agents", NOON)
    await lost(ledger, 1, "agents")
    await lost(ledger, 2, "agents")
    assert (await ledger.judge(look(3, "agents"))).state is H
    assert await states(ledger) == {"desk": H, "agents": A}
    assert await told(ledger, EventType.STRATEGY_STATE_CHANGED) == []


async def test_a_breaker_that_says_something_else_than_the_log_is_found(two: PostgresLedger) -> None:
    await lost(two, 1)
    await lost(two, 2)
    await two.judge(look(3))
    books = await two.books(DESK)
    forged = [
        one.model_copy(update={"breaker": CircuitBreaker()}) if one.strategy_id == OTHER else one
        for one in books.strategy_breakers
    ]
    found = audit(books.model_copy(update={"strategy_breakers": tuple(forged)}), ())
    assert "breaker of breakout" in {one.about for one in found}


async def test_one_that_was_removed_and_comes_back_begins_anew(two: PostgresLedger) -> None:
    stop = {"desk_id": DESK, "change_id": "stop", "state": "HALTED", "changed_by": "ann", "reason": "odd"}
    await two.restrain(StateChange.model_validate({**stop, "at": NOON, "strategy_id": OTHER}))
    await written(two, OTHER, "0.4", removed=True)
    await written(two, OTHER, "0.3")
    assert (await states(two))[OTHER] is A
    assert await findings(two) == []


async def test_a_transfer_is_neither_a_loss_nor_a_gain(two: PostgresLedger) -> None:
    await two.mark(DESK, {}, NOON + HOUR)
    await written(two, OTHER, "0.1")
    await two.fund(DESK, OTHER, NOON + 24 * HOUR)
    await two.judge(look(24))
    for rule in (Rule.DRAWDOWN, Rule.DAILY_LOSS, Rule.WEEKLY_LOSS):
        assert (await gauge(two, rule)).value == 0, rule
    assert (await gauge(two, Rule.DRAWDOWN)).evidence == "equity 10000.00, peak 10000.00"


@pytest.mark.faults
async def test_what_was_lost_before_there_were_accounts_is_no_loss_of_the_day_they_began(
    ledger: PostgresLedger, owner: AsyncEngine
) -> None:
    await bought(ledger, "agents")
    later = NOON + 24 * 10 * HOUR
    for at in (NOON + HOUR, later):
        await ledger.mark(DESK, quote("AAPL", "50"), at)
    async with transaction(owner) as connection:
        await connection.execute(text("DELETE FROM strategy_marks"))  # nobody kept them then
    await written(ledger, "agents", "0.6")
    await written(ledger, OTHER, "0.4")
    for name in ("agents", OTHER):
        await ledger.fund(DESK, name, later)
    await ledger.judge(look(24 * 10, max_daily_loss=Decimal("0.05"), max_weekly_loss=Decimal("0.05")))
    assert await states(ledger) == {"desk": A, "agents": A, OTHER: A}
    (first, _) = (await ledger.books(DESK)).accounts
    assert first.peak_equity == Decimal("56999.40")
    await ledger.mark(DESK, quote("AAPL", "10"), later + HOUR)
    await ledger.judge(look(24 * 10 + 1, max_daily_loss=Decimal("0.05")))
    assert (await gauge(ledger, Rule.DAILY_LOSS, "agents")).evidence == "equity 52999.40, at the last close 56999.40"
    assert (await states(ledger))["agents"] is H
