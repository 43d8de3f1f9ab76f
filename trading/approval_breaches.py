"""Whether an entry may be intended by the terms of approval: asked of a person, exactly as that one saw it, in time.

| code | the entry is denied because |
|---|---|
| `approval_missing` | its terms ask for a person, and none was asked |
| `approval_rejected`, `approval_partly`, `approval_expired` | it was not approved |
| `approval_changed` | it is not the order that was approved, in some field |
| `approval_too_old` | the yes came too long ago: the quote that was seen is of another time |
| `approval_drifted` | the newest price is too far from the mark that was seen |

A price that nobody knows is denied by its own limit (`price`). Exits and what protects a position wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from trading.approvals import Consent, digest_of, seal_of, usd_of
from trading.events import Event
from trading.limits import Breach, Limit, Part, part_of
from trading.orders import OrderRequest
from trading.settlement import IntentAsked

GRACE = timedelta(minutes=5)
"""A yes of the last second has so long to be intended: the inquiries before it may take two minutes each."""


def unapproved(asked: IntentAsked) -> tuple[Breach, ...]:
    """What a person's answer has against this order; empty means that it may be intended."""
    request, consent = asked.request, asked.consent
    if part_of(request.leg) is not Part.ENTRY:
        return ()
    if consent is not None:
        return tuple(_held_to(request, consent, asked))
    if not asked.approval.asks(usd_of(request)):
        return ()
    return (_breach("missing", f"{_said(request)} for {usd_of(request)} USD needs a person's approval"),)


def with_consent(event: Event, consent: Consent | None) -> Event:
    """The order's event, saying on whose word and under which hash."""
    if consent is None:
        return event
    told = consent.model_dump(mode="json", include={"hash", "by", "end", "approved"})
    return event.model_copy(update={"data": {**event.data, "consent": told}})


def _held_to(request: OrderRequest, consent: Consent, asked: IntentAsked) -> Iterable[Breach]:
    if not consent.approved:
        yield _breach(consent.end, f"{_said(request)} was not approved: {consent.words}")
        return
    if digest_of(request) not in consent.digests or seal_of(consent.digests) != consent.hash:
        yield _breach("changed", f"{_said(request)} is not the order that {consent.by} approved")
    if asked.intended_at > consent.expires_at + GRACE:
        yield _breach("too_old", f"{_said(request)}: {_late(asked.intended_at, consent)}")
    newest, most = asked.standing and asked.standing.price, asked.approval.max_drift
    if newest and abs(newest - request.mark) > most * request.mark:
        off = abs(newest / request.mark - 1)
        yield _breach(
            "drifted",
            f"{request.symbol} at {newest:f} is {off:.2%} off the mark {request.mark:f} that was approved, "
            f"at most {most:.2%}",
        )


def _late(at: datetime, consent: Consent) -> str:
    return f"what {consent.by} saw was good until {consent.expires_at:%H:%M:%S} UTC, it is {at:%H:%M:%S} UTC"


def _breach(code: str, reason: str) -> Breach:
    return Breach(limit=Limit.APPROVAL, code=f"approval_{code}", reason=reason)


def _said(request: OrderRequest) -> str:
    return f"{request.side} {request.quantity:f} {request.symbol}"
