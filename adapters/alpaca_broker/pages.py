"""Lists that Alpaca gives in pages: every page is followed, and a list without an end is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from alpaca.common.enums import Sort
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import QueryOrderStatus
from alpaca.trading.requests import GetOrdersRequest

from adapters.alpaca_broker import values as read
from adapters.alpaca_broker.reading import Found, read_orders
from adapters.alpaca_broker.wire import Wire
from trading.errors import BrokerUnavailable

MOST_PAGES = 40
"""20,000 orders, or 4,000 activities: ask about a shorter time."""
ORDERS = 500
ACTIVITIES = 100
"""The most in one page, of either."""
_STEP = timedelta(microseconds=1)
_AROUND = timedelta(seconds=5)
"""How far the times of an entry and its legs may lie apart."""

Filter = Mapping[str, Any]


async def order_pages(wire: Wire, since: datetime | None, **wanted: Any) -> list[Found]:
    """Orders from a moment on, oldest first, each once. Raises BrokerUnavailable when there is no end of them."""
    found: dict[str, Found] = {}
    after = since
    for _ in range(MOST_PAGES):
        page = await _page(wire, GetOrdersRequest(limit=ORDERS, after=after, direction=Sort.ASC, **wanted))
        new = [each for each in page if each.order.broker_order_id not in found]
        found |= {each.order.broker_order_id: each for each in new}
        # A nested page may count its legs or not: it is the last only if it is short either way.
        if not new or sum(1 + len(each.legs) for each in page) < ORDERS:
            return list(found.values())
        # `after` excludes, and orders of the same instant may stand on both sides of a page's end.
        after = max(each.order.received_at for each in page) - _STEP
    raise BrokerUnavailable(f"alpaca's orders have more than {MOST_PAGES} pages")


async def _page(wire: Wire, asked: GetOrdersRequest) -> list[Found]:
    return await wire.ask(lambda client: client.get_orders(asked), "the orders", read_orders)


async def orders_since(wire: Wire, since: datetime | None) -> list[Found]:
    """Every order from a moment on and every open one, with their families: whatever is no longer held back.

    Nested, Alpaca leaves out the open legs of an entry that has filled: open orders are asked for as they are, and the
    family of an older leg is looked up around its time.
    """
    families = await order_pages(wire, since, status=QueryOrderStatus.ALL, nested=True)
    if since is not None:
        families += await _older(wire, families)
    return [each for family in families for each in family.family()]


async def _older(wire: Wire, families: list[Found]) -> list[Found]:
    known = {each.order.broker_order_id for family in families for each in (family, *family.legs)}
    found: list[Found] = []
    for each in await order_pages(wire, None, status=QueryOrderStatus.OPEN, nested=False):
        if each.order.broker_order_id in known:
            continue
        family = await _family(wire, each) if each.group else each
        found.append(family)
        known |= {member.order.broker_order_id for member in (family, *family.legs)}
    return found


async def _family(wire: Wire, member: Found) -> Found:
    """The entry with all its legs that an order belongs to; the order alone when it cannot be found."""
    at, own = member.order.received_at, member.order.broker_order_id
    wanted = {"status": QueryOrderStatus.ALL, "nested": True, "symbols": [member.order.symbol], "until": at + _AROUND}
    for family in await order_pages(wire, at - _AROUND, **wanted):
        if own in {each.order.broker_order_id for each in (family, *family.legs)}:
            return family
    return member


async def activity_pages(wire: Wire, path: str, about: str, asked: Filter) -> list[read.Row]:
    """Activities of some kind, oldest first. Raises BrokerUnavailable when there is no end of them."""
    found: list[read.Row] = []
    token: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        ask = partial(_get, path=path, query={**asked, "direction": "asc", "page_size": ACTIVITIES, **token})
        page = await wire.ask(ask, about, _activities)
        found += page
        if len(page) < ACTIVITIES:
            return found
        token = {"page_token": str(page[-1]["id"])}
    raise BrokerUnavailable(f"alpaca's {about} have more than {MOST_PAGES} pages")


def _get(client: TradingClient, path: str, query: dict[str, Any]) -> Any:
    return client.get(path, query)


def _activities(value: object) -> list[read.Row]:
    page = read.rows(value, "activity")
    for of in page:
        read.said(of, "id")
    return page
