"""What is known of a company: told only of now, in agents' facts by hours and days, and nowhere when there is none."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from pydantic import ValidationError

from tests.trading.agents.cases import ASK, AT, PROMPTS, assessment, books, candidate, facts, proposal, snapshot
from trading.agents import data, debate, validator
from trading.agents.facts import Books
from trading.agents.questions import Agent, Question
from trading.fundamentals import (
    MOST_DAYS,
    NOW_WITHIN,
    EarningsOn,
    Fundamentals,
    earnings_at,
    fundamentals_at,
    report_days,
)
from trading.market import SymbolFacts

WORTH = Fundamentals(market_cap=9e11, trailing_pe=18.5, source="yfinance", known_at=AT - timedelta(hours=6))
REPORT = EarningsOn(next_on=date(2017, 11, 14), last_on=date(2017, 8, 1), source="calendar", known_at=AT)


def known() -> SymbolFacts:
    return facts().model_copy(update={"fundamentals": WORTH, "earnings_on": REPORT})


def questions(seen: SymbolFacts) -> list[Question]:
    whole = snapshot(seen)
    return [
        data.question(PROMPTS[Agent.DATA], seen, Books.of(books()), AT, ASK),
        validator.question(PROMPTS[Agent.VALIDATOR], validator.Case(proposal(), assessment()), whole, ASK),
        debate.question(PROMPTS[Agent.BULL], debate.Case(candidate()), whole, ASK),
    ]


def test_agents_are_told_what_there_is_with_its_source_and_age_and_no_date() -> None:
    for question in questions(known()):
        assert question.facts["fundamentals"] == {
            "market_cap": 9e11,
            "trailing_pe": 18.5,
            "source": "yfinance",
            "age_hours": 6,
        }
        assert question.facts["earnings"] == {"days_to_next": 4, "days_since_last": 101, "source": "calendar"}
        assert "2017" not in question.user


def test_where_there_is_nothing_nothing_is_said_and_a_snapshot_keeps_its_hash() -> None:
    for question in questions(facts()):
        assert not {"fundamentals", "earnings"} & set(question.facts)
    assert not {"fundamentals", "earnings_on"} & set(json.loads(facts().model_dump_json()))
    assert snapshot(facts()).snapshot_id != snapshot(known()).snapshot_id
    assert SymbolFacts.model_validate_json(known().model_dump_json()) == known()


@pytest.mark.parametrize(("late", "told"), [(timedelta(0), True), (NOW_WITHIN, True), (timedelta(days=1), False)])
def test_what_was_told_later_than_a_moment_is_not_known_in_it(late: timedelta, told: bool) -> None:  # noqa: FBT001
    as_of = AT - timedelta(hours=6) - late
    assert (fundamentals_at(WORTH, as_of) is not None) is told
    days = report_days([date(2018, 1, 1)], "calendar", WORTH.known_at)
    assert (earnings_at(days, as_of) is not None) is told


def test_a_fund_without_a_number_has_nothing_to_tell() -> None:
    assert fundamentals_at(Fundamentals(source="yfinance", known_at=AT), AT) is None
    assert fundamentals_at(None, AT) is None
    assert earnings_at(report_days([], "calendar", AT), AT) is None


def test_the_day_of_a_report_is_still_to_come() -> None:
    days = report_days([AT.date(), date(2017, 8, 1), date(2018, 2, 1), AT.date()], "calendar", AT)
    assert len(days.days) == 3
    seen = earnings_at(days, AT)
    assert seen is not None
    assert (seen.last_on, seen.next_on) == (date(2017, 8, 1), AT.date())
    tomorrow = earnings_at(days, AT + timedelta(days=1))
    assert tomorrow is not None
    assert (tomorrow.last_on, tomorrow.next_on) == (AT.date(), date(2018, 2, 1))


def test_too_many_days_leave_the_newest() -> None:
    every = [date(2000, 1, 1) + timedelta(days=90 * quarter) for quarter in range(MOST_DAYS + 5)]
    assert report_days(every, "calendar", AT).days == tuple(every[5:])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 0, -1, 1e15])
def test_a_number_beyond_all_bounds_is_none(number: float) -> None:
    with pytest.raises(ValidationError):
        Fundamentals(market_cap=number, source="yfinance", known_at=datetime.now(AT.tzinfo))
