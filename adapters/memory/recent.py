"""What a desk has intended lately, counted as its orders are entered."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import takewhile
from typing import NamedTuple

from trading.intending import KnownOrder
from trading.money import CENT, ZERO
from trading.orders import PROTECTIVE, OrderRequest, stem_of
from trading.standing import Recent

_MINUTE = timedelta(minutes=1)
Terms = tuple[object, ...]


class Entered(NamedTuple):
    """An order, and when it was entered."""

    client_order_id: str
    at: datetime
    usd: Decimal


@dataclass
class Lately:
    """The orders of the last minute and of today, and by their terms those that an order may be the double of."""

    _entered: deque[Entered] = field(default_factory=deque)
    _alike: dict[Terms, list[Entered]] = field(default_factory=lambda: defaultdict(list))

    def enter(self, known: KnownOrder, at: datetime) -> None:
        """Count one more; what was denied or protects does not count."""
        request = known.order.request
        if request.leg not in PROTECTIVE and known.breaches is None:
            entered = Entered(request.client_order_id, at, _notional(request))
            self._entered.append(entered)
            self._alike[_terms(request)].append(entered)

    def count(self, request: OrderRequest, minutes: int, now: datetime, orders: Mapping[str, KnownOrder]) -> Recent:
        """What counts for one more order, and which looks like its double in so many minutes."""
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        while self._entered and self._entered[0].at < min(day, now - _MINUTE):
            self._entered.popleft()
        today = [one.usd for one in self._entered if one.at >= day]
        return Recent(
            last_minute=sum(one.at > now - _MINUTE for one in self._entered),
            today=len(today),
            usd_today=sum(today, ZERO),
            same=_same(request, self._within(request, now - timedelta(minutes=minutes)), orders),
        )

    def _within(self, request: OrderRequest, since: datetime) -> Iterable[Entered]:
        return takewhile(lambda one: one.at > since, reversed(self._alike.get(_terms(request), [])))


def _same(request: OrderRequest, newest_first: Iterable[Entered], orders: Mapping[str, KnownOrder]) -> str | None:
    """An order that ended without a fill is no double of anything, nor is one of the chain that this one goes on with.

    Two strategies that want the same are no doubles of each other: the limits hold over their sum.
    """
    stem = None if request.replaces is None else stem_of(request.replaces)
    for one in newest_first:
        order = orders[one.client_order_id].order
        if (order.filled_quantity or order.is_open) and (stem is None or stem_of(one.client_order_id) != stem):
            return one.client_order_id
    return None


def _terms(request: OrderRequest) -> Terms:
    return request.strategy_id, request.symbol, request.side, request.quantity


def _notional(request: OrderRequest) -> Decimal:
    prices = (request.mark, request.limit_price or ZERO, request.stop_price or ZERO)
    return (request.quantity * max(prices)).quantize(CENT, rounding=ROUND_HALF_UP)
