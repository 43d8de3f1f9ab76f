"""A statement as far as it can be believed: each report once, under its id, and nothing read into a part not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from trading.accounts import Account
from trading.books import Books
from trading.money import ZERO
from trading.orders import PROTECTIVE, Fill, Leg, Order, OrderState
from trading.settlement import BrokerOrder
from trading.statement import Activity, Statement

Report = BrokerOrder | Fill | Activity


class Reports(NamedTuple):
    """What was told, by id; None for a part that was not. `missing` names those parts.

    `whole` says that all was told that could explain why shares or cash differ: orders, fills and activities.
    """

    orders: Mapping[str, BrokerOrder] | None
    fills: Mapping[str, Fill] | None
    activities: Mapping[str, Activity] | None
    holdings: Mapping[str, Decimal] | None
    account: Account | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that were not told."""
        return tuple(name for name, part in zip(self._fields, self, strict=True) if part is None)

    @property
    def whole(self) -> bool:
        """Whether all was told that could explain a difference in shares or cash."""
        return None not in (self.orders, self.fills, self.activities)


class Repeat(NamedTuple):
    """A report that came twice under one id."""

    name: str
    first: Report
    again: Report

    @property
    def is_same(self) -> bool:
        """Whether both say the same; of an order, which moves while it is told, whether it is the same order."""
        if isinstance(self.first, BrokerOrder) and isinstance(self.again, BrokerOrder):
            return self.first.broker_order_id == self.again.broker_order_id
        return self.first == self.again


def reports_of(books: Books, statement: Statement) -> Reports:
    """The statement by ids. Of a fill or activity told twice the first counts, of an order the later.

    Activities from before the books began are none of theirs: the opening cash has them in it.
    """
    began_at = min((paid.occurred_at for paid in books.capital), default=statement.since_at)
    orders, fills, activities = statement.orders, statement.fills, statement.activities
    return Reports(
        orders=None if orders is None else {one.client_order_id: one for one in orders},
        fills=None if fills is None else {one.fill_id: one for one in reversed(fills)},
        activities=None
        if activities is None
        else {one.activity_id: one for one in reversed(activities) if one.occurred_at >= began_at},
        holdings=_holdings(statement),
        account=statement.account,
    )


def repeats(statement: Statement) -> Iterator[Repeat]:
    """Every report that came again under an id that was told before."""
    named: chain[tuple[str, Report]] = chain(
        ((one.client_order_id, one) for one in statement.orders or ()),
        ((one.fill_id, one) for one in statement.fills or ()),
        ((one.activity_id, one) for one in statement.activities or ()),
    )
    seen: dict[tuple[type, str], Report] = {}
    for name, report in named:
        key = type(report), name
        if key in seen:
            yield Repeat(name, seen[key], report)
        else:
            seen[key] = report


def sent(books: Books) -> dict[str, Order]:
    """The orders that the books let out, by their ids."""
    return {order.request.client_order_id: order for order in books.orders if order.state is not OrderState.DENIED}


def family(known: Mapping[str, Order], held: BrokerOrder) -> Order | None:
    """The entry of ours that this protective order was sent with, None when it is not one."""
    entry = known.get(held.parent_id or "")
    return entry if entry and held.leg in PROTECTIVE and entry.request.leg is Leg.ENTRY else None


def _holdings(statement: Statement) -> Mapping[str, Decimal] | None:
    """Shares by symbol. That nothing is held is believed only when the account says so too: equity is all cash."""
    held, account = statement.holdings, statement.account
    if held is None or (not held and (account is None or account.equity != account.cash)):
        return None
    totals: dict[str, Decimal] = {}
    for holding in held:
        totals[holding.symbol] = totals.get(holding.symbol, ZERO) + holding.quantity
    return totals
