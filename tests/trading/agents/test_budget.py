"""Budgets of models: what is asked at each level, and that no order of calls ever passes a cap."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import AT, DESK
from trading.agents.budget import (
    Budget,
    Caps,
    Choice,
    Level,
    Offer,
    Period,
    Spent,
    Strain,
    Tally,
    caps_of,
    choose,
    choose_or_wait,
    most_strained,
    plus,
    strain,
)
from trading.agents.questions import Agent
from trading.alerts import Severity, Topic
from trading.spending import SpendAsked, degradation_told, degraded

CENTS = st.integers(0, 500).map(lambda cents: Decimal(cents) / 100)
TALLIES = st.builds(Tally, calls=st.just(1), tokens=st.integers(0, 5000), usd=CENTS)
BUDGETS = st.builds(
    Budget,
    cycle=st.builds(Caps, calls=st.none() | st.integers(0, 20), usd=st.none() | CENTS),
    day=st.builds(Caps, tokens=st.none() | st.integers(0, 20_000), usd=st.none() | CENTS),
    month=st.builds(Caps, usd=st.none() | CENTS),
    strategy=st.builds(Caps, usd=st.none() | CENTS),
)


def offer(usd: str, *, instead: bool = False) -> Offer:
    return Offer(
        call_id=f"{usd}-{instead}", model="m", most=Tally(calls=1, tokens=10, usd=Decimal(usd)), instead=instead
    )


def day(usd: str, cap: str = "1") -> tuple[Spent, Budget]:
    return Spent(day=Tally(calls=9, tokens=900, usd=Decimal(usd))), Budget(day=Caps(usd=Decimal(cap)))


@pytest.mark.parametrize(
    ("used", "level"),
    [
        ("0", Level.NORMAL),
        ("0.7999", Level.NORMAL),
        ("0.8", Level.FALLBACK),
        ("0.8999", Level.FALLBACK),
        ("0.9", Level.SKIPPING),
        ("0.9999", Level.SKIPPING),
        ("1", Level.CLOSED),
        ("7", Level.CLOSED),
    ],
)
@pytest.mark.parametrize("period", list(Period))
@pytest.mark.parametrize(("name", "cap"), [("calls", 10_000), ("tokens", 10_000), ("usd", Decimal(1))])
def test_each_cap_has_its_levels_and_says_which_it_is(
    used: str, level: Level, period: Period, name: str, cap: Any
) -> None:
    spent = Spent.model_validate({period: {name: Decimal(used) * cap}})
    found = strain(spent, Budget.model_validate({period: {name: cap}}))
    assert found.level is level
    assert (found.period, bool(found.reason)) == ((None, False) if level is Level.NORMAL else (period, True))


def test_a_cap_of_nothing_is_reached_at_once_and_no_cap_never() -> None:
    assert strain(Spent(), Budget(cycle=Caps(usd=Decimal(0)))).is_closed
    rich = Tally(calls=10**9, tokens=10**12, usd=Decimal(10**9))
    assert strain(Spent(cycle=rich, day=rich, month=rich, strategy=rich), Budget()) == Strain()


@pytest.mark.parametrize(
    ("used", "offers", "optional", "expected"),
    [
        ("0.5", [offer("0.1"), offer("0.01", instead=True)], False, (0, Level.NORMAL)),
        ("0.8", [offer("0.1"), offer("0.01", instead=True)], False, (1, Level.FALLBACK)),
        ("0.8", [offer("0.1")], False, (None, Level.FALLBACK)),
        ("0.85", [offer("0.1"), offer("0.01", instead=True)], True, (1, Level.FALLBACK)),
        ("0.9", [offer("0.1"), offer("0.01", instead=True)], True, (None, Level.SKIPPING)),
        ("0.9", [offer("0.1"), offer("0.01", instead=True)], False, (1, Level.SKIPPING)),
        ("0.5", [offer("0.6"), offer("0.01", instead=True)], False, (1, Level.FALLBACK)),
        ("0.5", [offer("0.6"), offer("0.7", instead=True)], False, (None, Level.CLOSED)),
        ("0.5", [offer("0.5")], False, (0, Level.NORMAL)),
        ("0.5", [offer("0.5001")], False, (None, Level.CLOSED)),
        ("1", [offer("0"), offer("0", instead=True)], False, (None, Level.CLOSED)),
    ],
)
def test_who_is_asked_follows_the_declared_order(
    used: str,
    offers: list[Offer],
    optional: bool,  # noqa: FBT001  a case of a table
    expected: tuple[int | None, Level],
) -> None:
    spent, budget = day(used)
    choice = choose(spent, budget, offers, optional=optional)
    assert (choice.chosen, choice.strain.level) == expected


def test_what_does_not_fit_is_said_in_numbers() -> None:
    spent, budget = day("0.95")
    reason = choose(spent, budget, [offer("0.0612", instead=True)]).strain.reason
    assert reason == "0.9500 of 1 dollars this day, and the next call may take 0.0612"


@given(BUDGETS, st.lists(st.tuples(TALLIES, TALLIES, st.floats(0, 1), st.booleans()), max_size=40))
def test_no_order_of_calls_passes_a_cap(budget: Budget, calls: list[tuple[Tally, Tally, float, bool]]) -> None:
    spent = Spent()
    for dear, cheap, part, loses in calls:
        offers = [Offer(call_id="a", model="a", most=dear), Offer(call_id="b", model="b", most=cheap, instead=True)]
        choice = choose(spent, budget, offers)
        if choice.chosen is not None:
            most = offers[choice.chosen].most
            took = most.model_copy(update={"usd": (most.usd * Decimal(part)).quantize(Decimal("0.01"))})
            assert all(cap.used <= cap.most for cap in caps_of(plus(spent, most), budget))
            spent = plus(spent, most if loses else took)
        assert (choice.chosen == 0) <= (choice.strain.level is Level.NORMAL)
        assert all(cap.used <= cap.most for cap in caps_of(spent, budget))


@given(BUDGETS, TALLIES, TALLIES, TALLIES, TALLIES)
def test_nobody_waits_unless_it_gets_better(
    budget: Budget, sure: Tally, going: Tally, dear: Tally, cheap: Tally
) -> None:
    offers = [Offer(call_id="a", model="a", most=dear), Offer(call_id="b", model="b", most=cheap, instead=True)]
    settled, all_of_it = Spent(day=sure, cycle=sure), plus(Spent(day=sure, cycle=sure), going)
    assert choose_or_wait(settled, settled, budget, offers) == choose(settled, budget, offers)
    now, soon = choose(all_of_it, budget, offers), choose(settled, budget, offers)
    found = choose_or_wait(all_of_it, settled, budget, offers)
    if found.waits:
        assert found.chosen is None
        assert soon.strain.level.rank < now.strain.level.rank or now.chosen != soon.chosen
    else:
        assert found == now


def test_the_strictest_of_none_is_normal() -> None:
    assert most_strained([]) == Strain()
    assert most_strained([Strain(level=Level.CLOSED), Strain(level=Level.FALLBACK), Strain()]).is_closed


def asked(**changes: object) -> SpendAsked:
    usual: dict[str, object] = {
        "desk_id": DESK,
        "cycle_id": "cycle-1",
        "strategy_id": "agents",
        "trace_id": "t",
        "agent": Agent.META,
        "offers": (offer("1"),),
        "budget": Budget(),
        "at": AT,
    }
    return SpendAsked.model_validate(usual | changes)


@pytest.mark.parametrize("level", [Level.FALLBACK, Level.SKIPPING, Level.CLOSED])
def test_cycles_are_told_of_once_a_day_but_each_has_its_event(level: Level) -> None:
    now = Strain(level=level, period=Period.CYCLE, reason="x" * 4000)
    first, second = asked(), asked(cycle_id="cycle-2")
    assert degraded(first, now).event_id != degraded(second, now).event_id
    assert degradation_told(first, now).event_id == degradation_told(second, now).event_id
    told = degradation_told(first, now).data
    assert (told["severity"], told["topic"]) == (Severity.WARNING, Topic.SPEND)


@pytest.mark.parametrize(("period", "again"), [(Period.DAY, 1), (Period.STRATEGY, 1), (Period.MONTH, 31)])
def test_a_level_is_told_once_in_its_period(period: Period, again: int) -> None:
    now = Strain(level=Level.CLOSED, period=period, reason="spent")
    other = asked(cycle_id="cycle-2")
    later = asked(at=AT.replace(month=AT.month % 12 + 1) if again > 1 else AT.replace(day=AT.day % 28 + 1))
    for made in (degraded, degradation_told):
        assert made(asked(), now).event_id == made(other, now).event_id != made(later, now).event_id


def test_each_budget_is_told_of_by_itself_and_a_strategys_by_its_name() -> None:
    now = Strain(level=Level.CLOSED, period=Period.STRATEGY, reason="spent")
    one, two = degradation_told(asked(), now).data, degradation_told(asked(strategy_id="two"), now).data
    desks = degradation_told(asked(strategy_id="two"), now.model_copy(update={"period": Period.DAY})).data
    assert len({told["kind"] for told in (one, two, desks)}) == 3
    assert ("strategy two: " in str(two["reason"]), "two" in str(desks["reason"])) == (True, False)


def test_nothing_chosen_is_no_attempt() -> None:
    assert asked().tried(Choice()) is None
