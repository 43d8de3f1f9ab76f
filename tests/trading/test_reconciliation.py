"""Each case of the table is found under its name, with its consequence, and explained ones mend the books."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pytest

from tests.fakes.bookkeeping import LATE, TAKEN_AT, account, activity, at_broker, corrected, folded, statement_of
from tests.fakes.steps import sealed
from tests.making import AT, DESK, TRACE, after, deposit, fill, order, request
from trading import differences
from trading.books import Books
from trading.breaker import TradingState
from trading.corporate_actions import ActionKind, CorporateAction
from trading.corrections import BookAdjustment, BookCapital, BookFill, Correction, ForgetOrder, IgnoreOrder, MoveOrder
from trading.differences import RULES, Case, Consequence, Difference, consequence_of
from trading.events import Event, EventType
from trading.instruments import Side
from trading.money import Record
from trading.orders import Leg, Order, OrderRequest, OrderState
from trading.reconciliation import acceptance, explained, unexplained
from trading.settlement import BrokerOrder
from trading.statement import Activity, Holding, Statement

BUY = order(request("AAPL", "10", stop="90"))
REST = order(request("MSFT", "5", kind="limit", limit_price="50"))
BOUGHT = fill(BUY.request, "10", "100", commission="1.00")
STOP = order(
    request(
        "AAPL",
        "10",
        Side.SELL,
        leg=Leg.STOP,
        kind="stop",
        stop_price="90",
        client_order_id="0f-leg",
        parent_id=BUY.request.client_order_id,
    )
)
PAID = deposit("10000", occurred_at=after(-600))
B, R, S = (o.request.client_order_id for o in (BUY, REST, STOP))


def known(found: Order) -> Order:
    return found.model_copy(update={"broker_order_id": f"b-{found.request.client_order_id}"})


ORDERS = (known(BUY), known(REST), known(STOP))
TRUE = folded(ORDERS, [BOUGHT], [PAID])
TOLD = statement_of(TRUE)

# A pair that differs in one thing: what the books were told, what the broker states.
Pair = tuple[Books, Statement]


def books(orders: Iterable[Order] = ORDERS, fills: Iterable[Any] = (BOUGHT,), paid: Iterable[Any] = (PAID,)) -> Books:
    return folded(orders, fills, paid)


def told(**changes: object) -> Statement:
    return TOLD.model_copy(update=changes)


def instead(name: str, *others: BrokerOrder, **changes: object) -> Statement:
    """The statement with one order saying something else, or another in its place."""
    rest = tuple(one for one in TOLD.orders or () if one.client_order_id != name)
    (found,) = [one for one in TOLD.orders or () if one.client_order_id == name]
    new = (found.model_copy(update=changes),) if changes else ()
    return told(orders=(*rest, *new, *others))


def besides(*more: BrokerOrder) -> Statement:
    return told(orders=(*(TOLD.orders or ()), *more))


def said(name: str, **changes: object) -> Books:
    """The books with one order that was last said to be something else."""
    return books([o.model_copy(update=changes) if o.request.client_order_id == name else o for o in ORDERS])


def holds(**shares: str) -> Statement:
    return told(holdings=tuple(Holding(symbol=symbol, quantity=Decimal(held)) for symbol, held in shares.items()))


def pays(kind: str, amount: str, **more: object) -> Statement:
    one = activity(kind, amount, **more)
    return told(activities=(one,), account=account(TRUE.portfolio.cash + one.amount, Decimal(1000)))


def cash(off: str) -> Statement:
    return told(account=account(TRUE.portfolio.cash + Decimal(off), Decimal(1000)))


BUST = BOUGHT.model_copy(update={"fill_id": "bust-1", "reverses": BOUGHT.fill_id})
FLAT = {"holdings": (), "account": account(Decimal(10_000))}
OTHERS = at_broker(order(request("KO", "3", client_order_id="4711")))
OURS = at_broker(order(request("KO", "3", cycle_id="paper/cycle-9")))
DENIED = order(request("KO", "3", cycle_id="paper/cycle-9"), OrderState.DENIED)

OVER = books(fills=(BOUGHT, fill(REST.request, "6", "50")))
PART = books(fills=(BOUGHT, fill(REST.request, "2", "50")))

EXPLAINED: dict[str, tuple[Case, str, Pair]] = {
    "a fill that the books lack": (Case.MISSED_FILL, B, (books(fills=()), TOLD)),
    "a fill taken back": (
        Case.BUST,
        B,
        (
            TRUE,
            instead(B, filled_quantity=Decimal(0), state=OrderState.ACCEPTED).model_copy(
                update={"fills": (BOUGHT, BUST), **FLAT}
            ),
        ),
    ),
    "taken, not heard of": (Case.MISSED_ACCEPTANCE, R, (said(R, state=OrderState.SUBMITTED), TOLD)),
    "taken, after long doubt": (Case.MISSED_ACCEPTANCE, R, (said(R, state=OrderState.UNKNOWN), TOLD)),
    "cancelled": (Case.MISSED_CANCEL, R, (TRUE, instead(R, state=OrderState.CANCELLED))),
    "expired": (Case.MISSED_EXPIRY, R, (TRUE, instead(R, state=OrderState.EXPIRED))),
    "rejected": (Case.MISSED_REJECTION, R, (TRUE, instead(R, state=OrderState.REJECTED, reason="no such share"))),
    "a leg of a filled entry": (Case.UNADOPTED_LEG, S, (books(ORDERS[:2]), TOLD)),
    "a dividend": (Case.DIVIDEND, "AAPL", (TRUE, pays("dividend", "2.40", symbol="AAPL"))),
    "a fee": (Case.FEE, "cash", (TRUE, pays("fee", "-0.02"))),
    "interest": (Case.INTEREST, "cash", (TRUE, pays("interest", "0.31"))),
    "cash for a part of a share": (Case.CASH_IN_LIEU, "AAPL", (TRUE, pays("cash_in_lieu", "31.20", symbol="AAPL"))),
    "a deposit": (Case.DEPOSIT, "cash", (TRUE, pays("deposit", "500"))),
    "a withdrawal": (Case.WITHDRAWAL, "cash", (TRUE, pays("withdrawal", "-500"))),
    "a split that the broker tells": (
        Case.SPLIT,
        "AAPL",
        (
            TRUE,
            holds(AAPL="40").model_copy(
                update={"activities": (activity("split", symbol="AAPL", shares="30", occurred_at=after(90)),)}
            ),
        ),
    ),
    "a split in two lines, the old shares out and the new ones in": (
        Case.SPLIT,
        "AAPL",
        (
            TRUE,
            holds(AAPL="40").model_copy(
                update={
                    "activities": (
                        activity("split", activity_id="out", symbol="AAPL", shares="-10", occurred_at=after(90)),
                        activity("split", activity_id="in", symbol="AAPL", shares="40", occurred_at=after(91)),
                    )
                }
            ),
        ),
    ),
    "a fill twice": (Case.DUPLICATE_REPORT, BOUGHT.fill_id, (TRUE, told(fills=(BOUGHT, BOUGHT)))),
    "an order twice, as it moved": (
        Case.DUPLICATE_REPORT,
        R,
        (TRUE, told(orders=(*(TOLD.orders or ()), at_broker(ORDERS[1])))),
    ),
}
UNEXPLAINED: dict[str, tuple[Case, str, Pair]] = {
    **{
        f"{part} not told": (Case.MISSING_REPORT, part, (TRUE, told(**{part: None})))
        for part in ("account", "holdings", "orders", "fills", "activities")
    },
    "nothing held, but equity is not cash": (Case.MISSING_REPORT, "holdings", (TRUE, told(holdings=()))),
    "nobody's activity": (Case.OTHER_ACTIVITY, "account", (TRUE, told(activities=(activity("other"),)))),
    "somebody else's order": (Case.EXTERNAL_ORDER, "4711", (TRUE, besides(OTHERS))),
    "a cent more": (Case.CASH_SLIGHTLY_OFF, "cash", (TRUE, cash("0.01"))),
    "a dollar less": (Case.CASH_SLIGHTLY_OFF, "cash", (TRUE, cash("-1.00"))),
    "a dollar and a cent more": (Case.CASH_OFF, "cash", (TRUE, cash("1.01"))),
    "our id, unknown": (Case.UNBOOKED_ORDER, OURS.client_order_id, (TRUE, besides(OURS))),
    "our id, denied": (Case.UNBOOKED_ORDER, OURS.client_order_id, (books((*ORDERS, DENIED)), besides(OURS))),
    "not listed": (Case.LOST_ORDER, R, (TRUE, instead(R))),
    "never answered, not listed": (Case.UNANSWERED_ORDER, R, (said(R, state=OrderState.UNKNOWN), instead(R))),
    "two under one id": (Case.DOUBLED_ORDER, R, (TRUE, besides(at_broker(ORDERS[1], broker_order_id="b-2")))),
    "another quantity": (Case.TERMS_DIFFER, R, (TRUE, instead(R, quantity=Decimal(50)))),
    "another side": (Case.TERMS_DIFFER, R, (TRUE, instead(R, side=Side.SELL))),
    "another symbol": (Case.TERMS_DIFFER, R, (TRUE, instead(R, symbol="MSF"))),
    "another limit": (Case.TERMS_DIFFER, R, (TRUE, instead(R, limit_price=Decimal(51)))),
    "a limit where none was asked": (Case.TERMS_DIFFER, B, (TRUE, instead(B, limit_price=Decimal(101)))),
    "another stop": (Case.TERMS_DIFFER, S, (TRUE, instead(S, stop_price=Decimal(85)))),
    "a fill on the other side": (
        Case.TERMS_DIFFER,
        R,
        (TRUE, told(fills=(BOUGHT, fill(REST.request, "1", fill_id="odd", side=Side.SELL)))),
    ),
    "ended for us only": (Case.STATE_DIFFERS, R, (said(R, state=OrderState.CANCELLED), TOLD)),
    "filled without a fill": (
        Case.FILLED_DIFFERS,
        R,
        (TRUE, instead(R, filled_quantity=Decimal(2), state=OrderState.PARTIALLY_FILLED)),
    ),
    "the same fill at another price": (
        Case.CHANGED_REPORT,
        BOUGHT.fill_id,
        (TRUE, told(fills=(BOUGHT.model_copy(update={"price": Decimal(99)}),))),
    ),
    "a fill told in two ways": (
        Case.CHANGED_REPORT,
        BOUGHT.fill_id,
        (TRUE, told(fills=(BOUGHT, BOUGHT.model_copy(update={"price": Decimal(99)})))),
    ),
    "more than was ordered": (Case.OVER_FILL, R, (OVER, statement_of(OVER))),
    "a fill that nobody tells": (Case.UNLISTED_FILL, R, (PART, statement_of(PART, fills=(BOUGHT,)))),
    "too many shares": (Case.POSITION_TOO_LARGE, "AAPL", (TRUE, holds(AAPL="11"))),
    "too few shares": (Case.POSITION_TOO_SMALL, "AAPL", (TRUE, holds(AAPL="9"))),
    "none of the shares": (
        Case.POSITION_TOO_SMALL,
        "AAPL",
        (TRUE, told(holdings=(), account=account(TRUE.portfolio.cash))),
    ),
    "short shares": (Case.POSITION_FLIPPED, "AAPL", (TRUE, holds(AAPL="-10"))),
    "shares of another company": (Case.POSITION_UNKNOWN, "KO", (TRUE, holds(AAPL="10", KO="1"))),
    "blocked": (
        Case.ACCOUNT_BLOCKED,
        "account",
        (TRUE, told(account=account(TRUE.portfolio.cash, Decimal(1000), blocked="pattern day trader"))),
    ),
}


def named(found: Iterable[Difference]) -> set[tuple[Case, str]]:
    return {(difference.case, difference.about) for difference in found}


def left(ours: Books, theirs: Statement, **more: Any) -> tuple[Difference, ...]:
    return unexplained(ours, theirs, late_visibility=LATE, **more)


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


@pytest.mark.parametrize(
    ("shares", "cost"),
    [
        ("12", "200.20"),
        ("9", "-100.10"),
        ("0", "-1001.00"),
        ("-5", "-1501.00"),
    ],
)
def test_a_person_may_accept_the_brokers_shares_at_average_cost(shares: str, cost: str) -> None:
    theirs = holds(AAPL=shares) if shares != "0" else told(holdings=(), account=account(TRUE.portfolio.cash))
    (difference,) = left(TRUE, theirs)
    accepted = acceptance(TRUE, theirs, difference)
    assert isinstance(accepted, BookAdjustment)
    assert accepted.adjustment.quantity == Decimal(shares) - 10
    assert accepted.adjustment.cost == Decimal(cost)
    mended = corrected(TRUE, [difference.model_copy(update={"correction": accepted})])
    assert left(mended, theirs) == ()
    assert acceptance(mended, theirs, difference) is None


def test_shares_that_the_books_never_saw_need_a_price_to_be_accepted() -> None:
    theirs = holds(AAPL="10", KO="-3")
    (difference,) = left(TRUE, theirs)
    assert acceptance(TRUE, theirs, difference) is None
    accepted = acceptance(TRUE, theirs, difference, {"KO": Decimal("20.50")})
    assert isinstance(accepted, BookAdjustment)
    assert (accepted.adjustment.quantity, accepted.adjustment.cost) == (Decimal(-3), Decimal("-61.50"))


def test_cash_is_accepted_as_an_adjustment() -> None:
    theirs = cash("-7.00")
    (difference,) = left(TRUE, theirs)
    accepted = acceptance(TRUE, theirs, difference)
    assert isinstance(accepted, BookCapital)
    assert (accepted.capital.kind, accepted.capital.amount) == ("adjustment", Decimal("-7.00"))
    mended = corrected(TRUE, [difference.model_copy(update={"correction": accepted})])
    assert left(mended, theirs) == ()
    assert acceptance(mended, theirs, difference) is None


def test_an_external_order_is_accepted_by_leaving_it_alone() -> None:
    (difference,) = left(TRUE, besides(OTHERS))
    assert acceptance(TRUE, besides(OTHERS), difference) == IgnoreOrder(client_order_id="4711")


def test_an_order_that_never_arrived_is_ended_on_a_persons_word() -> None:
    ours, theirs = said(R, state=OrderState.UNKNOWN), instead(R)
    (difference,) = left(ours, theirs)
    assert acceptance(ours, theirs, difference) == ForgetOrder(client_order_id=R)


ACCEPTABLE = {
    Case.UNANSWERED_ORDER,
    Case.EXTERNAL_ORDER,
    Case.CASH_SLIGHTLY_OFF,
    Case.CASH_OFF,
    Case.POSITION_TOO_LARGE,
    Case.POSITION_TOO_SMALL,
    Case.POSITION_FLIPPED,
    Case.POSITION_UNKNOWN,
}


@pytest.mark.parametrize("name", [name for name, (case, _, _) in UNEXPLAINED.items() if case not in ACCEPTABLE])
def test_nobody_may_accept_anything_else(name: str) -> None:
    _, _, (ours, theirs) = UNEXPLAINED[name]
    assert [acceptance(ours, theirs, difference) for difference in left(ours, theirs)] == [None]
