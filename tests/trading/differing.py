"""Books and an account that agree, and pairs of them that differ in one thing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.fakes.bookkeeping import LATE, account, activity, at_broker, folded, statement_of
from tests.making import after, deposit, fill, order, request
from trading.books import Books
from trading.differences import Case, Difference
from trading.instruments import Side
from trading.orders import Leg, Order, OrderState
from trading.reconciliation import unexplained
from trading.settlement import BrokerOrder
from trading.statement import Holding, Statement

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
