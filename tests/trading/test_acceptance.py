"""What a person may take over on the broker's word, and what nobody may."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.bookkeeping import account, corrected
from tests.trading.differing import (
    OTHERS,
    TRUE,
    UNEXPLAINED,
    R,
    besides,
    cash,
    holds,
    instead,
    left,
    said,
    told,
)
from trading.corrections import BookAdjustment, BookCapital, ForgetOrder, IgnoreOrder
from trading.differences import Case
from trading.orders import OrderState
from trading.reconciliation import acceptance


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
