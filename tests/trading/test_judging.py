"""Each rule of the circuit breaker at its edges: when it trips, when it is over, and what a person may do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from trading.breaker import CircuitBreaker, Rule, StateChange, TradingState
from trading.breaker_rules import STREAKS, BreakerFacts, BreakerRules, Refused, Resumption, SharpeMark
from trading.judging import held, judge, refusal, resume

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)
MIDNIGHT, MONDAY = AT + timedelta(hours=13), AT + timedelta(days=7)
RULES = BreakerRules()
DAY = timedelta(days=1)


def facts(**changes: Any) -> BreakerFacts:
    terms = {"equity": Decimal(100), "peak_equity": Decimal(100), "day_ends_at": MIDNIGHT, "week_ends_at": MONDAY}
    return BreakerFacts.model_validate({**terms, **changes})


def fallen(equity: str, **changes: Any) -> BreakerFacts:
    return facts(equity=Decimal(equity), **changes)


def stopped(found: BreakerFacts, at: datetime = AT, rules: BreakerRules = RULES) -> CircuitBreaker:
    tripped = judge(rules, found, CircuitBreaker(), at)
    assert tripped.state is TradingState.HALTED
    return tripped


def word(**changes: Any) -> Resumption:
    terms = {"desk_id": "main", "change_id": "c-1", "rules": RULES, "at": AT, "by": "operator", "reason": "seen to it"}
    return Resumption.model_validate({**terms, **changes})


def halt(state: TradingState = TradingState.HALTED, **changes: Any) -> StateChange:
    terms = {"desk_id": "main", "change_id": "h-1", "state": state, "changed_by": "operator", "reason": "lunch"}
    return StateChange.model_validate({**terms, "at": AT, **changes})


def above(*values: str, since: datetime = AT) -> tuple[SharpeMark, ...]:
    return tuple(SharpeMark(at=since + day * DAY, value=Decimal(value)) for day, value in enumerate(values))


@pytest.mark.parametrize(
    ("rule", "found", "trips"),
    [
        (Rule.DRAWDOWN, fallen("80.01"), False),
        (Rule.DRAWDOWN, fallen("80.00"), True),
        (Rule.DRAWDOWN, fallen("-5"), True),
        (Rule.DAILY_LOSS, fallen("95.01", day_base=Decimal(100)), False),
        (Rule.DAILY_LOSS, fallen("95.00", day_base=Decimal(100)), True),
        (Rule.DAILY_LOSS, fallen("90.00"), False),
        (Rule.DAILY_LOSS, fallen("90.00", day_base=Decimal(0)), False),
        (Rule.WEEKLY_LOSS, fallen("90.01", week_base=Decimal(100)), False),
        (Rule.WEEKLY_LOSS, fallen("90.00", week_base=Decimal(100)), True),
        (Rule.LOSING_TRADES, facts(losing_trades=4), False),
        (Rule.LOSING_TRADES, facts(losing_trades=5), True),
        (Rule.SHARPE, facts(sharpes=above("-2")), False),
        (Rule.SHARPE, facts(sharpes=above("-2.000001")), True),
        (Rule.SHARPE, facts(sharpes=above("-9", "-2")), False),
        (Rule.REJECTIONS, facts(rejections=4), False),
        (Rule.REJECTIONS, facts(rejections=5), True),
        (Rule.STALE_DATA, facts(stale_cycles=2), False),
        (Rule.STALE_DATA, facts(stale_cycles=3), True),
        (Rule.MODEL_FAILURES, facts(model_failures=2), False),
        (Rule.MODEL_FAILURES, facts(model_failures=3), True),
    ],
)
def test_a_rule_trips_at_its_threshold(rule: Rule, found: BreakerFacts, *, trips: bool) -> None:
    after = judge(RULES, found, CircuitBreaker(), AT)
    assert (after.trip(rule) is not None) is trips
    assert (after.state is TradingState.HALTED) is trips
    gauge = next(one for one in after.gauges if one.rule is rule)
    assert (gauge.tripped_at == AT, bool(gauge.resumes)) == (trips, trips)
    assert not trips or gauge.distance == 0


def test_a_gauge_tells_how_far_it_is_to_the_trip() -> None:
    found = fallen("90", day_base=Decimal(92), sharpes=above("0.5"), losing_trades=2)
    gauges = {one.rule: one for one in judge(RULES, found, CircuitBreaker(), AT).gauges}
    assert set(gauges) == set(Rule)
    assert (gauges[Rule.DRAWDOWN].value, gauges[Rule.DRAWDOWN].distance) == (Decimal("0.1"), Decimal("0.1"))
    assert gauges[Rule.DAILY_LOSS].distance == Decimal("0.028261")
    assert gauges[Rule.SHARPE].distance == Decimal("2.5")
    assert gauges[Rule.LOSING_TRADES].distance == 3
    assert gauges[Rule.WEEKLY_LOSS].value is None


@pytest.mark.parametrize(("equity", "goes_on"), [("84.99", False), ("85.00", False), ("85.01", True)])
def test_a_drawdown_is_over_below_its_own_level(equity: str, *, goes_on: bool) -> None:
    after = judge(RULES, fallen(equity), stopped(fallen("79")), AT + DAY)
    assert (after.state is TradingState.ACTIVE) is goes_on
    assert after.resumes == ((AT + DAY,) if goes_on else ())


@pytest.mark.parametrize(("wins", "goes_on"), [(2, False), (3, True)])
def test_losing_trades_are_over_after_three_wins(wins: int, *, goes_on: bool) -> None:
    after = judge(RULES, facts(losing_trades=0 if wins else 5, wins=wins), stopped(facts(losing_trades=5)), AT + DAY)
    assert (after.state is TradingState.ACTIVE) is goes_on


@pytest.mark.parametrize(
    ("marks", "after_days", "goes_on"),
    [
        (("0.31",) * 8, 7, True),
        (("0.31",) * 7, 6.99, False),
        (("0.31",) * 7, 7, True),
        (("0.31", "0.31", "0.30", "0.31", "0.31", "0.31", "0.31", "0.31"), 7, False),
        (("0.31", "0.31", "0.30") + ("0.31",) * 8, 10, True),
        (("0.31",), 7, False),
        (("0.30",) * 9, 8, False),
    ],
)
def test_a_sharpe_halt_is_over_after_seven_days_above(
    marks: tuple[str, ...], after_days: float, *, goes_on: bool
) -> None:
    tripped = stopped(facts(sharpes=above("-3", since=AT - DAY)))
    after = judge(RULES, facts(sharpes=above(*marks)), tripped, AT + after_days * DAY)
    assert (after.state is TradingState.ACTIVE) is goes_on


def test_a_sharpe_halt_names_the_moment_at_which_it_may_be_over() -> None:
    tripped = stopped(facts(sharpes=above("-3", since=AT - DAY)))
    assert tripped.next_look_at is None
    later = judge(RULES, facts(sharpes=above("0.2", "0.5", "0.6")), tripped, AT + 3 * DAY)
    assert later.next_look_at == AT + 8 * DAY
    assert "above since 2026-11-24" in next(one.resumes for one in later.gauges if one.rule is Rule.SHARPE)


@pytest.mark.parametrize("rule", ["rejections", "stale_cycles", "model_failures"])
def test_a_streak_is_over_an_hour_later_unless_it_goes_on(rule: str) -> None:
    tripped = stopped(facts(**{rule: 5}))
    hour = timedelta(hours=1)
    [said] = [one.resumes for one in tripped.gauges if one.tripped_at]
    assert said == "by itself after 2026-11-23 17:00 UTC, unless it has gone on"
    assert tripped.next_look_at == AT + hour
    assert judge(RULES, facts(**{rule: 5}), tripped, AT + hour - timedelta(seconds=1)).trips
    assert judge(RULES, facts(**{rule: 6}), tripped, AT + hour).trips
    assert not judge(RULES, facts(**{rule: 5}), tripped, AT + hour).trips


def test_the_loss_of_a_day_is_over_with_the_day_and_that_of_a_week_with_the_week() -> None:
    day = stopped(fallen("94", day_base=Decimal(100)))
    [said] = [one.resumes for one in day.gauges if one.tripped_at]
    assert said == "by itself at the first mark after 2026-11-24 05:00 UTC that is within the limit"
    found = fallen("94", day_base=Decimal(94))
    assert judge(RULES, found, day, MIDNIGHT - timedelta(seconds=1)).trips
    assert judge(RULES, fallen("94", day_base=Decimal(100)), day, MIDNIGHT).trips
    assert not judge(RULES, found, day, MIDNIGHT).trips
    week = stopped(fallen("89", week_base=Decimal(100)))
    assert judge(RULES, fallen("89", week_base=Decimal(89)), week, MONDAY - timedelta(seconds=1)).trips
    assert not judge(RULES, fallen("89", week_base=Decimal(89)), week, MONDAY).trips


def test_all_that_has_tripped_must_be_over() -> None:
    both = stopped(fallen("79", losing_trades=5))
    assert {trip.rule for trip in both.trips} == {Rule.DRAWDOWN, Rule.LOSING_TRADES}
    assert judge(RULES, fallen("90"), both, AT + DAY).trips
    assert not judge(RULES, fallen("90", wins=3), both, AT + DAY).trips


def test_it_goes_on_by_itself_twice_a_week_and_then_waits_for_a_person_or_the_week() -> None:
    breaker = CircuitBreaker()
    for day in range(3):
        breaker = judge(RULES, fallen("79"), breaker, AT + day * DAY)
        breaker = judge(RULES, fallen("90"), breaker, AT + day * DAY + timedelta(hours=1))
    assert breaker.state is TradingState.HALTED
    assert "by hand, or when" in breaker.gauges[0].resumes
    assert breaker.next_look_at == AT + timedelta(days=7, hours=1)
    assert judge(RULES, fallen("90"), breaker, AT + timedelta(days=7, minutes=59)).trips
    assert not judge(RULES, fallen("90"), breaker, AT + timedelta(days=7, hours=1)).trips


def test_a_person_who_holds_the_desk_is_not_overruled() -> None:
    tripped = held(stopped(fallen("79")), halt())
    after = judge(RULES, fallen("100"), tripped, AT + DAY)
    assert (after.state, bool(after.trips)) == (TradingState.HALTED, True)
    assert "by hand" in after.gauges[0].resumes
    assert judge(BreakerRules(auto_resume=False), fallen("100"), stopped(fallen("79")), AT + DAY).trips


def test_a_person_resumes_what_is_over_and_not_what_still_holds() -> None:
    tripped = stopped(fallen("79"))
    refused = resume(tripped, fallen("79"), word())
    assert isinstance(refused, Refused)
    assert refused.because == "what stopped the desk still holds: drawdown is 21.00% (--force goes past it)"
    assert refusal(tripped) == refused
    after = resume(tripped, fallen("81"), word())
    assert isinstance(after, CircuitBreaker)
    assert (after.state, after.trips, after.resumes, after.probation_left) == (TradingState.ACTIVE, (), (), 5)
    assert (after.changed_by, after.reason, after.size) == ("operator", "seen to it", Decimal("0.5"))
    assert resume(after, fallen("81"), word()) == Refused(because="the desk is ACTIVE already")


def test_by_force_a_rule_is_passed_until_it_is_over_or_worse() -> None:
    forced = resume(stopped(fallen("79")), fallen("79"), word(force=True))
    assert isinstance(forced, CircuitBreaker)
    assert forced.state is TradingState.ACTIVE
    assert judge(RULES, fallen("74.01"), forced, AT).state is TradingState.ACTIVE
    assert judge(RULES, fallen("74.00"), forced, AT).state is TradingState.HALTED
    recovered = judge(RULES, fallen("81"), forced, AT)
    assert recovered.waivers == ()
    assert judge(RULES, fallen("80"), recovered, AT).state is TradingState.HALTED


def test_what_was_passed_by_force_stays_passed_when_something_else_is_resumed() -> None:
    forced = resume(stopped(fallen("79")), fallen("79"), word(force=True))
    assert isinstance(forced, CircuitBreaker)
    paused = resume(held(forced, halt()), fallen("79"), word())
    assert isinstance(paused, CircuitBreaker)
    rejected = judge(RULES, fallen("79", rejections=5), paused, AT)
    assert {trip.rule for trip in rejected.trips} == {Rule.REJECTIONS}
    again = resume(rejected, fallen("79", rejections=5), word(force=True))
    assert isinstance(again, CircuitBreaker)
    assert again.waivers == paused.waivers == forced.waivers
    assert judge(RULES, fallen("79"), again, AT).state is TradingState.ACTIVE


@pytest.mark.parametrize(
    ("found", "later"),
    [(facts(rejections=5), facts(rejections=5)), (facts(losing_trades=5), facts(losing_trades=5, wins=3))],
    ids=["cool-down", "wins"],
)
def test_what_is_over_is_not_in_the_way_of_a_person(found: BreakerFacts, later: BreakerFacts) -> None:
    by_hand = BreakerRules(auto_resume=False)
    tripped = judge(by_hand, found, CircuitBreaker(), AT)
    assert isinstance(resume(tripped, found, word(rules=by_hand)), Refused)
    seen = judge(by_hand, later, tripped, AT + DAY)
    assert (seen.state, refusal(seen)) == (TradingState.HALTED, None)
    after = resume(tripped, later, word(rules=by_hand, at=AT + DAY))
    assert isinstance(after, CircuitBreaker)
    assert (after.state, after.waivers) == (TradingState.ACTIVE, ())
    assert all(one.distance for one in after.gauges if one.rule in STREAKS)


def test_a_breaker_that_may_never_resume_says_so() -> None:
    never = BreakerRules(max_resumes_per_week=0)
    assert judge(never, fallen("79"), CircuitBreaker(), AT).gauges[0].resumes == "by hand"


def test_what_a_person_holds_he_lets_go_of_and_no_probation_follows() -> None:
    for state in (TradingState.REDUCING, TradingState.HALTED):
        after = resume(held(CircuitBreaker(), halt(state)), facts(), word())
        assert isinstance(after, CircuitBreaker)
        assert (after.state, after.probation_left, after.size) == (TradingState.ACTIVE, 0, Decimal(1))


def test_what_a_person_sold_on_the_way_out_is_no_run_of_losing_trades() -> None:
    after = resume(held(CircuitBreaker(), halt()), facts(losing_trades=5, event_count=70), word())
    assert isinstance(after, CircuitBreaker)
    assert after.counted_from == 70
    assert judge(RULES, facts(losing_trades=0), after, AT).state is TradingState.ACTIVE


def test_nobody_makes_the_state_less_strict_but_who_resumes() -> None:
    halted = held(CircuitBreaker(), halt())
    less = held(halted, halt(TradingState.REDUCING, changed_by="alerts", reason="nobody reads"))
    assert (less.state, less.changed_by, less.reason) == (TradingState.HALTED, "operator", "lunch")
    assert held(halted, halt(TradingState.ACTIVE)).state is TradingState.HALTED
    assert held(stopped(fallen("79")), halt(TradingState.REDUCING)).state is TradingState.HALTED


def test_while_what_is_held_is_sold_the_desk_reduces_whatever_tripped() -> None:
    selling = held(stopped(fallen("79")), halt(TradingState.REDUCING, flatten=True))
    assert selling.state is TradingState.REDUCING
    assert judge(RULES, fallen("70", losing_trades=5), selling, AT).state is TradingState.REDUCING
    assert held(selling, halt(TradingState.REDUCING)).state is TradingState.REDUCING
    assert held(selling, halt()).state is TradingState.HALTED


@pytest.mark.parametrize(("entries", "left", "size"), [(0, 5, "0.5"), (4, 1, "0.5"), (5, 0, "1"), (9, 0, "1")])
def test_probation_ends_after_its_entries(entries: int, left: int, size: str) -> None:
    resumed = judge(RULES, fallen("90"), stopped(fallen("79")), AT + DAY)
    after = judge(RULES, fallen("90", entries=entries), resumed, AT + 2 * DAY)
    assert (after.probation_left, after.size) == (left, Decimal(size))


def test_the_same_look_twice_changes_nothing() -> None:
    once = judge(RULES, fallen("79", losing_trades=5), CircuitBreaker(), AT)
    assert judge(RULES, fallen("79", losing_trades=5), once, AT) == once
