"""What holds for a strategy's orders, and what the desk remembers of its strategies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.making import AT, after
from trading.breaker import (
    MOST_WHOLE,
    CircuitBreaker,
    Gauge,
    Rule,
    StrategyBreaker,
    TradingState,
    Trip,
    combined,
    nearest,
    shown_of,
)
from trading.strategy_states import StrategyStates

A, R, H = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


def own(state: TradingState = A, size: str = "1", *, enabled: bool = True, name: str = "breakout") -> StrategyBreaker:
    breaker = CircuitBreaker(state=state, reason="its own", changed_by="breaker", size=Decimal(size))
    return StrategyBreaker(strategy_id=name, enabled=enabled, breaker=breaker)


def gauge(rule: Rule, threshold: str, distance: str | None) -> Gauge:
    return Gauge.model_validate({"rule": rule, "threshold": threshold, "distance": distance})


def tripped(next_look_at: object = None) -> CircuitBreaker:
    trip = Trip(rule=Rule.DRAWDOWN, threshold=Decimal("0.2"), value=Decimal("0.3"), evidence="e", tripped_at=AT)
    return CircuitBreaker.model_validate({"state": H, "trips": (trip,), "next_look_at": next_look_at})


@pytest.mark.parametrize(
    ("desk", "mine", "enabled", "state", "why"),
    [
        (A, A, True, A, "the desk's"),
        (A, R, True, R, "its own"),
        (A, H, True, H, "its own"),
        (R, A, True, R, "the desk's"),
        (R, R, True, R, "the desk's"),
        (R, H, True, H, "its own"),
        (H, R, True, H, "the desk's"),
        (A, A, False, R, "strategy breakout is disabled"),
        (A, R, False, R, "its own"),
        (A, H, False, H, "its own"),
        (H, A, False, H, "the desk's"),
    ],
)
def test_the_stricter_state_holds_with_its_reason(
    desk: TradingState, mine: TradingState, state: TradingState, why: str, *, enabled: bool
) -> None:
    held = combined(CircuitBreaker(state=desk, reason="the desk's"), own(mine, enabled=enabled))
    assert (held.state, held.reason) == (state, why)


@pytest.mark.parametrize(("desk", "mine", "size"), [("1", "0.5", "0.5"), ("0.5", "1", "0.5"), ("0.5", "0.25", "0.25")])
def test_the_smaller_size_holds_whoever_is_on_probation(desk: str, mine: str, size: str) -> None:
    for state in TradingState:
        assert combined(CircuitBreaker(size=Decimal(desk)), own(state, mine)).size == Decimal(size)


def test_the_nearest_rule_is_by_the_part_of_its_threshold_that_is_left() -> None:
    far, near = gauge(Rule.DRAWDOWN, "0.20", "0.10"), gauge(Rule.LOSING_TRADES, "5", "1")
    unknown, sharpe = gauge(Rule.SHARPE, "-2", None), gauge(Rule.SHARPE, "-2", "0.2")
    assert nearest(CircuitBreaker(gauges=(far, near, unknown))) == near
    assert nearest(CircuitBreaker(gauges=(far, near, sharpe))) == sharpe
    assert nearest(CircuitBreaker(gauges=(unknown,))) is None
    assert nearest(CircuitBreaker(gauges=(gauge(Rule.SHARPE, "0", "0.3"), far))) is not None


def test_many_are_shown_short_unless_they_are_stopped() -> None:
    gauges = tuple(gauge(rule, "5", "1") for rule in Rule)
    trading = own().model_copy(update={"breaker": CircuitBreaker(gauges=gauges)})
    halted = own().model_copy(update={"breaker": tripped().model_copy(update={"gauges": gauges})})
    few = (trading,) * (MOST_WHOLE - 1) + (halted,)
    assert shown_of(few) == few
    many = shown_of((trading, *few))
    assert {len(one.breaker.gauges) for one in many[:-1]} == {1}
    assert many[-1] == halted
    size = sum(len(one.model_dump_json()) for one in shown_of((trading,) * 200))
    assert size < 200_000


def test_a_desk_looks_when_a_halt_of_its_own_or_of_a_strategy_may_be_over() -> None:
    latest, soon = AT + timedelta(hours=12), after(30)
    states = StrategyStates([own()])
    assert states.next_look(CircuitBreaker(), latest) is None
    assert states.next_look(tripped(), latest) == latest
    states.changed("breakout", tripped(soon))
    assert states.next_look(CircuitBreaker(), latest) == soon
    assert states.next_look(tripped(after(20)), latest) == after(20)
    states.changed("breakout", tripped(AT + timedelta(days=3)))
    assert states.next_look(CircuitBreaker(), latest) == latest


def test_what_is_changed_is_known_until_the_books_say_otherwise() -> None:
    states = StrategyStates()
    assert states.of("breakout") == CircuitBreaker()
    states.changed("breakout", tripped())
    assert states.of("breakout").state is H
    assert [one.strategy_id for one in states.lines] == ["breakout"]
    states.replace([own(name="momentum"), own(name="agents")])
    assert [one.strategy_id for one in states.lines] == ["agents", "momentum"]
    assert states.of("breakout").state is A
