"""A search looks more and more seldom, sends again only on the broker's own word, and calls a person once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.making import AT, after, order, request
from trading.orders import OrderState
from trading.settlement import Look
from workflows import policies
from workflows.order_search import OrderSearch


def look(*, missing: bool) -> Look:
    return Look(order=order(request(), OrderState.SUBMITTED), is_missing=missing)


def searched(*misses: bool) -> OrderSearch:
    """A search after so many looks, each a miss or not."""
    search = OrderSearch(sent_at=AT)
    for missing in misses:
        search = search.after(look(missing=missing))
    return search


def test_the_pauses_double_from_a_second_to_half_a_minute_and_stay_long_once_given_up() -> None:
    pauses = [searched(*[False] * looks).pause.total_seconds() for looks in range(policies.MOST_LOOK_UPS + 2)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 300, 300]


def test_ten_thousand_looks_are_no_longer_apart() -> None:
    assert OrderSearch(sent_at=AT, looks=10_000).pause == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("misses", "again"),
    [
        ((), False),
        ((True,), False),
        ((False,) * 9, False),
        ((True, True), True),
        ((True, False, False, True), True),
        ((False, False, True), False),
    ],
)
def test_it_is_sent_again_once_the_broker_said_twice_that_it_has_none(misses: tuple[bool, ...], *, again: bool) -> None:
    assert searched(*misses).sends_again is again


def test_what_was_missed_before_it_was_sent_again_counts_no_more() -> None:
    again = searched(*[True] * 2).sent_again(after(1))
    assert (again.sent_at, again.sends, again.looks, again.missed) == (after(1), 2, 2, 0)
    assert not again.sends_again
    assert not again.after(look(missing=True)).sends_again
    assert again.after(look(missing=True)).after(look(missing=True)).sends_again


def test_it_is_sent_three_times_and_never_a_fourth() -> None:
    search = OrderSearch(sent_at=AT)
    for number in range(policies.MOST_SENDS + 2):
        for _ in range(policies.MISSED_TWICE):
            search = search.after(look(missing=True))
        assert search.sends_again is (number < policies.MOST_SENDS - 1)
        if search.sends_again:
            search = search.sent_again(after(number))
    assert search.sends == policies.MOST_SENDS == 3


def test_a_person_is_called_at_one_look_and_at_no_other() -> None:
    calls = [looks for looks in range(50) if searched(*[False] * looks).gives_up]
    assert calls == [policies.MOST_LOOK_UPS]
