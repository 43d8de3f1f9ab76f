"""Shares and cash by the books against the broker's, and what a person may accept of the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from trading.adjustments import Adjustment, AdjustmentKind
from trading.books import Books
from trading.corrections import BookAdjustment, BookCapital, Correction, ForgetOrder, IgnoreOrder
from trading.differences import Case, Difference
from trading.money import ZERO, cents
from trading.orders import effective
from trading.portfolio import CapitalEvent, CapitalKind, Position
from trading.reports import reports_of
from trading.statement import Statement

SLIGHTLY = Decimal("1.00")
"""Dollars of cash that may be a rounding, or a charge to come."""

_POSITIONS = frozenset({Case.POSITION_TOO_LARGE, Case.POSITION_TOO_SMALL, Case.POSITION_FLIPPED, Case.POSITION_UNKNOWN})
_CASH = frozenset({Case.CASH_SLIGHTLY_OFF, Case.CASH_OFF})
_WORDS = {
    Case.POSITION_TOO_LARGE: "the broker holds more than the books",
    Case.POSITION_TOO_SMALL: "the broker holds less than the books",
    Case.POSITION_FLIPPED: "long to one, short to the other",
    Case.POSITION_UNKNOWN: "the broker holds what the books do not",
}


def balances_differ(books: Books, statement: Statement) -> Iterator[Difference]:
    """Every symbol whose shares differ, cash that differs by a cent or more, and an account that may not trade.

    Shares and cash are compared only when all was told that could explain why they differ.
    """
    told = reports_of(books, statement)
    if told.whole and told.holdings is not None:
        ours = _shares(books, statement)
        for symbol in sorted(ours.keys() | told.holdings.keys()):
            case = _case(ours.get(symbol, ZERO), told.holdings.get(symbol, ZERO))
            if case is not None:
                yield _position(case, symbol, ours.get(symbol, ZERO), told.holdings.get(symbol, ZERO))
    if told.account is None:
        return
    cash = _cash(books, statement)
    if told.whole and told.account.cash != cash:
        yield _money(cash, told.account.cash)
    if told.account.blocked is not None:
        yield Difference(
            case=Case.ACCOUNT_BLOCKED,
            about="account",
            ours="trades",
            theirs="blocked",
            words=told.account.blocked,
            evidence=(told.account.account_id,),
        )


def acceptance(
    books: Books,
    statement: Statement,
    difference: Difference,
    prices: Mapping[str, Decimal] = MappingProxyType({}),
) -> Correction | None:
    """What to tell the books when a person takes the broker's word for a difference; None when nobody may.

    Shares go at their average cost; those that open a position come at the price in `prices` (dollars a share, by
    symbol), else at the books' mark, and without either they cannot be accepted. What no longer differs needs nothing.
    """
    told = reports_of(books, statement)
    if difference.case is Case.EXTERNAL_ORDER:
        return IgnoreOrder(client_order_id=difference.about)
    if difference.case is Case.UNANSWERED_ORDER:
        return ForgetOrder(client_order_id=difference.about)
    if difference.case in _CASH and told.account is not None:
        return _cash_accepted(books, statement, told.account.cash - _cash(books, statement))
    if difference.case in _POSITIONS and told.holdings is not None:
        symbol = difference.about
        ours = _shares(books, statement).get(symbol, ZERO)
        change = told.holdings.get(symbol, ZERO) - ours
        position = next((held for held in books.portfolio.positions if held.symbol == symbol), None)
        price = prices.get(symbol, position.mark if position else None)
        cost = _cost(position, change, price)
        return _adopted(books, statement, symbol, change, cost) if change and cost is not None else None
    return None


def _shares(books: Books, statement: Statement) -> dict[str, Decimal]:
    """Shares by the books at the moment of the statement."""
    held = {position.symbol: position.quantity for position in books.portfolio.positions if position.quantity}
    for fill in effective(books.fills):
        if fill.filled_at > statement.taken_at:
            held[fill.symbol] = held.get(fill.symbol, ZERO) - fill.signed_quantity
    return held


def _cash(books: Books, statement: Statement) -> Decimal:
    """Cash by the books at the moment of the statement."""
    later = [fill.cash_change for fill in effective(books.fills) if fill.filled_at > statement.taken_at]
    paid = [event.amount for event in books.capital if event.occurred_at > statement.taken_at]
    return books.portfolio.cash - sum((*later, *paid), ZERO)


def _case(ours: Decimal, theirs: Decimal) -> Case | None:
    if ours == theirs:
        return None
    if not ours:
        return Case.POSITION_UNKNOWN
    if ours * theirs < 0:
        return Case.POSITION_FLIPPED
    return Case.POSITION_TOO_LARGE if abs(theirs) > abs(ours) else Case.POSITION_TOO_SMALL


def _position(case: Case, symbol: str, ours: Decimal, theirs: Decimal) -> Difference:
    return Difference(case=case, about=symbol, ours=f"{ours:f} shares", theirs=f"{theirs:f} shares", words=_WORDS[case])


def _money(ours: Decimal, theirs: Decimal) -> Difference:
    off = theirs - ours
    return Difference(
        case=Case.CASH_SLIGHTLY_OFF if abs(off) <= SLIGHTLY else Case.CASH_OFF,
        about="cash",
        ours=f"{ours:f} dollars",
        theirs=f"{theirs:f} dollars",
        words=f"the broker has {abs(off):f} dollars {'more' if off > 0 else 'less'} than the books",
    )


def _cost(position: Position | None, change: Decimal, price: Decimal | None) -> Decimal | None:
    """Dollars that the change adds to what is held: those that leave take their average cost, new ones a price."""
    held, cost = (position.quantity, position.cost_basis) if position else (ZERO, ZERO)
    leaving = min(abs(change), abs(held)) if held * change < 0 else ZERO
    released = cents(cost * leaving / abs(held)) if leaving else ZERO
    coming = change - leaving if change > 0 else change + leaving
    if not coming:
        return -released
    if held and not leaving:
        return cents(cost * coming / held)
    return None if price is None else cents(coming * price) - released


def _adopted(books: Books, statement: Statement, symbol: str, change: Decimal, cost: Decimal) -> BookAdjustment:
    at = statement.taken_at
    return BookAdjustment(
        adjustment=Adjustment(
            adjustment_id=f"{books.desk_id}/{symbol}/adoption/{at:%Y%m%dT%H%M%S.%fZ}",
            desk_id=books.desk_id,
            symbol=symbol,
            kind=AdjustmentKind.ADOPTION,
            quantity=change,
            cost=cost,
            effective_at=at,
            evidence=f"accepted by a person against the broker's statement of {at.isoformat()}",
        )
    )


def _cash_accepted(books: Books, statement: Statement, amount: Decimal) -> BookCapital | None:
    at = statement.taken_at
    if not amount:
        return None
    return BookCapital(
        capital=CapitalEvent(
            capital_event_id=f"{books.desk_id}/accepted/{at:%Y%m%dT%H%M%S.%fZ}",
            desk_id=books.desk_id,
            kind=CapitalKind.ADJUSTMENT,
            amount=amount,
            occurred_at=at,
        )
    )
