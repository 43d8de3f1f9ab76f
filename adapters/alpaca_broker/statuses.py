"""Alpaca's words for an order's life, in ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trading.orders import OrderState

S = OrderState
_RESTS = None
"""Open: accepted, or partially filled once something has filled."""

STATUSES: Mapping[str, tuple[OrderState | None, str | None]] = {
    "new": (_RESTS, None),
    "accepted": (_RESTS, None),
    "pending_new": (_RESTS, None),
    "accepted_for_bidding": (_RESTS, None),
    "pending_review": (_RESTS, "alpaca is reviewing it"),
    "held": (_RESTS, None),
    "partially_filled": (_RESTS, None),
    "stopped": (_RESTS, "a trade is guaranteed and has not happened yet"),
    "suspended": (_RESTS, "suspended: it does not trade for now"),
    # Neither is an end: a good-till-cancelled order goes on in the next session, and Alpaca says so itself when a day
    # order is over.
    "done_for_day": (_RESTS, "done for the day"),
    "calculated": (_RESTS, "done for the day, being settled"),
    # Asked for and not done: it may still fill.
    "pending_cancel": (_RESTS, "being cancelled"),
    "pending_replace": (_RESTS, "being replaced"),
    "filled": (S.FILLED, None),
    "canceled": (S.CANCELLED, "cancelled at the broker"),
    "replaced": (S.CANCELLED, "replaced at the broker"),
    "expired": (S.EXPIRED, "expired at the broker"),
    "rejected": (S.REJECTED, "rejected by the broker or the exchange"),
}
"""Each status with its state and, where the state alone does not say why, the reason."""


def state_of(status: str, quantity: Decimal, filled: Decimal) -> tuple[OrderState, str | None]:
    """State and reason of an order. Raises ValueError for a status that is none."""
    if status not in STATUSES:
        raise ValueError(f"no status of an order: {status[:40]!r}")
    state, reason = STATUSES[status]
    if state is S.FILLED and filled < quantity:
        # A fill was taken back: Alpaca leaves the order as it was, and it does not fill again.
        return S.CANCELLED, "over, with a fill that was taken back"
    if state is S.REJECTED and filled:
        # What has traded has: only the rest was refused.
        return S.CANCELLED, reason
    if state is not None:
        return state, reason
    if status == "calculated" and filled >= quantity:
        return S.FILLED, None
    return (S.PARTIALLY_FILLED if filled else S.ACCEPTED), reason
