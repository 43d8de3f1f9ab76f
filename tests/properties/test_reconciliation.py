"""Whatever comes apart between the books and the broker is found and named, and only that; silence proves nothing."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from tests.fakes.bookkeeping import LATE, corrected
from tests.properties.disturbances import PLANTS, Scenario, agreed
from trading.breaker import TradingState
from trading.differences import Case, Difference, consequence_of
from trading.reconciliation import explained, unexplained

PARTS = ("account", "holdings", "orders", "fills", "activities")
REDUCING = {Case.EXTERNAL_ORDER, Case.CASH_SLIGHTLY_OFF}
HALTING = {
    Case.POSITION_TOO_LARGE,
    Case.POSITION_TOO_SMALL,
    Case.POSITION_FLIPPED,
    Case.POSITION_UNKNOWN,
    Case.LOST_ORDER,
    Case.UNBOOKED_ORDER,
}
KINDS = [pytest.param(number, id=plant.__name__) for number, plant in enumerate(PLANTS)]


def scenario(number: int, seed: int) -> Scenario:
    """One disturbance of a kind, and in every third scenario another of a different kind."""
    random = Random(f"{number}/{seed}")
    planted = PLANTS[number](agreed(random), random)
    if seed % 3 == 0:
        other = random.choice([plant for plant in PLANTS if plant is not PLANTS[number]])
        planted = other(planted, random)
    return planted


def named(differences: Iterable[Difference]) -> set[tuple[Case, str]]:
    return {(difference.case, difference.about) for difference in differences}


def each_disturbance_is_found_named_and_answered(given: Scenario) -> None:
    found = explained(given.books, given.statement, given.actions)
    books = corrected(given.books, found)
    left = unexplained(books, given.statement, late_visibility=LATE)
    assert named(found) | named(left) == given.planted
    assert all(difference.explained for difference in found)
    assert not any(difference.explained or difference.correction for difference in left)
    cases = {case for case, _ in given.planted}
    expected = TradingState.HALTED if cases & HALTING else TradingState.REDUCING if cases & REDUCING else None
    assert consequence_of([*found, *left]) is expected


def the_corrections_say_it_all(given: Scenario) -> None:
    books = corrected(given.books, explained(given.books, given.statement, given.actions))
    again = explained(books, given.statement, given.actions)
    assert [difference for difference in again if difference.correction] == []


def a_part_that_is_missing_proves_nothing(given: Scenario, part: str) -> None:
    silent = given.statement.model_copy(update={part: None})
    found = explained(given.books, silent, given.actions)
    left = unexplained(corrected(given.books, found), silent, late_visibility=LATE)
    assert named(found) | named(left) <= given.planted | {(Case.MISSING_REPORT, part)}
    assert (Case.MISSING_REPORT, part) in named(left)


def check(number: int, seeds: int) -> None:
    for seed in range(seeds):
        given = scenario(number, seed)
        each_disturbance_is_found_named_and_answered(given)
        the_corrections_say_it_all(given)
        a_part_that_is_missing_proves_nothing(given, PARTS[seed % len(PARTS)])


@pytest.mark.parametrize("number", KINDS)
def test_three_scenarios_of_each_kind(number: int) -> None:
    check(number, 3)


@pytest.mark.soak
@pytest.mark.parametrize("number", KINDS)
def test_eighty_scenarios_of_each_kind(number: int) -> None:
    check(number, 80)
