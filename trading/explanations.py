"""What the broker did and the books missed: each difference that its own reports explain, with the books' correction.

Corrections come in the order in which they can be told to the books: legs, moves, fills, cash, shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from trading.adjustments import Adjustment
from trading.books import Books
from trading.capital import capital_of_activity
from trading.corporate_actions import CorporateAction
from trading.corrections import AdoptLeg, BookAdjustment, BookCapital, BookFill, MoveOrder
from trading.differences import Case, Difference
from trading.money import ZERO
from trading.order_events import protective_request
from trading.orders import OPEN, TRANSITIONS, UNANSWERED, Fill, Order, OrderState
from trading.portfolio import shares_of
from trading.reports import Reports, family, repeats, reports_of, sent
from trading.settlement import BrokerOrder
from trading.splits import splits_of
from trading.statement import ActivityKind, Statement

# The end of an order at the broker, and what the books have missed by it.
_MISSED = {
    OrderState.CANCELLED: Case.MISSED_CANCEL,
    OrderState.EXPIRED: Case.MISSED_EXPIRY,
    OrderState.REJECTED: Case.MISSED_REJECTION,
    OrderState.ACCEPTED: Case.MISSED_ACCEPTANCE,
}
_TAKEN = frozenset({OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.FILLED})
_CASH = {
    ActivityKind.DIVIDEND: Case.DIVIDEND,
    ActivityKind.FEE: Case.FEE,
    ActivityKind.INTEREST: Case.INTEREST,
    ActivityKind.CASH_IN_LIEU: Case.CASH_IN_LIEU,
    ActivityKind.DEPOSIT: Case.DEPOSIT,
    ActivityKind.WITHDRAWAL: Case.WITHDRAWAL,
}


def explained(books: Books, statement: Statement, actions: Iterable[CorporateAction] = ()) -> tuple[Difference, ...]:
    """What the broker did and the books missed; empty when they missed nothing.

    `actions` are the corporate actions listed for what is held. Nothing is concluded from a part that was not told.
    Once its corrections are told to the books, it finds no more to correct.
    """
    told, known = reports_of(books, statement), sent(books)
    legs = tuple(_unadopted(told, known))
    adopted = {
        leg.client_order_id: Order(request=protective_request(entry.request, leg), state=OrderState.ACCEPTED)
        for entry, leg in legs
    }
    fills = tuple(_missed(books, told, known | adopted))
    return (
        *_duplicates(statement),
        *(_adoption(entry, leg) for entry, leg in legs),
        *_moves(told, known | adopted),
        *(_missed_fill(fill) for fill in fills),
        *_capital(books, told),
        *_splits(books, statement, fills, tuple(actions)),
    )


def _duplicates(statement: Statement) -> Iterator[Difference]:
    for repeat in repeats(statement):
        if repeat.is_same:
            yield Difference(
                case=Case.DUPLICATE_REPORT,
                about=repeat.name,
                ours="once",
                theirs="twice",
                words="the broker told it twice, with the same content",
                evidence=(repeat.name,),
            )


def _unadopted(told: Reports, known: Mapping[str, Order]) -> Iterator[tuple[Order, BrokerOrder]]:
    """Legs of our entries that the books lack. One grows with its entry: its size is known once that has ended.

    A leg that ended without a fill has protected nothing, and nothing is missed with it.
    """
    filled = {fill.client_order_id for fill in (told.fills or {}).values()}
    orders = told.orders or {}
    for leg in orders.values():
        entry = family(known, leg)
        if entry is None or leg.client_order_id in known:
            continue
        held = orders.get(entry.request.client_order_id)
        ended = not entry.is_open if held is None else held.state not in OPEN
        if leg.filled_quantity or leg.client_order_id in filled or (ended and leg.state in OPEN):
            yield entry, leg


def _adoption(entry: Order, leg: BrokerOrder) -> Difference:
    name = entry.request.client_order_id
    return Difference(
        case=Case.UNADOPTED_LEG,
        about=leg.client_order_id,
        ours="not known",
        theirs=f"{leg.leg} of {leg.quantity:f} {leg.symbol}, {leg.state}",
        words=f"the broker holds a {leg.leg} of the entry {name}",
        evidence=(leg.broker_order_id,),
        correction=AdoptLeg(entry_id=name, leg=leg),
    )


def _moves(told: Reports, known: Mapping[str, Order]) -> Iterator[Difference]:
    for name, held in (told.orders or {}).items():
        order = known.get(name)
        state = _missed_state(order, held) if order else None
        if order is None or state is None:
            continue
        yield Difference(
            case=_MISSED[state],
            about=name,
            ours=order.state,
            theirs=held.state,
            words=f"the books say {order.state}, the broker {held.state}" + (f": {held.reason}" if held.reason else ""),
            evidence=(held.broker_order_id,),
            correction=MoveOrder(client_order_id=name, state=state, held=held),
        )


def _missed_state(order: Order, held: BrokerOrder) -> OrderState | None:
    """Where the broker's word leads an order; fills lead it on by themselves."""
    if order.is_open and held.state in TRANSITIONS[order.state] and held.state not in OPEN | {OrderState.FILLED}:
        return held.state
    return OrderState.ACCEPTED if order.state in UNANSWERED and held.state in _TAKEN else None


def _missed(books: Books, told: Reports, known: Mapping[str, Order]) -> Iterator[Fill]:
    """Fills of our orders, as they were intended, that the books lack; oldest first."""
    booked = {fill.fill_id for fill in books.fills}
    for fill in sorted((told.fills or {}).values(), key=lambda fill: (fill.filled_at, fill.fill_id)):
        order = known.get(fill.client_order_id)
        fits = order is not None and (fill.symbol, fill.side) == (order.request.symbol, order.request.side)
        if fits and fill.fill_id not in booked:
            yield fill


def _missed_fill(fill: Fill) -> Difference:
    terms = f"{fill.side} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
    taken_back = f"the broker takes back the fill {fill.reverses}" if fill.reverses else None
    return Difference(
        case=Case.BUST if fill.reverses else Case.MISSED_FILL,
        about=fill.client_order_id,
        ours="not booked",
        theirs=terms,
        words=taken_back or f"the broker filled it at {fill.filled_at.isoformat()}",
        evidence=(fill.fill_id,),
        correction=BookFill(fill=fill),
    )


def _capital(books: Books, told: Reports) -> Iterator[Difference]:
    booked = {paid.capital_event_id for paid in books.capital}
    for activity in (told.activities or {}).values():
        case, capital = _CASH.get(activity.kind), capital_of_activity(books.desk_id, activity)
        if case is None or capital is None or not capital.amount or capital.capital_event_id in booked:
            continue
        yield Difference(
            case=case,
            about=activity.symbol or "cash",
            ours="not booked",
            theirs=f"{activity.amount:f} dollars",
            words=activity.words or f"{activity.kind} of {activity.occurred_at.date()}",
            evidence=(activity.activity_id,),
            correction=BookCapital(capital=capital),
        )


def _splits(
    books: Books, statement: Statement, missed: tuple[Fill, ...], actions: tuple[CorporateAction, ...]
) -> Iterator[Difference]:
    """Splits that turn our shares, the missed fills among them, into the broker's."""
    told = reports_of(books, statement)
    if told.holdings is None or told.orders is None or told.fills is None:
        return
    fills = (*books.fills, *missed)
    activities = tuple((told.activities or {}).values())
    for symbol in sorted({fill.symbol for fill in fills} | {one.symbol for one in books.adjustments}):
        ours, theirs = shares_of(symbol, fills, books.adjustments), told.holdings.get(symbol, ZERO)
        if ours == theirs:
            continue
        for told_of in splits_of(symbol, books, fills, actions, activities):
            fitting = [
                split
                for split in told_of
                if split.effective_at <= statement.taken_at
                and shares_of(symbol, fills, (*books.adjustments, split)) == theirs
            ]
            # Of two ratios that both fit nobody knows which it was, unless nothing is left to be priced by it.
            if fitting and (not theirs or len({split.ratio for split in fitting}) == 1):
                yield _split(fitting[0], ours, theirs)
            if fitting:
                break


def _split(split: Adjustment, ours: Decimal, theirs: Decimal) -> Difference:
    return Difference(
        case=Case.SPLIT,
        about=split.symbol,
        ours=f"{ours:f} shares",
        theirs=f"{theirs:f} shares",
        words=split.evidence,
        evidence=(split.adjustment_id,),
        correction=BookAdjustment(adjustment=split),
    )
