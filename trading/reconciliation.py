"""Compares the books with the broker's statement, after what is explained has been told to the books.

Pure, and no trade comes of it: `trading/differences.py` has the table of cases, `trading/explanations.py` the first of
the two passes. A statement is read in parts, one after the other, while the market trades: the caller acts on a
difference that a second statement shows again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from trading.adjustments import price_through, shares_through
from trading.balances import acceptance, balances_differ
from trading.books import Books
from trading.capital import capital_id
from trading.corporate_actions import CorporateAction
from trading.differences import Case, Difference
from trading.explanations import explained
from trading.money import ZERO
from trading.orders import OPEN, PROTECTIVE, UNANSWERED, Fill, Order, OrderRequest, OrderState, effective
from trading.reports import Reports, family, repeats, reports_of, sent
from trading.settlement import BrokerOrder
from trading.statement import Activity, ActivityKind, Statement
from trading.unshown import unshown

__all__ = ["acceptance", "explained", "unexplained"]

Content = BrokerOrder | Fill | Activity


def unexplained(
    books: Books,
    statement: Statement,
    *,
    late_visibility: timedelta,
    ignored: Collection[str] = (),
    actions: Collection[CorporateAction] = (),
) -> tuple[Difference, ...]:
    """What nobody can explain: to be run on the books after the corrections of `explained`.

    `late_visibility` is how long the broker may fail to tell what it has; `ignored` are ids of orders that a person
    has said may stand in this account; `actions` those listed for what is held. Nothing is concluded from a part that
    was not told: orders from orders, and shares and cash only when orders, fills and activities are there to explain
    them.
    """
    told, known = reports_of(books, statement), sent(books)
    heard = statement.taken_at - late_visibility
    return (
        *_missing(told),
        *_contradictions(statement),
        *_changed(books, told),
        *_strangers(books, told, ignored),
        *_lost(books, told, heard),
        *_terms(books, told, known),
        *_states(told, known),
        *_quantities(books, statement, told, known),
        *_unlisted(books, statement, told, heard),
        *_other_activities(told),
        *balances_differ(books, statement),
        *unshown(books, statement, actions),
    )


def _missing(told: Reports) -> Iterator[Difference]:
    for part in told.missing:
        words = "the broker did not tell it, or told nothing held although equity is not all cash"
        yield Difference(case=Case.MISSING_REPORT, about=part, ours="not compared", theirs="not told", words=words)


def _contradictions(statement: Statement) -> Iterator[Difference]:
    for repeat in repeats(statement):
        if repeat.is_same:
            continue
        doubled = isinstance(repeat.first, BrokerOrder)
        yield Difference(
            case=Case.DOUBLED_ORDER if doubled else Case.CHANGED_REPORT,
            about=repeat.name,
            ours=_content(repeat.first),
            theirs=_content(repeat.again),
            words="two orders under one id" if doubled else "told twice, with other content",
            evidence=(repeat.name,),
        )


def _changed(books: Books, told: Reports) -> Iterator[Difference]:
    """Fills and activities whose content is not what the books have under their id."""
    fills, activities = told.fills or {}, (told.activities or {}).values()
    amounts = {capital_id(books.desk_id, one.activity_id): one.amount for one in activities}
    for fill in books.fills:
        again = fills.get(fill.fill_id, fill)
        if again != fill:
            yield _change(fill.fill_id, _content(fill), _content(again))
    for paid in books.capital:
        amount = amounts.get(paid.capital_event_id, paid.amount)
        if amount != paid.amount:
            yield _change(paid.capital_event_id, f"{paid.amount:f} dollars", f"{amount:f} dollars")


def _change(name: str, ours: str, theirs: str) -> Difference:
    words = "the broker now tells it with other content"
    return Difference(case=Case.CHANGED_REPORT, about=name, ours=ours, theirs=theirs, words=words, evidence=(name,))


def _strangers(books: Books, told: Reports, ignored: Collection[str]) -> Iterator[Difference]:
    """Orders, told themselves or by their fills, that the books never let out."""
    known = sent(books)
    if told.orders is None:
        return
    strange: dict[str, list[str]] = {}
    for held in told.orders.values():
        if held.client_order_id not in known and family(known, held) is None:
            strange.setdefault(held.client_order_id, []).append(held.broker_order_id)
    for fill in (told.fills or {}).values():
        if fill.client_order_id not in known and fill.client_order_id not in told.orders:
            strange.setdefault(fill.client_order_id, []).append(fill.fill_id)
    for name, evidence in strange.items():
        if name not in ignored:
            yield _stranger(books.desk_id, name, told.orders.get(name), tuple(evidence))


def _stranger(desk_id: str, name: str, held: BrokerOrder | None, evidence: tuple[str, ...]) -> Difference:
    is_ours = name.startswith((f"{desk_id}-", f"{desk_id}/"))
    return Difference(
        case=Case.UNBOOKED_ORDER if is_ours else Case.EXTERNAL_ORDER,
        about=name,
        ours="never let out" if is_ours else "not ours",
        theirs=_order(held) if held else "fills of it",
        words="an order in our name that the books never let out" if is_ours else "somebody else's order",
        evidence=evidence,
    )


def _lost(books: Books, told: Reports, heard: datetime) -> Iterator[Difference]:
    """Orders that the broker had, or may have, and does not list; what was heard of after `heard` may yet show."""
    if told.orders is None:
        return
    told_at = _told_at(books)
    for name, order in sent(books).items():
        if name in told.orders or told_at.get(name, order.request.as_of) > heard:
            continue
        if order.state is OrderState.UNKNOWN:
            yield Difference(
                case=Case.UNANSWERED_ORDER,
                about=name,
                ours=order.state,
                theirs="not listed",
                words="the broker does not list an order that it never answered for",
                evidence=(name,),
            )
        if order.broker_order_id is not None and order.is_open and order.state not in UNANSWERED:
            yield Difference(
                case=Case.LOST_ORDER,
                about=name,
                ours=f"{order.state} as {order.broker_order_id}",
                theirs="not listed",
                words="the broker does not list an order that it had taken",
                evidence=(str(order.broker_order_id),),
            )


def _told_at(books: Books) -> dict[str, datetime]:
    """When the log last told of each order."""
    told: dict[str, datetime] = {}
    for stored in books.events:
        name = stored.event.data.get("client_order_id")
        if name is not None:
            told[str(name)] = stored.event.occurred_at
    return told


def _terms(books: Books, told: Reports, known: Mapping[str, Order]) -> Iterator[Difference]:
    for name, held in (told.orders or {}).items():
        order = known.get(name)
        if order and not any(_fits(request, held) for request in _forms(books, known, order.request)):
            ours, theirs = _request(order.request), _order(held)
            words = "the broker has it on other terms"
            evidence = (held.broker_order_id,)
            yield Difference(
                case=Case.TERMS_DIFFER, about=name, ours=ours, theirs=theirs, words=words, evidence=evidence
            )
    for fill in (told.fills or {}).values():
        order = known.get(fill.client_order_id)
        if order and (fill.symbol, fill.side) != (order.request.symbol, order.request.side):
            yield Difference(
                case=Case.TERMS_DIFFER,
                about=fill.client_order_id,
                ours=_request(order.request),
                theirs=_content(fill),
                words="the broker tells a fill of another kind for it",
                evidence=(fill.fill_id,),
            )


def _fits(request: OrderRequest, held: BrokerOrder) -> bool:
    """Whether the broker has what was asked; a price that it does not tell is not held against it."""
    prices = ((request.limit_price, held.limit_price), (request.stop_price, held.stop_price))
    same = (request.symbol, request.side, request.quantity) == (held.symbol, held.side, held.quantity)
    return same and all(theirs in {None, ours} for ours, theirs in prices)


def _forms(books: Books, known: Mapping[str, Order], request: OrderRequest) -> tuple[OrderRequest, ...]:
    """The terms that the broker may tell: as they were sent, and as a split or the fill of the other leg makes them."""
    siblings = (
        other.filled_quantity
        for name, other in known.items()
        if request.leg in PROTECTIVE
        and other.request.parent_id == request.parent_id
        and name != request.client_order_id
    )
    left = request.quantity - sum(siblings, ZERO)
    return request, *_rebased(books, request), request.model_copy(update={"quantity": left})


def _rebased(books: Books, request: OrderRequest) -> Iterator[OrderRequest]:
    """The request in the shares of today, which a broker may make of an order that rests through a split.

    Where the position came out whole, only the order itself says whether parts of a share are kept.
    """
    limit, stop = (
        price and price_through(price, request.symbol, books.adjustments, request.as_of)
        for price in (request.limit_price, request.stop_price)
    )
    for kept in (True, False):
        adjustments = (one.model_copy(update={"fractions": kept}) for one in books.adjustments)
        quantity = shares_through(request.quantity, request.symbol, adjustments, request.as_of)
        yield request.model_copy(update={"quantity": quantity, "limit_price": limit, "stop_price": stop})


def _states(told: Reports, known: Mapping[str, Order]) -> Iterator[Difference]:
    """Orders that are open to one side only. What is filled to one of them is a matter of quantities."""
    for name, held in (told.orders or {}).items():
        order = known.get(name)
        if order is None or OrderState.FILLED in {order.state, held.state}:
            continue
        if order.is_open is not (held.state in OPEN):
            yield Difference(
                case=Case.STATE_DIFFERS,
                about=name,
                ours=order.state,
                theirs=held.state,
                words=f"{order.state} does not lead to {held.state}",
                evidence=(held.broker_order_id,),
            )


def _quantities(books: Books, statement: Statement, told: Reports, known: Mapping[str, Order]) -> Iterator[Difference]:
    """Orders whose fills do not add up to what the broker says, or add up to more than was ordered.

    Fills that were booked after the statement are not held against it; of fills that were taken back a broker may go on
    to count what it first filled.
    """
    if told.orders is None or told.fills is None:
        return
    counted = [fill for fill in books.fills if fill.filled_at <= statement.taken_at]
    net, gross = _by_order(effective(counted)), _by_order(fill for fill in counted if not fill.reverses)
    for name, held in told.orders.items():
        if name not in known:
            continue
        ours, asked = net.get(name, ZERO), max(held.quantity, known[name].request.quantity)
        told_net = ours if held.filled_quantity == gross.get(name, ZERO) else held.filled_quantity
        if ours != told_net:
            yield _filled(Case.FILLED_DIFFERS, held, ours, "its fills do not add up to what the broker says")
        if max(ours, told_net) > asked:
            yield _filled(Case.OVER_FILL, held, ours, f"more was filled than the {asked:f} ordered")


def _by_order(fills: Iterable[Fill]) -> dict[str, Decimal]:
    shares: dict[str, Decimal] = {}
    for fill in fills:
        shares[fill.client_order_id] = shares.get(fill.client_order_id, ZERO) + fill.quantity
    return shares


def _filled(case: Case, held: BrokerOrder, ours: Decimal, words: str) -> Difference:
    return Difference(
        case=case,
        about=held.client_order_id,
        ours=f"{ours:f} filled",
        theirs=f"{held.filled_quantity:f} filled",
        words=words,
        evidence=(held.broker_order_id,),
    )


def _unlisted(books: Books, statement: Statement, told: Reports, heard: datetime) -> Iterator[Difference]:
    if told.fills is None:
        return
    for fill in books.fills:
        if fill.fill_id not in told.fills and statement.since_at < fill.filled_at <= heard:
            yield Difference(
                case=Case.UNLISTED_FILL,
                about=fill.client_order_id,
                ours=_content(fill),
                theirs="not listed",
                words="the broker does not tell a fill that the books have",
                evidence=(fill.fill_id,),
            )


def _other_activities(told: Reports) -> Iterator[Difference]:
    for activity in (told.activities or {}).values():
        if activity.kind is ActivityKind.OTHER:
            yield Difference(
                case=Case.OTHER_ACTIVITY,
                about=activity.symbol or "account",
                ours="not booked",
                theirs=_content(activity),
                words=activity.words or "the broker gives it no name",
                evidence=(activity.activity_id,),
            )


def _content(report: Content) -> str:
    if isinstance(report, BrokerOrder):
        return _order(report)
    if isinstance(report, Fill):
        return f"{report.side} {report.quantity:f} {report.symbol} at {report.price:f}, {report.filled_at.isoformat()}"
    return f"{report.kind} of {report.amount:f} dollars, {report.shares:f} shares"


def _order(held: BrokerOrder) -> str:
    prices = [f" {name} {price:f}" for name, price in (("limit", held.limit_price), ("stop", held.stop_price)) if price]
    return f"{held.side} {held.quantity:f} {held.symbol}{''.join(prices)}, {held.state}, as {held.broker_order_id}"


def _request(request: OrderRequest) -> str:
    prices = (("limit", request.limit_price), ("stop", request.stop_price))
    told = [f" {name} {price:f}" for name, price in prices if price]
    return f"{request.side} {request.quantity:f} {request.symbol}{''.join(told)}"
