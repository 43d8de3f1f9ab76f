"""Each case of the table is found under its name, with its consequence, and explained ones mend the books."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import get_args, get_type_hints

import pytest

from tests.fakes.bookkeeping import LATE, TAKEN_AT, activity, at_broker, corrected, statement_of
from tests.fakes.desk import sealed
from tests.making import DESK, TRACE, after, deposit, fill, order, request
from tests.trading.differing import (
    BOUGHT,
    BUST,
    BUY,
    EXPLAINED,
    ORDERS,
    OTHERS,
    PAID,
    REST,
    STOP,
    TOLD,
    TRUE,
    UNEXPLAINED,
    B,
    Pair,
    R,
    S,
    books,
    instead,
    known,
    left,
    named,
    pays,
    said,
    told,
)
from trading import differences
from trading.books import Books
from trading.breaker import TradingState
from trading.corrections import BookAdjustment, BookCapital, BookFill, Correction, MoveOrder
from trading.differences import RULES, Case, Consequence, consequence_of
from trading.events import Event, EventType
from trading.instruments import Side
from trading.money import Record
from trading.orders import Leg, Order, OrderRequest, OrderState
from trading.reconciliation import explained
from trading.settlement import BrokerOrder
from trading.statement import Statement


def test_books_that_agree_have_no_differences() -> None:
    assert (explained(TRUE, TOLD), left(TRUE, TOLD)) == ((), ())


@pytest.mark.parametrize(("case", "about", "pair"), EXPLAINED.values(), ids=EXPLAINED)
def test_what_the_broker_explains_is_named_and_mends_the_books(case: Case, about: str, pair: Pair) -> None:
    ours, theirs = pair
    found = explained(ours, theirs)
    assert named(found) == {(case, about)}
    assert all(one.explained and one.evidence for one in found)
    assert consequence_of(found) is None
    mended = corrected(ours, found)
    assert left(mended, theirs) == ()
    assert [one for one in explained(mended, theirs) if one.correction] == []


@pytest.mark.parametrize(("case", "about", "pair"), UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_what_nobody_explains_is_named_and_not_mended(case: Case, about: str, pair: Pair) -> None:
    ours, theirs = pair
    found = left(ours, theirs)
    assert explained(ours, theirs) == ()
    assert named(found) == {(case, about)}
    assert not any(one.explained or one.correction for one in found)
    states = {Consequence.HALT: TradingState.HALTED, Consequence.REDUCE: TradingState.REDUCING}
    assert consequence_of(found) is states.get(found[0].consequence)


def test_every_case_has_a_row_of_its_own_and_a_test() -> None:
    tried = {case for case, _, _ in [*EXPLAINED.values(), *UNEXPLAINED.values()]}
    assert tried | {Case.SPLIT_AWAITED, Case.LISTED_ACTION} == set(RULES) == set(Case)


def test_the_table_in_words_is_the_table_in_force() -> None:
    first, second = str(differences.__doc__).split("Unexplained:")
    for explains, words in ((True, first), (False, second)):
        rows = re.findall(r"^\| (\w+) +\| \w.* \| (\w+) +\|$", words, re.MULTILINE)[1:]
        assert rows == [(case, rule.consequence) for case, rule in RULES.items() if rule.explained is explains]


def test_the_gravest_difference_decides() -> None:
    grave, mild, noted = (
        next(iter(left(*UNEXPLAINED[name][2]))) for name in ("too few shares", "a cent more", "account not told")
    )
    assert consequence_of([]) is consequence_of([noted]) is None
    assert consequence_of([noted, mild]) is TradingState.REDUCING
    assert consequence_of([noted, mild, grave, mild]) is TradingState.HALTED


def test_no_correction_can_send_an_order() -> None:
    union, _ = get_args(Correction)
    seen: set[type] = set()
    waiting = list(get_args(union))
    while waiting:
        hint = waiting.pop()
        if isinstance(hint, type) and issubclass(hint, Record) and hint not in seen:
            seen.add(hint)
            waiting += get_type_hints(hint).values()
        waiting += get_args(hint)
    assert {BookFill, MoveOrder, BookAdjustment, BrokerOrder} < seen
    assert seen.isdisjoint({OrderRequest, Order})


def test_an_order_that_was_heard_of_just_now_is_not_lost_yet() -> None:
    def heard(at: timedelta) -> Books:
        event = Event(
            event_id="e",
            desk_id=DESK,
            aggregate_id=DESK,
            type=EventType.ORDER_ACCEPTED,
            trace_id=TRACE,
            occurred_at=TAKEN_AT - at,
            data={"client_order_id": R},
        )
        return TRUE.model_copy(update={"events": sealed([event])})

    assert left(heard(LATE - timedelta(seconds=1)), instead(R)) == ()
    assert named(left(heard(LATE), instead(R))) == {(Case.LOST_ORDER, R)}


@pytest.mark.parametrize("state", [OrderState.INTENDED, OrderState.SUBMITTED])
def test_an_order_that_the_broker_never_took_is_not_lost(state: OrderState) -> None:
    assert left(said(R, state=state), instead(R)) == ()


def test_what_was_booked_after_the_statement_is_not_held_against_it() -> None:
    late = fill(REST.request, "5", "50", filled_at=TAKEN_AT + timedelta(seconds=1))
    paid = deposit("5", capital_event_id="deposit-2", occurred_at=TAKEN_AT + timedelta(seconds=1))
    assert left(books(fills=(BOUGHT, late), paid=(PAID, paid)), TOLD) == ()


def test_a_fill_of_a_moment_ago_may_be_told_late() -> None:
    recent = fill(REST.request, "2", "50", filled_at=TAKEN_AT - timedelta(seconds=1))
    ours = books(fills=(BOUGHT, recent))
    assert left(ours, statement_of(ours, fills=(BOUGHT,))) == ()


def test_an_order_that_was_taken_and_filled_unheard_catches_up_in_both() -> None:
    ours = books([known(REST), STOP, BUY.model_copy(update={"state": OrderState.SUBMITTED})], fills=())
    found = explained(ours, TOLD)
    assert [(one.case, one.about) for one in found] == [(Case.MISSED_ACCEPTANCE, B), (Case.MISSED_FILL, B)]
    assert left(corrected(ours, found), TOLD) == ()


def test_a_leg_grows_until_its_entry_has_ended() -> None:
    part = fill(BUY.request, "4")
    ours = books(ORDERS[:2], fills=(part,))
    growing = at_broker(ORDERS[2], quantity="4")
    theirs = statement_of(ours)
    theirs = theirs.model_copy(update={"orders": (*(theirs.orders or ()), growing)})
    assert (explained(ours, theirs), left(ours, theirs)) == ((), ())


def test_a_leg_that_ended_without_a_fill_was_not_missed() -> None:
    ours = books(ORDERS[:2])
    theirs = instead(S, state=OrderState.CANCELLED)
    assert (explained(ours, theirs), left(ours, theirs)) == ((), ())


def test_a_leg_that_filled_unseen_is_adopted_with_its_fill() -> None:
    sold = fill(STOP.request, "10", "89", filled_at=after(5))
    theirs = statement_of(books(fills=(BOUGHT, sold)))
    ours = books(ORDERS[:2])
    found = explained(ours, theirs)
    assert [(one.case, one.about) for one in found] == [(Case.UNADOPTED_LEG, S), (Case.MISSED_FILL, S)]
    assert left(corrected(ours, found), theirs) == ()


def test_what_the_account_did_before_the_books_began_is_in_their_opening_cash() -> None:
    theirs = told(activities=(activity("deposit", "10000", occurred_at=after(-601)),))
    assert (explained(TRUE, theirs), left(TRUE, theirs)) == ((), ())


def test_an_activity_is_booked_once_and_must_stay_as_it_was() -> None:
    theirs = pays("fee", "-0.02")
    (found,) = explained(TRUE, theirs)
    assert isinstance(found.correction, BookCapital)
    assert found.correction.capital.capital_event_id == f"{DESK}/fee-1"
    mended = corrected(TRUE, [found])
    assert explained(mended, theirs) == ()
    other = pays("fee", "-0.03").model_copy(update={"account": theirs.account})
    assert named(left(mended, other)) == {(Case.CHANGED_REPORT, f"{DESK}/fee-1")}


def test_the_other_leg_gives_way_by_what_one_leg_filled() -> None:
    target = order(
        request(
            "AAPL",
            "10",
            Side.SELL,
            leg=Leg.TARGET,
            kind="limit",
            limit_price="120",
            client_order_id="0f-target",
            parent_id=B,
        )
    )
    ours = books((*ORDERS, known(target)), (BOUGHT, fill(target.request, "4", "120", filled_at=after(3))))
    theirs = statement_of(ours)

    def stops_for(quantity: int) -> Statement:
        legs = (o.model_copy(update={"quantity": Decimal(quantity)}) if o.client_order_id == S else o for o in orders)
        return theirs.model_copy(update={"orders": tuple(legs)})

    orders = theirs.orders or ()
    assert left(ours, stops_for(6)) == ()
    assert named(left(ours, stops_for(5))) == {(Case.TERMS_DIFFER, S)}


def test_a_broker_may_go_on_counting_what_it_took_back() -> None:
    right = BOUGHT.model_copy(update={"fill_id": "right-1", "price": Decimal(99)})
    ours = books(fills=(BOUGHT, BUST, right))
    theirs = statement_of(ours)

    def filled(shares: str) -> Statement:
        update = {"filled_quantity": Decimal(shares)}
        told = (o.model_copy(update=update) if o.client_order_id == B else o for o in theirs.orders or ())
        return theirs.model_copy(update={"orders": tuple(told)})

    assert left(ours, filled("10")) == left(ours, filled("20")) == ()
    assert named(left(ours, filled("15"))) == {(Case.FILLED_DIFFERS, B), (Case.OVER_FILL, B)}


def test_fills_of_a_strange_order_name_it_once() -> None:
    strange = fill(REST.request, "1", "50", fill_id="f", client_order_id="4711", symbol="KO")
    theirs = told(fills=(BOUGHT, strange), orders=(*(TOLD.orders or ()), OTHERS))
    assert named(left(TRUE, theirs)) == {(Case.EXTERNAL_ORDER, "4711")}
    unlisted = told(fills=(BOUGHT, strange))
    assert named(left(TRUE, unlisted)) == {(Case.EXTERNAL_ORDER, "4711")}
    assert left(TRUE, theirs, ignored={"4711"}) == ()
