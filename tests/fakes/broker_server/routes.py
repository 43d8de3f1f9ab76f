"""The paths of the API: which one asks the brokerage for what, and with which status it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from tests.fakes.broker_server import listing
from tests.fakes.broker_server.books import NEW_YORK
from tests.fakes.broker_server.brokerage import Brokerage
from tests.fakes.broker_server.listing import Activities, Query, yes
from tests.fakes.broker_server.reading import number
from tests.fakes.broker_server.records import CANCELLABLE, Asset, Refused, Row, unknown, unprocessable
from tests.fakes.broker_server.rows import asset_row, order_row, position_row

Answer = tuple[int, Any]


@dataclass
class Shop:
    """What the paths answer from: the brokerage, the telling of its activities, and the exchange's days."""

    brokerage: Brokerage
    activities: Activities
    holidays: set[date] = field(default_factory=set)
    early: dict[date, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asking:
    """One request: its query, its body, and the part of its path that names something."""

    shop: Shop
    query: Query
    body: bytes
    name: str

    @property
    def brokerage(self) -> Brokerage:
        return self.shop.brokerage

    def json(self) -> Row:
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            raise Refused(422, 40010000, "request body format is invalid")
        return read


def submit(asking: Asking) -> Answer:
    return 200, asking.brokerage.submit(asking.json())


def orders(asking: Asking) -> Answer:
    return 200, listing.order_rows(asking.brokerage, asking.query)


def order(asking: Asking) -> Answer:
    return 200, order_row(asking.brokerage.found(asking.name), nested=yes(asking.query, "nested"))


def order_by_client_id(asking: Asking) -> Answer:
    name = asking.query.get("client_order_id", "")
    held = asking.brokerage.orders.values()
    found = next((o for o in held if o.client_order_id == name), None)
    return 200, order_row(asking.brokerage.found(found.id if found else name))


def replace_order(asking: Asking) -> Answer:
    return 200, asking.brokerage.replace(asking.name, asking.json())


def cancel_order(asking: Asking) -> Answer:
    asking.brokerage.cancel(asking.name)
    return 204, None


def cancel_orders(asking: Asking) -> Answer:
    return 207, [{"id": id_, "status": 200} for id_ in _cancel_all(asking.brokerage)]


def positions(asking: Asking) -> Answer:
    held = asking.brokerage.holdings
    return 200, [_position(asking.brokerage, symbol) for symbol in sorted(held)]


def position(asking: Asking) -> Answer:
    return 200, _position(asking.brokerage, _asset(asking).symbol)


def close_position(asking: Asking) -> Answer:
    if "qty" in asking.query and "percentage" in asking.query:
        raise unprocessable("only one of qty or percentage")
    given: Row = dict(asking.query)
    qty, percentage = number(given, "qty"), number(given, "percentage")
    if percentage is not None and percentage > Decimal(100):
        raise unprocessable("percentage must be between 0 and 100")
    return 200, asking.brokerage.close(_asset(asking).symbol, qty, percentage)


def close_positions(asking: Asking) -> Answer:
    if yes(asking.query, "cancel_orders"):
        _cancel_all(asking.brokerage)
    answers: list[Row] = []
    for symbol in sorted(asking.brokerage.holdings):
        try:
            answers.append({"symbol": symbol, "status": 200, "body": asking.brokerage.close(symbol)})
        except Refused as refused:
            answers.append({"symbol": symbol, "status": refused.status, "body": refused.row})
    return 207, answers


def account(asking: Asking) -> Answer:
    return 200, asking.brokerage.account_row(asking.brokerage.reserved())


def activities(asking: Asking) -> Answer:
    if asking.query.get("activity_types") and asking.query.get("category"):
        raise unprocessable("category cannot be used with activity_types")
    return 200, asking.shop.activities.rows(asking.query, asking.query.get("activity_types", ""))


def activities_of_type(asking: Asking) -> Answer:
    return 200, asking.shop.activities.rows(asking.query, asking.name)


def assets(asking: Asking) -> Answer:
    wanted = {
        name: asking.query[given]
        for name, given in (("status", "status"), ("class", "asset_class"), ("exchange", "exchange"))
        if asking.query.get(given)
    }
    rows = [asset_row(asset) for asset in asking.brokerage.assets.values()]
    return 200, [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def asset(asking: Asking) -> Answer:
    return 200, asset_row(_asset(asking, "asset not found for {}"))


def calendar(asking: Asking) -> Answer:
    return 200, listing.calendar_rows(asking.query, asking.shop.holidays, asking.shop.early)


def clock(asking: Asking) -> Answer:
    now = asking.brokerage.clock().astimezone(NEW_YORK)
    span = {"start": now.date().isoformat(), "end": (now.date() + timedelta(days=15)).isoformat()}
    rows = listing.calendar_rows(span, asking.shop.holidays, asking.shop.early)
    bells = {name: [_bell(row, name) for row in rows] for name in ("open", "close")}
    after = {f"next_{name}": next(at for at in times if at > now).isoformat() for name, times in bells.items()}
    return 200, {"timestamp": now.isoformat(), "is_open": asking.brokerage.is_open, **after}


ROUTES: list[tuple[str, re.Pattern[str], Callable[[Asking], Answer]]] = [
    (method, re.compile(path), answer)
    for method, path, answer in (
        ("POST", "/v2/orders", submit),
        ("GET", "/v2/orders", orders),
        ("DELETE", "/v2/orders", cancel_orders),
        ("GET", "/v2/orders:by_client_order_id", order_by_client_id),
        ("GET", "/v2/orders/([^/]+)", order),
        ("PATCH", "/v2/orders/([^/]+)", replace_order),
        ("DELETE", "/v2/orders/([^/]+)", cancel_order),
        ("GET", "/v2/positions", positions),
        ("DELETE", "/v2/positions", close_positions),
        ("GET", "/v2/positions/([^/]+)", position),
        ("DELETE", "/v2/positions/([^/]+)", close_position),
        ("GET", "/v2/account", account),
        ("GET", "/v2/account/activities", activities),
        ("GET", "/v2/account/activities/([^/]+)", activities_of_type),
        ("GET", "/v2/assets", assets),
        ("GET", "/v2/assets/([^/]+)", asset),
        ("GET", "/v2/calendar", calendar),
        ("GET", "/v2/clock", clock),
    )
]


def answer(shop: Shop, request: tuple[str, str], query: Query, body: bytes) -> Answer:
    """What the API answers to a method and a path: a status, and a body unless it is None."""
    method, path = request
    for of_method, pattern, found in ROUTES:
        if of_method == method and (match := pattern.fullmatch(path)):
            name = unquote(match.group(1)) if match.groups() else ""
            with shop.brokerage.lock:
                try:
                    return found(Asking(shop, query, body, name))
                except Refused as refused:
                    return refused.status, refused.row
    return 404, unknown(f"endpoint not found: {method} {path}").row


def _asset(asking: Asking, missing: str = "symbol not found: {}") -> Asset:
    named = asking.brokerage.assets.get(asking.name)
    found = named or next((a for a in asking.brokerage.assets.values() if a.id == asking.name), None)
    if found is None:
        raise unknown(missing.format(asking.name))
    return found


def _position(brokerage: Brokerage, symbol: str) -> Row:
    held = brokerage.holdings.get(symbol)
    if held is None:
        raise unknown("position does not exist")
    return position_row(held, brokerage.available(symbol).copy_sign(held.qty))


def _cancel_all(brokerage: Brokerage) -> list[str]:
    cancelled = []
    for found in list(brokerage.orders.values()):
        if found.status in CANCELLABLE - {"pending_cancel"} and brokerage.visible(found):
            brokerage.cancel(found.id)
            cancelled.append(found.id)
    return cancelled


def _bell(row: Row, name: str) -> datetime:
    return datetime.combine(date.fromisoformat(row["date"]), time.fromisoformat(row[name]), NEW_YORK)
