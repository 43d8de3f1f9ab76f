"""Lists of orders and activities: what a query picks, in which order, and where a page ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random

from tests.fakes.broker_server.brokerage import Brokerage
from tests.fakes.broker_server.records import OPEN, Order, Row, unprocessable
from tests.fakes.broker_server.rows import order_row

Query = dict[str, str]
NOT_MISC = {"FILL", "CSD", "CSW", "DIV"}


def yes(query: Query, name: str) -> bool:
    return query.get(name, "").lower() == "true"


def moment(query: Query, name: str) -> datetime | None:
    """A time of a query: a date or a time, in UTC unless it says otherwise."""
    given = query.get(name)
    if not given:
        return None
    try:
        read = datetime.fromisoformat(given)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unprocessable(f"invalid {name}: cannot parse date") from None


def count(query: Query, name: str, default: int, most: int) -> int:
    given = query.get(name)
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= most:
        raise unprocessable(f"invalid {name}: must be between 1 and {most}")
    return int(given)


def newest_first(query: Query) -> bool:
    direction = query.get("direction") or "desc"
    if direction not in {"asc", "desc"}:
        raise unprocessable("invalid direction")
    return direction == "desc"


def order_rows(brokerage: Brokerage, query: Query) -> list[Row]:
    """Orders of a query. Nested, a leg is told only below its parent; a `held` leg is never an open order."""
    status, nested = query.get("status") or "open", yes(query, "nested")
    if status not in {"open", "closed", "all"}:
        raise unprocessable("invalid status")
    after, until = moment(query, "after"), moment(query, "until")
    symbols = {symbol for symbol in query.get("symbols", "").split(",") if symbol}
    side = query.get("side")
    seen = {top.id: brokerage.visible(top) for top in brokerage.orders.values() if top.parent is None}

    def picked(order: Order) -> bool:
        return (
            seen.get(order.top.id, True)
            and not (nested and order.parent is not None)
            and (status == "all" or (order.status in OPEN) == (status == "open"))
            and (after is None or order.created_at > after)
            and (until is None or order.created_at < until)
            and (not symbols or order.symbol in symbols)
            and (not side or order.side == side)
        )

    found = [order for order in brokerage.orders.values() if picked(order)]
    found.sort(key=lambda order: order.created_at, reverse=newest_first(query))
    return [order_row(order, nested=nested) for order in found[: count(query, "limit", 50, 500)]]


class Activities:
    """The account's activities as the API tells them, with what can go wrong in the telling.

    `lag`: each is missing from so many listings after it happened; `delay` does so to those that are there already.
    `twice`: each is told twice. `shuffle`: a page is in any order. Ids and pages stay right.
    """

    def __init__(self, brokerage: Brokerage) -> None:
        self.lag = 0
        self.twice = False
        self.shuffle: Random | None = None
        self._brokerage = brokerage
        self._misses: dict[str, int] = {}

    def delay(self, newest: int = 1, lookups: int = 1) -> None:
        """Keep the newest activities from so many listings."""
        with self._brokerage.lock:
            for _, row in self._brokerage.activities[-newest:] if newest else []:
                self._misses[row["id"]] = lookups

    def rows(self, query: Query, kinds: str = "") -> list[Row]:
        """One page; `kinds` are activity types, joined by commas."""
        held = sorted(self._brokerage.activities, key=lambda pair: (pair[0], pair[1]["id"]))
        if newest_first(query):
            held.reverse()
        size = count(query, "page_size", 100, 100)
        told = [(at, row) for at, row in held if not self._missed(row["id"])]
        picked = [row for at, row in told if _picked(at, row, query, kinds)]
        page = picked[_start(picked, query) :][:size]
        if self.twice:
            page = [row for row in page for _ in range(2)]
        if self.shuffle is not None:
            self.shuffle.shuffle(page)
        return page

    def _missed(self, name: str) -> bool:
        left = self._misses.setdefault(name, self.lag)
        self._misses[name] = max(left - 1, 0)
        return left > 0


def _picked(at: datetime, row: Row, query: Query, kinds: str) -> bool:
    wanted = _kinds(kinds)
    on, after, until = moment(query, "date"), moment(query, "after"), moment(query, "until")
    category = query.get("category")
    return (
        (not wanted or row["activity_type"] in wanted or ("MISC" in wanted and row["activity_type"] not in NOT_MISC))
        and (not category or (category == "trade_activity") == (row["activity_type"] == "FILL"))
        and (not query.get("order_id") or row.get("order_id") == query["order_id"])
        and (on is None or at.astimezone(UTC).date() == on.date())
        and (after is None or at > after)
        and (until is None or at < until)
    )


def _kinds(kinds: str) -> set[str]:
    wanted = {kind for kind in kinds.split(",") if kind}
    return (wanted - {"TRANS"}) | ({"CSD", "CSW"} if "TRANS" in wanted else set())


def _start(rows: list[Row], query: Query) -> int:
    token = query.get("page_token")
    if not token:
        return 0
    for place, row in enumerate(rows):
        if row["id"] == token:
            return place + 1
    raise unprocessable("invalid page_token")


def calendar_rows(query: Query, holidays: Iterable[date], early: dict[date, str]) -> list[Row]:
    """Weekdays of a span but the holidays, with their hours; of 2024 to 2029 unless a span is asked for."""
    start, end = moment(query, "start"), moment(query, "end")
    day = max(start.date() if start else date(2024, 1, 1), date(1970, 1, 1))
    last, free = min(end.date() if end else date(2029, 12, 31), date(2029, 12, 31)), set(holidays)
    rows: list[Row] = []
    while day <= last:
        if day.weekday() < 5 and day not in free:
            hours = {"open": "09:30", "close": early.get(day, "16:00"), "session_open": "0400", "session_close": "2000"}
            settled = day + timedelta(days=3 if day.weekday() == 4 else 1)
            rows.append({"date": day.isoformat(), **hours, "settlement_date": settled.isoformat()})
        day += timedelta(days=1)
    return rows
