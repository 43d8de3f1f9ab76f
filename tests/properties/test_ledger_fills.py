from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.sleeve_tables import strategy_accounts, sub_positions
from adapters.postgres.tables import orders, portfolio_state, positions, trades
from tests.adapters.postgres.desk import opening
from tests.properties.fill_sequences import Life, lives
from trading.audit import audit
from trading.order_events import order_moved, trade_executed
from trading.orders import Fill, OrderRequest, settle
from trading.portfolio import cash_of
from trading.sleeves import Told, holdings_of, owners_of, positions_together
from trading.trades import trades_of

PROJECTIONS = (positions, trades, orders, portfolio_state, sub_positions, strategy_accounts)
_numbers = count(1)


async def live(ledger: PostgresLedger, desk: str, life: Life, fills: tuple[Fill, ...]) -> None:
    """Give a desk of its own these orders and fills, in the order in which they arrive."""
    opened, cash = opening(desk)
    await ledger.open_desk(opened, cash=cash)
    requests: dict[str, OrderRequest] = {}
    for order in life.orders:
        request = order.request.model_copy(update={"desk_id": desk, "client_order_id": _on(desk, order.request)})
        said = order_moved(request, order.state, None, request.as_of)
        await ledger.adopt(order.model_copy(update={"request": request}), said)
        requests[order.request.client_order_id] = request
    for fill in fills:
        own = _own(desk, fill)
        await ledger.apply_fill(own, trade_executed(requests[fill.client_order_id], own))


@pytest.mark.faults
@given(life=lives(most=10))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_order_of_arrival_leaves_the_rows_that_the_fills_make(engine: AsyncEngine, life: Life) -> None:
    ledger = PostgresLedger(engine)
    one, other = f"desk-{next(_numbers)}", f"desk-{next(_numbers)}"
    await asyncio.gather(live(ledger, one, life, life.fills), live(ledger, other, life, life.other))

    rows = await projections(engine, one)
    assert rows == await projections(engine, other)
    assert {row["trade_id"] for row in rows["trades"]} == set(trades_of(life.fills, owners=owners_of(life.orders)))
    await check_books(ledger, other, life)


async def check_books(ledger: PostgresLedger, desk: str, life: Life) -> None:
    books = await ledger.books(desk)
    fills = [_own(desk, fill) for fill in life.fills]
    told = {_on(desk, order.request): order.state for order in life.orders}

    assert books.portfolio.cash == cash_of(books.capital, fills)
    made = positions_together(holdings_of(Told(fills, owners=owners_of(books.orders))))
    held = {p.symbol: p.model_copy(update={"sector": "Unknown"}) for p in books.portfolio.positions if p.quantity}
    assert held == {symbol: p for symbol, p in made.items() if p.quantity}
    for order in books.orders:
        name = order.request.client_order_id
        as_told = order.model_copy(update={"state": told[name]})
        assert order == settle(as_told, [fill for fill in fills if fill.client_order_id == name])
    # The orders here follow no decision, and over-fills are part of the game; everything else holds.
    found = audit(books)
    assert {finding.invariant for finding in found} <= {"I1", "I3", "I4", "I7"}
    assert all(finding.found.startswith("over-filled") for finding in found if finding.invariant == "I4")


async def projections(engine: AsyncEngine, desk: str) -> dict[str, list[dict[str, object]]]:
    return {table.name: await _rows(engine, table, desk) for table in PROJECTIONS}


async def _rows(engine: AsyncEngine, table: Table, desk: str) -> list[dict[str, object]]:
    """A desk's rows, with its own name taken out of them."""
    query = select(table).where(table.c.desk_id == desk).order_by(*table.primary_key)
    async with transaction(engine) as connection:
        rows = (await connection.execute(query)).mappings().all()
    hidden = {"desk_id", "recorded_at", "request"}
    return [{name: _nameless(value, desk) for name, value in row.items() if name not in hidden} for row in rows]


def _nameless(value: object, desk: str) -> object:
    return value.removeprefix(f"{desk}/") if isinstance(value, str) else value


def _on(desk: str, request: OrderRequest) -> str:
    return f"{desk}/{request.client_order_id}"


def _own(desk: str, fill: Fill) -> Fill:
    names = {"fill_id": f"{desk}/{fill.fill_id}", "client_order_id": f"{desk}/{fill.client_order_id}"}
    return fill.model_copy(update=names | {"reverses": fill.reverses and f"{desk}/{fill.reverses}"})
