from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.tables import equity_marks, positions, trades
from tests.adapters.postgres.desk import DESK, accepted, at, booked, buy, fill_of, opening, quote, sell
from trading.audit import audit
from trading.errors import BooksDisagree
from trading.orders import Fill, OrderRequest, OrderState
from trading.portfolio import Position


async def book(ledger: PostgresLedger, request: OrderRequest, *fills: Fill) -> None:
    await ledger.adopt(*accepted(request))
    for fill in fills:
        await ledger.apply_fill(*booked(request, fill))


async def rows(engine: AsyncEngine, table: Table) -> list[RowMapping]:
    async with transaction(engine) as connection:
        return list((await connection.execute(select(table))).mappings())


async def test_a_desk_is_opened_once_with_one_deposit(ledger: PostgresLedger) -> None:
    opened, other = opening(cash="5.00")
    await asyncio.gather(*(ledger.open_desk(opened, cash=other) for _ in range(5)))

    books = await ledger.books(DESK)
    assert books.portfolio.cash == books.portfolio.peak_equity == Decimal(100_000)
    assert [event.amount for event in books.capital] == [Decimal(100_000)]
    assert books.event_count == 2
    assert audit(books) == ()


async def test_an_unknown_desk_has_no_books(ledger: PostgresLedger) -> None:
    for ask in (ledger.portfolio, ledger.breaker, ledger.books):
        with pytest.raises(BooksDisagree, match="no desk nobody"):
            await ask("nobody")


async def test_a_fill_moves_order_position_cash_and_trade_together(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await book(ledger, buy(), fill_of(buy(), "100", "101.50"))

    portfolio = await ledger.portfolio(DESK)
    assert portfolio.cash == Decimal("89849.00")
    terms = {"quantity": 100, "cost_basis": "10151.00", "mark": "101.50"}
    assert portfolio.positions == (Position.model_validate({"symbol": "AAPL", "sector": "Sector of AAPL", **terms}),)
    assert portfolio.equity == Decimal("99999.00")
    order = await ledger.order(buy().client_order_id)
    assert order is not None
    assert (order.state, order.filled_quantity) == (OrderState.FILLED, Decimal(100))
    [trade] = await rows(engine, trades)
    assert (trade["outcome"], trade["entry_price"], trade["scores"]) == ("open", Decimal("101.5"), buy().scores)


async def test_a_round_trip_is_a_trade_with_its_outcome_and_reason(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await book(ledger, buy(), fill_of(buy(), "60", "100"), fill_of(buy(), "40", "110", fill_id="more", filled_at=at(1)))
    await book(ledger, sell(), fill_of(sell(), "100", "120", filled_at=at(2)))

    [trade] = await rows(engine, trades)
    assert (trade["quantity"], trade["entry_price"], trade["exit_price"]) == (Decimal(100), Decimal(104), Decimal(120))
    assert (trade["outcome"], trade["realised_pnl"], trade["exit_reason"]) == ("won", Decimal("1597.00"), "exit")
    assert (trade["opened_at"], trade["closed_at"], trade["strategy_id"]) == (at(0), at(2), "agents")
    [position] = await rows(engine, positions)
    assert (position["quantity"], position["realised_pnl"]) == (Decimal(0), Decimal("1597.00"))
    assert (await ledger.portfolio(DESK)).positions == ()
    assert [p.realised_pnl for p in (await ledger.books(DESK)).portfolio.positions] == [Decimal("1597.00")]


async def test_a_fill_that_passes_zero_ends_one_trade_and_begins_another(
    ledger: PostgresLedger, engine: AsyncEngine
) -> None:
    await book(ledger, buy(quantity="10"), fill_of(buy(), "10", "100"))
    await book(ledger, sell(quantity="15"), fill_of(sell(), "15", "110", filled_at=at(1)))

    first, second = sorted(await rows(engine, trades), key=lambda trade: trade["opened_at"])
    assert (first["side"], first["closed_at"], first["closed_quantity"]) == ("buy", at(1), Decimal(10))
    assert (second["side"], second["closed_at"], second["quantity"]) == ("sell", None, Decimal(5))


async def test_a_fill_said_again_is_booked_once(ledger: PostgresLedger) -> None:
    await ledger.adopt(*accepted(buy()))
    fill = booked(buy(), fill_of(buy(), "40"))

    answers = await asyncio.gather(*(ledger.apply_fill(*fill) for _ in range(10)))

    assert answers == [answers[0]] * 10
    assert answers[0].filled_quantity == Decimal(40)
    books = await ledger.books(DESK)
    assert (len(books.fills), books.event_count) == (1, 4)


@pytest.mark.parametrize("change", [{"quantity": Decimal(41)}, {"price": Decimal(99)}, {"commission": Decimal(2)}])
async def test_a_fill_with_other_content_is_refused(ledger: PostgresLedger, change: dict[str, Decimal]) -> None:
    fill = fill_of(buy(), "40")
    await book(ledger, buy(), fill)

    with pytest.raises(BooksDisagree, match="booked before with other content"):
        await ledger.apply_fill(*booked(buy(), fill.model_copy(update=change)))


async def test_a_fill_of_no_order_or_of_another_symbol_is_refused(ledger: PostgresLedger) -> None:
    with pytest.raises(BooksDisagree, match="know no order"):
        await ledger.apply_fill(*booked(buy(), fill_of(buy(), "1")))
    await ledger.adopt(*accepted(buy()))
    for terms in ({"symbol": "MSFT"}, {"side": "sell"}):
        with pytest.raises(BooksDisagree, match="is not one of order"):
            await ledger.apply_fill(*booked(buy(), fill_of(buy(), "1", **terms)))


async def test_a_fill_cannot_take_back_another_orders(ledger: PostgresLedger) -> None:
    await book(ledger, buy(), fill_of(buy(), "40", fill_id="first"))
    await ledger.adopt(*accepted(sell()))

    with pytest.raises(BooksDisagree, match="across orders"):
        await ledger.apply_fill(*booked(sell(), fill_of(sell(), "40", fill_id="bust", reverses="first")))


async def test_a_fill_that_cannot_be_logged_is_not_booked_at_all(ledger: PostgresLedger) -> None:
    await ledger.adopt(*accepted(buy()))
    fill, executed = booked(buy(), fill_of(buy(), "40"))
    await ledger.record([executed.model_copy(update={"data": {"something": "else"}})])
    before = await ledger.books(DESK)

    with pytest.raises(BooksDisagree, match="with other content"):
        await ledger.apply_fill(fill, executed)
    assert await ledger.books(DESK) == before


async def test_an_over_fill_is_booked_and_the_audit_finds_it(ledger: PostgresLedger) -> None:
    await book(ledger, buy(), fill_of(buy(), "100"), fill_of(buy(), "1", fill_id="too-much"))

    books = await ledger.books(DESK)
    assert books.portfolio.positions[0].quantity == Decimal(101)
    assert "over-filled: 101 of 100" in [finding.found for finding in audit(books)]


async def test_marking_values_what_is_held_and_keeps_the_peak(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await book(ledger, buy(), fill_of(buy(), "100", "100"))

    up = await ledger.mark(DESK, quote("AAPL", "110") | quote("MSFT", "9"), at(1))
    assert (up.equity, up.peak_equity) == (Decimal("100999.00"), Decimal("100999.00"))
    down = await ledger.mark(DESK, quote("AAPL", "90"), at(2))
    assert (down.equity, down.peak_equity) == (Decimal("98999.00"), Decimal("100999.00"))
    assert await ledger.portfolio(DESK) == down
    marks = {mark["marked_at"]: mark["equity"] for mark in await rows(engine, equity_marks)}
    assert marks == {at(1): Decimal("100999.00"), at(2): Decimal("98999.00")}


async def test_a_mark_that_comes_late_or_twice_changes_nothing(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await book(ledger, buy(), fill_of(buy(), "100", "100"))
    latest = await ledger.mark(DESK, quote("AAPL", "120"), at(2))

    for _ in range(2):
        assert await ledger.mark(DESK, quote("AAPL", "90"), at(1)) == latest
        assert await ledger.mark(DESK, quote("AAPL", "120"), at(2)) == latest
    assert len(await rows(engine, equity_marks)) == 2


async def test_a_moment_that_is_marked_twice_keeps_the_later_mark(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await ledger.mark(DESK, quote("AAPL", "100"), at(1))
    await book(ledger, buy(), fill_of(buy(), "100", "101"))
    after_orders = await ledger.mark(DESK, quote("AAPL", "100"), at(1))
    [mark] = await rows(engine, equity_marks)
    assert (
        (mark["equity"], mark["cash"]) == (after_orders.equity, after_orders.cash) == (Decimal(99_899), Decimal(89_899))
    )

    await ledger.mark(DESK, quote("AAPL", "120"), at(2))
    await ledger.mark(DESK, quote("AAPL", "90"), at(1))
    marks = {mark["marked_at"]: mark["equity"] for mark in await rows(engine, equity_marks)}
    assert marks == {at(1): Decimal("99899.00"), at(2): Decimal("101899.00")}


async def test_a_fill_taken_back_leaves_the_quote_that_came_before_it(ledger: PostgresLedger) -> None:
    await book(ledger, buy(), fill_of(buy(), "10", "100"))
    await ledger.mark(DESK, quote("AAPL", "105"), at(5))
    late = fill_of(buy(), "10", "120", fill_id="late", filled_at=at(6))
    await ledger.apply_fill(*booked(buy(), late))
    assert (await ledger.portfolio(DESK)).positions[0].mark == Decimal(120)

    bust = fill_of(buy(), "10", "120", fill_id="bust", filled_at=at(7), reverses="late")
    await ledger.apply_fill(*booked(buy(), bust))
    assert (await ledger.portfolio(DESK)).positions[0].mark == Decimal(105)
