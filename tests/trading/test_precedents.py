"""When so many setups like one have failed that it is not tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.making import AT
from tests.trading.remembered import recalled
from trading.instruments import Side
from trading.memory import Precedents, Recalled
from trading.precedents import MOMENT, Heed, bets, precedents_of

ABOUT = ("AAPL", Side.BUY)


def later(name: str, distance: float, day: int, **changes: Any) -> Recalled:
    """One that was decided so many days later, and ended five days after that."""
    at = AT + timedelta(days=day)
    return recalled(name, distance, decided_at=at, resolved_at=at + timedelta(days=5), **changes)


def ruled(wins: list[Recalled], losses: list[Recalled], **heed: Any) -> Precedents:
    return precedents_of(ABOUT, wins, losses, Heed(**{"similar_distance": 1, **heed}))


def nearest_first(found: list[Recalled]) -> list[Recalled]:
    return sorted(found, key=lambda one: (one.distance, one.memory_id))


def test_three_losses_that_are_near_deny_and_are_named() -> None:
    losses = [later("a", 0.1, 0), later("b", 0.5, 10), later("c", 1.0, 20), later("d", 1.01, 30)]
    told = ruled([], losses)
    assert told.failed == ("a", "b", "c")
    assert told.because == (
        f"3 setups within 1 of this one have failed since {AT:%Y-%m-%d}, 0 worked; the worst lost 5.0%"
    )
    assert ruled([], losses, failed_times=4).failed == ()
    assert ruled([], losses, similar_distance=0.9).failed == ()


def test_a_setup_that_works_half_as_often_as_it_fails_is_not_denied() -> None:
    losses = [later(name, 0.1, day) for name, day in (("a", 0), ("b", 10), ("c", 20))]
    wins = [later(name, 0.2, day, made=0.05) for name, day in (("x", 30), ("y", 40), ("z", 50))]
    assert ruled(wins, losses).failed == ()
    assert ruled(wins[:2], losses).failed == ()
    assert ruled(wins[:1], losses).failed == ("a", "b", "c")
    far = [one.model_copy(update={"distance": 2.0}) for one in wins]
    assert ruled(far, losses).failed == ("a", "b", "c")


def test_one_bet_is_one_failure_however_many_orders_it_was() -> None:
    grown = [later("a", 0.1, 0), later("b", 0.1, 1), later("c", 0.1, 2)]
    assert ruled([], grown).failed == ()
    same_day = [later(name, 0.1, 0, symbol=symbol) for name, symbol in (("a", "AAPL"), ("b", "MSFT"), ("c", "XOM"))]
    assert ruled([], same_day).failed == ()
    of_one_scan = [
        one.model_copy(update={"decided_at": AT + timedelta(minutes=number)}) for number, one in enumerate(same_day)
    ]
    assert ruled([], of_one_scan).failed == ()
    others = [later(name, 0.1, day, symbol=s) for name, day, s in (("a", 0, "AAPL"), ("b", 1, "MSFT"), ("c", 2, "XOM"))]
    assert ruled([], others).failed == ("a", "b", "c")


def test_what_a_challenger_thought_beside_its_champion_is_no_second_failure_and_is_told_once() -> None:
    champion = [later(f"agents-{day}", 0.2, day) for day in (0, 10)]
    challenger = [
        one.model_copy(
            update={
                "memory_id": f"bolder-{number}",
                "distance": 0.1,
                "decided_at": one.decided_at + timedelta(seconds=7),
                "resolved_at": one.resolved_at - timedelta(days=2),
            }
        )
        for number, one in enumerate(champion)
    ]
    both = nearest_first([*champion, *challenger])
    assert ruled([], both).failed == ()
    assert [one.memory_id for one in ruled([], both).losses] == ["bolder-0", "bolder-1"]
    third = later("agents-20", 0.2, 20)
    assert len(ruled([], nearest_first([*both, third])).failed) == 3


def test_the_nearest_of_each_kind_are_told_whether_they_deny_or_not() -> None:
    losses = [later(name, far, day) for name, far, day in (("a", 0.5, 0), ("b", 2.0, 10), ("c", 9.0, 20))]
    told = ruled([later("x", 4.0, 0, made=0.1)], losses, nearest=2)
    assert [one.memory_id for one in (*told.wins, *told.losses)] == ["x", "a", "b"]
    assert ruled([], losses, nearest=0).losses == ()


RECALLED = st.builds(
    later,
    st.uuids().map(lambda one: f"m{one.hex[:12]}"),
    st.floats(0, 3),
    st.integers(0, 60),
    symbol=st.sampled_from(("AAPL", "MSFT", "XOM")),
)
SEVERAL = st.lists(RECALLED, max_size=12, unique_by=lambda one: one.memory_id).map(nearest_first)


@given(SEVERAL, SEVERAL, st.integers(1, 5), st.floats(0, 3))
def test_what_denies_is_near_lost_and_more_than_what_worked(
    wins: list[Recalled], losses: list[Recalled], times: int, within: float
) -> None:
    told = ruled(wins, losses, failed_times=times, similar_distance=within)
    near_losses = bets(one for one in losses if one.distance <= within)
    near_wins = bets(one for one in wins if one.distance <= within)
    assert bool(told.failed) == (len(near_losses) >= max(times, 2 * len(near_wins) + 1))
    assert bool(told.failed) == bool(told.because)
    assert set(told.failed) <= {one.memory_id for one in losses if one.distance <= within}


@given(SEVERAL)
def test_bets_stay_the_same_in_any_order_and_when_counted_twice(found: list[Recalled]) -> None:
    counted = bets(found)
    assert bets(reversed(found)) == counted
    assert bets(counted) == counted
    assert all(
        abs(a.decided_at - b.decided_at) >= MOMENT and (a.symbol != b.symbol or a.resolved_at <= b.decided_at)
        for number, a in enumerate(counted)
        for b in counted[number + 1 :]
    )
