"""The invariant of human approval: no entry that a cycle's terms ask about is intended without a yes to exactly it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from trading.approvals import ApprovalAsked, ApprovalTerms, digest_of, seal_of, usd_of
from trading.books import Books, Finding
from trading.events import Event, EventType
from trading.orders import Leg, OrderRequest


def entries_were_approved(books: Books) -> Iterable[Finding]:
    """A1: the terms are those that the cycle's gate found; the yes stands in the log before the intent.

    It is bound to the hash of the orders that were asked about, was given in time, and names this very order. What was
    approved goes on at no other price.
    """
    requests = {order.request.client_order_id: order.request for order in books.orders}
    terms: dict[str, ApprovalTerms] = {}
    asked: dict[str, ApprovalAsked] = {}
    yes: dict[str, set[str]] = defaultdict(set)
    for event in (stored.event for stored in books.events):
        cycle = event.aggregate_id
        match event.type:
            case EventType.SNAPSHOT_TAKEN if "approval" in event.data:
                terms[cycle] = ApprovalTerms.model_validate(event.data["approval"])
            case EventType.APPROVAL_ASKED:
                asked[cycle] = _asked(event)
            case EventType.APPROVAL_ENDED:
                yes[cycle] |= _approved(event)
                yield from _wrong_ends(event, asked.get(cycle))
            case EventType.ORDER_INTENDED if cycle in terms and event.data.get("leg") == Leg.ENTRY:
                request = requests.get(str(event.data["client_order_id"]))
                found = request and _unapproved(request, terms[cycle], yes[cycle], requests)
                if found:
                    yield Finding(invariant="A1", about=str(event.data["client_order_id"]), found=found)


def _unapproved(
    request: OrderRequest, terms: ApprovalTerms, yes: set[str], requests: Mapping[str, OrderRequest]
) -> str | None:
    """What is wrong with an intended entry; None when nothing is."""
    if request.replaces is not None:
        first = request
        while first.replaces is not None and first.replaces in requests:
            first = requests[first.replaces]
        return "goes on with an approved order at a price that nobody has seen" if _waited(first, terms) else None
    if _waited(request, terms) and digest_of(request) not in yes:
        return "intended without a person's approval of this order"
    return None


def _waited(request: OrderRequest, terms: ApprovalTerms) -> bool:
    return terms.asks(usd_of(request))


def _wrong_ends(event: Event, asked: ApprovalAsked | None) -> Iterable[Finding]:
    """An answer must be bound to what was asked, and have come in time."""
    if not _approved(event):
        return
    if asked is None or not (event.data["hash"] == asked.hash == seal_of(asked.digests)):
        yield Finding(invariant="A1", about=event.aggregate_id, found="an approval of something that nobody was asked")
    elif not _approved(event) <= set(asked.digests):
        yield Finding(invariant="A1", about=event.aggregate_id, found="an approval of an order that nobody asked about")
    elif event.occurred_at >= asked.expires_at:
        yield Finding(invariant="A1", about=event.aggregate_id, found="an approval that came too late")


def _approved(event: Event) -> set[str]:
    orders: Any = event.data.get("orders") or []
    return {str(order["digest"]) for order in orders if order["approved"]}


def _asked(event: Event) -> ApprovalAsked:
    said = {"cycle_id": event.aggregate_id, "desk_id": event.desk_id, "trace_id": event.trace_id}
    return ApprovalAsked.model_validate({**event.data, **said})
