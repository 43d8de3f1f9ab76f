"""A split is found by what a list, the account and its activities say of it, and is booked once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.bookkeeping import TAKEN_AT, account, activity, corrected, statement_of
from tests.making import AT, after, fill, order, request
from tests.trading.differing import (
    BOUGHT,
    ORDERS,
    TOLD,
    TRUE,
    S,
    books,
    holds,
    instead,
    known,
    left,
    named,
    told,
)
from trading.breaker import TradingState
from trading.corporate_actions import ActionKind, CorporateAction
from trading.corrections import BookAdjustment
from trading.differences import Case, consequence_of
from trading.reconciliation import acceptance, explained
from trading.statement import Activity, Statement

EX = CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=(AT + timedelta(days=3)).date(), ratio=Decimal(4))


def of(ratio: str, **more: object) -> CorporateAction:
    return EX.model_copy(update={"ratio": Decimal(ratio), **more})


def test_a_listed_split_explains_shares_bought_before_it_and_not_after() -> None:
    more = order(request("AAPL", "3", cycle_id="paper/cycle-2"))
    later = fill(more.request, "3", "25", filled_at=TAKEN_AT)
    everything = books((*ORDERS, known(more)), (BOUGHT, later))
    theirs = statement_of(everything, holdings=holds(AAPL="43").holdings)
    ours = books((*ORDERS, known(more)), (BOUGHT,))
    found = explained(ours, theirs, [EX])
    expected = {(Case.SPLIT, "AAPL"), (Case.MISSED_FILL, more.request.client_order_id)}
    assert named(found) == expected
    assert left(corrected(ours, found), theirs) == ()


def in_lieu(amount: str, shares: str, *more: Activity) -> Statement:
    """Whole shares are held, and the rest was paid for in cash."""
    paid = activity("cash_in_lieu", amount, symbol="AAPL", occurred_at=TAKEN_AT - timedelta(hours=1))
    cash = account(TRUE.portfolio.cash + paid.amount, Decimal(1000))
    return holds(AAPL=shares).model_copy(update={"activities": (*more, paid), "account": cash})


@pytest.mark.parametrize(("ratio", "shares"), [("1.25", "12"), ("0.25", "2"), ("0.15", "1")])
def test_a_broker_of_whole_shares_pays_for_the_fraction(ratio: str, shares: str) -> None:
    theirs = in_lieu("40.00", shares)
    found = explained(TRUE, theirs, [of(ratio)])
    assert [(one.case, one.about) for one in found] == [(Case.CASH_IN_LIEU, "AAPL"), (Case.SPLIT, "AAPL")]
    mended = corrected(TRUE, found)
    assert left(mended, theirs) == ()
    (position,) = mended.portfolio.positions
    assert (position.cost_basis, mended.portfolio.cash) == (Decimal("1001.00"), TRUE.portfolio.cash + 40)


def moved(*shares: str) -> tuple[Activity, ...]:
    return tuple(
        activity("split", activity_id=f"split-{number}", symbol="AAPL", shares=count, occurred_at=after(90))
        for number, count in enumerate(shares)
    )


@pytest.mark.parametrize(
    ("shares", "told", "ratio"),
    [
        ("40", ("30",), "4"),
        ("40", ("-10", "40"), "4"),
        ("40", ("-10", "40", "-10", "40"), "4"),  # told twice under other ids
        ("1", ("-10", "1"), "0.1"),
        ("1", ("-9",), "0.1"),
        ("15", ("-10", "15"), "1.5"),
        ("13.333333333", ("-10", "13.333333333"), None),  # a ratio that nobody can read off it
    ],
)
def test_the_brokers_own_shares_say_the_ratio_where_nothing_was_left_over(
    shares: str, told: tuple[str, ...], ratio: str | None
) -> None:
    theirs = holds(AAPL=shares).model_copy(update={"activities": moved(*told)})
    found = explained(TRUE, theirs)
    ratios = [one.correction.adjustment.ratio for one in found if isinstance(one.correction, BookAdjustment)]
    assert ratios == ([] if ratio is None else [Decimal(ratio)])
    assert named(left(corrected(TRUE, found), theirs)) == (
        {(Case.POSITION_TOO_LARGE, "AAPL")} if ratio is None else set()
    )


def test_of_two_listed_ratios_that_both_fit_none_is_taken() -> None:
    theirs = in_lieu("40.00", "1")
    assert named(explained(TRUE, theirs, [of("0.15"), of("0.15")])) == {
        (Case.CASH_IN_LIEU, "AAPL"),
        (Case.SPLIT, "AAPL"),
    }
    found = explained(TRUE, theirs, [of("0.15"), of("0.125")])
    assert named(found) == {(Case.CASH_IN_LIEU, "AAPL")}
    assert (Case.POSITION_TOO_SMALL, "AAPL") in named(left(corrected(TRUE, found), theirs))


def test_where_cash_was_paid_for_the_rest_only_a_list_can_say_the_ratio() -> None:
    theirs = in_lieu("40.00", "1", *moved("-10", "1"))
    assert named(explained(TRUE, theirs)) == {(Case.CASH_IN_LIEU, "AAPL")}
    found = explained(TRUE, theirs, [of("0.15")])
    assert left(corrected(TRUE, found), theirs) == ()


@pytest.mark.parametrize(
    "action",
    [
        of("3"),
        of("4", symbol="KO"),
        of("4", ex_on=TAKEN_AT.date() + timedelta(days=1)),
        CorporateAction(symbol="AAPL", kind=ActionKind.DIVIDEND, ex_on=EX.ex_on, amount_usd=Decimal(1)),
    ],
    ids=["another ratio", "another company", "not in force yet", "a dividend"],
)
def test_no_other_action_explains_the_shares(action: CorporateAction) -> None:
    assert explained(TRUE, holds(AAPL="40"), [action]) == ()


def test_the_activity_of_another_company_explains_nothing() -> None:
    other = activity("split", symbol="KO", shares="30", occurred_at=after(90))
    theirs = holds(AAPL="40").model_copy(update={"activities": (other,)})
    assert explained(TRUE, theirs) == ()


def test_a_split_is_booked_once_whoever_tells_of_it() -> None:
    listed = explained(TRUE, holds(AAPL="40"), [EX])
    mended = corrected(TRUE, listed)
    again = activity("split", symbol="AAPL", shares="120", occurred_at=AT + timedelta(days=4))
    theirs = holds(AAPL="160").model_copy(update={"activities": (again,)})
    assert explained(mended, theirs, [EX]) == ()
    assert named(left(mended, theirs)) == {(Case.POSITION_TOO_LARGE, "AAPL")}


def test_an_order_that_rests_through_a_split_may_be_told_in_new_shares() -> None:
    split = corrected(TRUE, explained(TRUE, holds(AAPL="40"), [EX]))
    asked = {"quantity": Decimal(40), "stop_price": Decimal("22.5")}
    theirs = instead(S, **asked).model_copy(update={"holdings": holds(AAPL="40").holdings})
    assert left(split, theirs) == ()
    assert left(split, holds(AAPL="40")) == ()
    assert named(left(TRUE, instead(S, **asked))) == {(Case.TERMS_DIFFER, S)}


def test_a_fraction_is_paid_out_days_after_its_split_too() -> None:
    split = corrected(TRUE, explained(TRUE, holds(AAPL="12.5"), [of("1.25")]))
    theirs = in_lieu("40.00", "12")
    found = explained(split, theirs, [of("1.25")])
    assert named(found) == {(Case.CASH_IN_LIEU, "AAPL"), (Case.SPLIT, "AAPL")}
    mended = corrected(split, found)
    assert left(mended, theirs) == ()
    assert mended.portfolio.positions[0].cost_basis == Decimal("1001.00")
    assert explained(mended, in_lieu("40.00", "11"), [of("1.25")]) == ()


@pytest.mark.parametrize(
    ("action", "case", "words"),
    [
        (EX, Case.SPLIT_AWAITED, "AAPL: split of 4 for 1, ex 2026-11-23, which the account does not show"),
        (
            EX.model_copy(update={"kind": ActionKind.SPIN_OFF, "ratio": Decimal("0.25"), "new_symbol": "CORE"}),
            Case.LISTED_ACTION,
            "AAPL: spin-off of 0.25 for 1 into CORE, ex 2026-11-23: what became of the shares is for a person to say",
        ),
        (
            EX.model_copy(update={"kind": ActionKind.RENAME, "ratio": None, "new_symbol": "PEAR"}),
            Case.LISTED_ACTION,
            "AAPL: rename into PEAR, ex 2026-11-23: what became of the shares is for a person to say",
        ),
    ],
)
def test_a_listed_action_that_the_account_does_not_show_is_told_and_reduces(
    action: CorporateAction, case: Case, words: str
) -> None:
    found = left(TRUE, TOLD, actions=[action])
    assert [(one.case, one.about, one.words) for one in found] == [(case, "AAPL", words)]
    assert consequence_of(found) is TradingState.REDUCING
    assert explained(TRUE, TOLD, [action]) == ()
    # Not in force yet; not held before it; a part of the statement missing: nothing is said.
    assert left(TRUE, TOLD, actions=[action.model_copy(update={"ex_on": TAKEN_AT.date() + timedelta(days=1)})]) == ()
    assert left(TRUE, TOLD, actions=[action.model_copy(update={"ex_on": AT.date()})]) == ()
    silent = told(fills=None)
    assert named(left(TRUE, silent, actions=[action])) == {(Case.MISSING_REPORT, "fills")}


def test_a_listed_action_that_the_books_show_is_no_question_any_more() -> None:
    split = corrected(TRUE, explained(TRUE, holds(AAPL="40"), [EX]))
    assert left(split, holds(AAPL="40"), actions=[EX]) == ()
    spun = EX.model_copy(update={"kind": ActionKind.SPIN_OFF, "ratio": Decimal("0.25"), "new_symbol": "CORE"})
    theirs = holds(AAPL="10", CORE="2")
    (unknown, listed) = left(TRUE, theirs, actions=[spun])
    assert (unknown.case, listed.case) == (Case.POSITION_UNKNOWN, Case.LISTED_ACTION)
    taken = acceptance(TRUE, theirs, unknown, {"CORE": Decimal(20)})
    mended = corrected(TRUE, [unknown.model_copy(update={"correction": taken})])
    assert left(mended, theirs, actions=[spun]) == ()
