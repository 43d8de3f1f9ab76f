"""What the circuit breaker judges by, from what the books hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trading.breaker import CircuitBreaker, Rule, Trip
from trading.breaker_facts import BY_OPERATOR, NO_MODEL, STALE_DATA, Closing, EquityMark, Known, Told, facts_of, sharpes
from trading.breaker_rules import BreakerFacts, BreakerLook, BreakerRules, values
from trading.events import EventType
from trading.performance import sharpe

NEW_YORK = ZoneInfo("America/New_York")
WEDNESDAY = datetime(2026, 11, 25, 20, tzinfo=UTC)
DAY = timedelta(days=1)
OPENING = Decimal(1000)


def marks(*equities: str, flowed: dict[int, int] | None = None, until: datetime = WEDNESDAY) -> list[EquityMark]:
    """One mark a day up to a moment; `flowed` says how many flows there were from a mark on."""
    first = until - (len(equities) - 1) * DAY
    counts = [max((n for at, n in (flowed or {}).items() if at <= index), default=0) for index in range(len(equities))]
    return [
        EquityMark(marked_at=first + index * DAY, equity=Decimal(equity), flow_count=count)
        for index, (equity, count) in enumerate(zip(equities, counts, strict=True))
    ]


def known(**changes: Any) -> Known:
    terms: dict[str, Any] = {
        "event_count": 100,
        "equity": OPENING,
        "peak_equity": OPENING,
        "marked_at": WEDNESDAY,
        "opening_cash": OPENING,
        "marks": [],
        "flows": [],
        "closings": [],
        "told": [],
    }
    return Known(**{**terms, **changes})


def seen(found: Known, breaker: CircuitBreaker | None = None, at: datetime = WEDNESDAY) -> BreakerFacts:
    return facts_of(found, breaker or CircuitBreaker(), BreakerLook(desk_id="main", rules=BreakerRules(), at=at))


def told(*kinds: tuple[EventType, str], newest: int = 90) -> list[Told]:
    """Events, the newest first."""
    return [Told(newest - index, kind, code) for index, (kind, code) in enumerate(kinds)]


def test_who_gave_back_all_that_was_left_has_lost_nothing_of_it() -> None:
    """18.32 dollars were lost of 19,997.56, and the rest was paid out: that is no loss of everything."""
    paid = [Decimal("19997.56"), Decimal("-19979.24")]
    gone = known(opening_cash=Decimal(0), flows=paid, equity=Decimal(0), peak_equity=Decimal(0))
    assert (seen(gone).day_base, seen(gone).week_base) == (Decimal(0), Decimal(0))
    lost = known(opening_cash=Decimal(0), flows=paid[:1], equity=Decimal(0), peak_equity=paid[0])
    assert seen(lost).day_base == paid[0]


@pytest.mark.parametrize("left", ["99000", "9900", "990"])
def test_a_loss_stays_what_it_was_however_much_is_taken_out_after_it(left: str) -> None:
    """A hundred thousand at the close, one in a hundred lost, then all but some taken out."""
    flow = [Decimal(left) - 99_000] if left != "99000" else []
    facts = seen(known(marks=marks("100000", left), flows=flow, equity=Decimal(left)))
    assert round(values(facts)[Rule.DAILY_LOSS] or 0, 4) == Decimal("0.01")


def test_the_base_of_a_day_is_the_last_mark_before_it_and_that_of_a_week_before_its_monday() -> None:
    facts = seen(known(marks=marks("900", "910", "920", "930", "940", "950")))
    assert (facts.day_base, facts.week_base) == (Decimal(940), Decimal(920))


def test_without_a_mark_before_it_the_base_is_what_was_paid_in() -> None:
    facts = seen(known(marks=marks("950"), flows=[Decimal(200), Decimal(-50)]))
    assert (facts.day_base, facts.week_base) == (Decimal("1142.86"), Decimal("1142.86"))


def test_what_was_paid_in_since_the_base_is_no_gain_and_what_was_taken_out_no_loss() -> None:
    facts = seen(known(marks=marks("1000", "1000", "700", flowed={2: 1}), flows=[Decimal(-300)], equity=Decimal(700)))
    assert facts.day_base == 700


def test_days_and_weeks_end_at_midnight_of_the_exchange() -> None:
    late = datetime(2026, 11, 26, 3, tzinfo=UTC)  # Wednesday evening in New York
    facts = seen(known(), at=late)
    assert facts.day_ends_at == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert facts.week_ends_at == datetime(2026, 11, 30, 5, tzinfo=UTC)
    assert {facts.day_ends_at.tzinfo, facts.week_ends_at.tzinfo} == {UTC}  # they are shown as such


@pytest.mark.parametrize(
    ("ran", "failures"),
    [
        ((("a", 1, ""), ("b", 1, ""), ("c", 1, "")), 0),
        ((("a", 1, NO_MODEL), ("b", 1, NO_MODEL), ("c", 1, NO_MODEL)), 1),
        ((("a", 3, NO_MODEL), ("a", 2, NO_MODEL), ("a", 1, NO_MODEL), ("b", 9, "")), 0),
        ((("a", 3, NO_MODEL), ("b", 2, NO_MODEL), ("a", 1, NO_MODEL), ("b", 0, NO_MODEL)), 2),
        ((("a", 2, NO_MODEL), ("a", 1, NO_MODEL), ("b", 30, "")), 2),
    ],
    ids=["none", "one look of three", "one of two", "both, twice", "who ran more than a day ago has no say"],
)
def test_what_fails_at_one_strategy_is_not_the_desks_affair(
    ran: tuple[tuple[str, int, str], ...], failures: int
) -> None:
    newest_first = sorted(ran, key=lambda one: one[1])
    cycles = [
        Told(90 - n, EventType.CYCLE_FAILED, code, occurred_at=WEDNESDAY - timedelta(hours=hours), strategy_id=name)
        for n, (name, hours, code) in enumerate(newest_first)
    ]
    assert seen(known(told=cycles)).model_failures == failures


def test_losing_trades_count_from_the_newest_back_to_the_first_that_did_not_lose() -> None:
    closed = [Closing(90, Decimal(-1)), Closing(80, Decimal(-5)), Closing(70, Decimal(0)), Closing(60, Decimal(-1))]
    assert seen(known(closings=closed)).losing_trades == 2
    assert seen(known(closings=closed), CircuitBreaker(counted_from=80)).losing_trades == 1


def test_wins_count_exits_and_shadow_trades_since_the_desk_was_stopped() -> None:
    trip = Trip(
        rule=Rule.LOSING_TRADES,
        threshold=Decimal(5),
        value=Decimal(5),
        evidence="",
        tripped_at=WEDNESDAY,
        counted_from=50,
    )
    closed = [Closing(70, Decimal(3)), Closing(40, Decimal(9))]
    shadow = [Told(80, EventType.SHADOW_CLOSED, pnl=Decimal(2)), Told(60, EventType.SHADOW_CLOSED, pnl=Decimal(1))]
    stopped = CircuitBreaker(trips=(trip,))
    assert seen(known(closings=closed, told=shadow), stopped).wins == 3
    lost = Told(85, EventType.SHADOW_CLOSED, pnl=Decimal(-1))
    assert seen(known(closings=closed, told=[lost, *shadow]), stopped).wins == 0


REJECTED, ACCEPTED = (EventType.ORDER_REJECTED, ""), (EventType.ORDER_ACCEPTED, "")


@pytest.mark.parametrize(
    ("events", "count"),
    [([], 0), ([REJECTED, REJECTED, ACCEPTED, REJECTED], 2), ([ACCEPTED, REJECTED], 0)],
)
def test_rejections_count_since_the_broker_last_took_an_order(events: list[tuple[EventType, str]], count: int) -> None:
    assert seen(known(told=told(*events))).rejections == count


FAILED, DONE = (EventType.CYCLE_FAILED, NO_MODEL), (EventType.CYCLE_COMPLETED, "")
STALE, CLOSED = (EventType.CYCLE_SKIPPED, STALE_DATA), (EventType.CYCLE_SKIPPED, "market_closed")
BY_HAND = (EventType.CYCLE_COMPLETED, BY_OPERATOR)
DISABLED, EMPTY = (EventType.CYCLE_SKIPPED, "strategy_disabled"), (EventType.CYCLE_SKIPPED, "no_symbols")


@pytest.mark.parametrize(
    ("events", "models", "prices"),
    [
        ([FAILED, FAILED, DONE, FAILED], 2, 0),
        ([FAILED, CLOSED, FAILED], 2, 0),
        ([BY_HAND, FAILED, BY_HAND, FAILED], 2, 0),
        ([STALE, CLOSED, STALE, DONE, STALE], 0, 2),
        ([STALE, DISABLED, STALE, EMPTY, STALE], 0, 3),
        ([(EventType.CYCLE_FAILED, "")], 0, 0),
    ],
)
def test_cycles_without_a_model_or_without_prices_count(
    events: list[tuple[EventType, str]], models: int, prices: int
) -> None:
    facts = seen(known(told=told(*events)))
    assert (facts.model_failures, facts.stale_cycles) == (models, prices)


def test_what_came_before_the_desk_last_went_on_counts_no_more() -> None:
    facts = seen(known(told=told(FAILED, FAILED, REJECTED, newest=90)), CircuitBreaker(counted_from=89))
    assert (facts.model_failures, facts.rejections) == (1, 0)
    entries = told((EventType.ORDER_INTENDED, "entry"), (EventType.ORDER_INTENDED, "exit"), newest=91)
    assert seen(known(told=entries), CircuitBreaker(counted_from=89)).entries == 1


def test_the_rolling_ratio_is_that_of_the_last_returns_without_flows() -> None:
    found = known(
        marks=marks("1000", "1010", "1515", "1500", "1530", flowed={2: 1}), flows=[Decimal(500)], equity=Decimal(1530)
    )
    rolled = sharpes(found, 3, NEW_YORK)
    assert [one.value is None for one in rolled] == [True, True, False, False]
    expected = sharpe([10 / 1000, 5 / 1510, -15 / 1515])  # what is paid in is at work on its day
    assert rolled[2].value == Decimal(f"{expected:.6f}")


def test_what_shadow_trades_would_have_made_counts_on_its_day() -> None:
    flat = marks("1000", "1000", "1000", "1000")
    shadow = [
        Told(90 - n, EventType.SHADOW_CLOSED, pnl=Decimal(10 + n), occurred_at=WEDNESDAY - n * DAY) for n in (0, 1, 2)
    ]
    assert sharpes(known(marks=flat), 3, NEW_YORK)[-1].value is None
    found = sharpes(known(marks=flat, told=shadow), 3, NEW_YORK)[-1].value
    assert found == Decimal(f"{sharpe([0.012, 0.011, 0.010]):.6f}")
