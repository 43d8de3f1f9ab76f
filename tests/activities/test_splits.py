"""A split, from the broker's or a list's word to booked shares, cash for the rest, and a stop in the new shares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.activities.ex_date import (
    BEFORE,
    EX_AT,
    Desk,
    at_alpaca,
    corrected,
    ex_date,
    listed,
    on_paper,
    open_questions,
)
from tests.fakes.broker_server import Brokerage, BrokerServer, serving
from tests.fakes.faulty import Fault, faulty
from trading.breaker import TradingState
from trading.differences import Case
from trading.errors import MarketUnavailable
from trading.portfolio import CapitalKind


class Split(NamedTuple):
    """New shares for old ones; what was held, and what a broker of whole shares holds after it and pays for the rest.

    A stop that was at 90 dollars belongs at `stop`.
    """

    new: int
    old: int
    before: str
    after: str
    stop: str | None
    paid: str | None = None

    @property
    def ratio(self) -> Decimal:
        return Decimal(self.new) / self.old


SPLITS = [
    Split(4, 1, "10", "40", "22.50"),
    Split(1, 10, "25", "2", "900.00", "500.00"),
    Split(3, 2, "11", "16", "60.00", "33.33"),
]
MORE = [
    Split(4, 1, "7", "28", "22.50"),
    Split(1, 10, "20", "2", "900.00"),
    Split(1, 10, "5", "0", None, "500.00"),
    Split(3, 2, "10", "15", "60.00"),
    Split(1, 3, "9", "3", "270.00"),
]
EACH = [
    pytest.param(
        split, id=f"{split.new} for {split.old} of {split.before}", marks=[pytest.mark.faults] * (split in MORE)
    )
    for split in SPLITS + MORE
]


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as served:
        yield served


async def is_booked(desk: Desk, split: Split) -> None:
    """The books show the split; the stop is of the new shares; the next look finds nothing."""
    held, paid = await desk.position(), (await desk.ledger.books("paper")).capital[1:]
    assert (f"{held.quantity:f}" if held else "0") == split.after
    assert held is None or (held.cost_basis, held.realised_pnl) == (Decimal(split.before) * 100, Decimal(0))
    assert [(p.kind, p.symbol, f"{p.amount:f}") for p in paid] == (
        [] if split.paid is None else [(CapitalKind.CASH_IN_LIEU, "AAPL", split.paid)]
    )
    assert await desk.stops() == ([] if split.stop is None else [(split.after, split.stop)])
    again = await desk.look()
    assert (again.differences, again.state, again.protection) == ((), None, ())
    assert await desk.findings() == []


@pytest.mark.faults
@pytest.mark.parametrize("split", EACH)
async def test_a_listed_split_happens_to_the_paper_account_and_to_the_books(engine: AsyncEngine, split: Split) -> None:
    desk = await on_paper(engine)
    await desk.buy(split.before, stop="90", target="120")
    equity = await desk.equity()
    assert (await desk.stops(), (await desk.look()).differences) == ([(split.before, "90.00")], ())
    desk.market.listed = [listed(ratio=split.ratio)] * 2
    found = await desk.look()
    assert (open_questions(found), found.state) == ([], None)
    assert Case.SPLIT in corrected(found)
    assert await desk.equity() == equity
    await is_booked(desk, split)


@pytest.mark.faults
@pytest.mark.parametrize("by_list", [False, True])
@pytest.mark.parametrize("split", EACH)
async def test_alpacas_two_rows_become_one_split_in_the_books(
    engine: AsyncEngine, server: BrokerServer, split: Split, *, by_list: bool
) -> None:
    desk = await at_alpaca(engine, server)
    await desk.buy(split.before, stop="90", target="120")
    equity = await desk.equity()
    assert open_questions(await desk.look()) == []  # the legs are adopted
    ex_date(server.brokerage)
    server.brokerage.split("AAPL", split.new, split.old, whole=True)
    if by_list:
        desk.market.listed = [listed(ratio=split.ratio)]
    found = await desk.look()
    if split.paid and not by_list:
        # What was left over, only the list's ratio can tell: nobody guesses where the stop belongs.
        assert (found.state, found.protection) == (TradingState.HALTED, ())
        too = Case.POSITION_TOO_SMALL if split.ratio < 1 else Case.POSITION_TOO_LARGE
        assert [one.case for one in open_questions(found)] == [too]
        return
    assert (open_questions(found), found.state) == ([], None)
    assert await desk.equity() == equity
    await is_booked(desk, split)


@pytest.mark.faults
async def test_a_broker_that_keeps_parts_of_a_share_splits_them_too(engine: AsyncEngine) -> None:
    desk = await on_paper(engine, fractionable=True)
    await desk.buy("11", stop="90")
    equity = await desk.equity()
    desk.market.listed = [listed(ratio="1.5")]
    assert (await desk.look()).state is None
    assert await desk.equity() == equity
    await is_booked(desk, Split(3, 2, "11", "16.5", "60.00"))


@pytest.mark.faults
@pytest.mark.parametrize("where", ["paper", "alpaca"])
async def test_a_fill_from_before_the_split_that_the_books_hear_of_after_it_is_split_too(
    engine: AsyncEngine, server: BrokerServer, where: str
) -> None:
    desk = await on_paper(engine) if where == "paper" else await at_alpaca(engine, server)
    await desk.buy("10", stop="90")
    unheard = await desk.intend("5", 2, stop="90")
    await desk.broker.submit(unheard)
    if where == "paper":
        desk.market.listed = [listed(ratio="4")]
    else:
        ex_date(server.brokerage)
        server.brokerage.split("AAPL", 4)
    found = await desk.look()
    assert (open_questions(found), found.state) == ([], None)
    held = await desk.position()
    assert held is not None
    assert (held.quantity, held.cost_basis) == (Decimal(60), Decimal(1500))
    assert sorted(await desk.stops()) == [("20", "22.50"), ("40", "22.50")]
    assert (await desk.look()).differences == ()


@pytest.mark.faults
async def test_a_fill_from_before_the_split_that_the_broker_tells_after_it_is_split_too(
    engine: AsyncEngine, server: BrokerServer
) -> None:
    desk = await at_alpaca(engine, server)
    await desk.buy("10", stop="90")
    resting = await desk.buy("5", 2, kind="limit", limit_price="99", time_in_force="gtc")
    ex_date(server.brokerage)
    server.brokerage.split("AAPL", 4)
    assert (await desk.look()).state is None
    server.brokerage.fill(resting.client_order_id, 5, 99, at=BEFORE + timedelta(hours=1))
    server.brokerage.set_position("AAPL", 60)
    found = await desk.look()
    assert (corrected(found), open_questions(found)) == ([Case.MISSED_FILL], [])
    held = await desk.position()
    assert held is not None
    assert (held.quantity, held.cost_basis) == (Decimal(60), Decimal(1495))
    assert (await desk.look()).differences == ()


@pytest.mark.faults
async def test_a_split_that_is_told_twice_is_booked_once(engine: AsyncEngine, server: BrokerServer) -> None:
    desk = await at_alpaca(engine, server)
    await desk.buy("10", stop="90")
    ex_date(server.brokerage)
    server.brokerage.split("AAPL", 4)
    for shares in ("-10", "40"):
        server.brokerage.non_trade("SPLIT", 0, qty=shares, symbol="AAPL")
    desk.market.listed = [listed(ratio="4")]
    for _ in range(2):
        assert open_questions(await desk.look()) == []
    assert [one.ratio for one in (await desk.ledger.books("paper")).adjustments] == [Decimal(4)]
    assert await desk.stops() == [("40", "22.50")]


@pytest.mark.faults
async def test_a_list_that_does_not_answer_leaves_it_for_the_next_look(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    await desk.buy("10", stop="90")
    desk.market.listed = [listed(ratio="4")]
    desk.market.quote("AAPL", "25", "25", EX_AT + timedelta(hours=1))
    away = Fault("actions", 1, "before", "error", MarketUnavailable)
    silent = Desk(desk.engine, faulty(desk.market, away), desk.broker)
    found = await silent.look()
    # Without the list the stop at 90 does not meet a price of 25.
    assert (found.differences, await desk.stops()) == ((), [("10", "90.00")])
    await silent.look()
    assert await desk.stops() == [("40", "22.50")]


@pytest.mark.faults
async def test_a_listed_split_that_alpaca_has_not_booked_yet_reduces_and_makes_no_stop_at_an_old_price(
    engine: AsyncEngine, server: BrokerServer
) -> None:
    desk = await at_alpaca(engine, server)
    entry = await desk.buy("10", stop="90")
    assert open_questions(await desk.look()) == []
    [stop] = [o for o in (await desk.ledger.books("paper")).orders if o.request.parent_id == entry.client_order_id]
    ex_date(server.brokerage)
    server.brokerage.cancel_by_broker(stop.request.client_order_id)
    desk.market.listed = [listed(ratio="4")]
    found = await desk.look()
    assert [(one.case, one.words) for one in open_questions(found)] == [
        (Case.SPLIT_AWAITED, f"AAPL: split of 4 for 1, ex {EX_AT.date()}, which the account does not show")
    ]
    assert (found.state, found.protection) == (TradingState.REDUCING, ())
    server.brokerage.split("AAPL", 4)
    found = await desk.look()
    assert (open_questions(found), await desk.stops()) == ([], [("40", "22.50")])


@pytest.mark.faults
@pytest.mark.parametrize("where", ["paper", "alpaca"])
async def test_a_special_dividend_is_a_capital_event_and_moves_worth_into_cash(
    engine: AsyncEngine, server: BrokerServer, where: str
) -> None:
    desk = await on_paper(engine) if where == "paper" else await at_alpaca(engine, server)
    await desk.buy("33")
    equity = await desk.equity()
    price = desk.market.quote("AAPL", "85", "85", EX_AT + timedelta(hours=8))
    if where == "paper":
        desk.market.listed = [listed("dividend", amount_usd="15", special=True)]
    else:
        ex_date(server.brokerage)
        server.brokerage.dividend("AAPL", 15)
        server.brokerage.set_price("AAPL", 85)
    for expected in ([Case.DIVIDEND], []):
        found = await desk.look()
        assert (corrected(found), open_questions(found)) == (expected, [])
        await desk.broker.match({"AAPL": price})
    await desk.ledger.mark("paper", {"AAPL": price}, EX_AT + timedelta(hours=8))
    (paid,) = (await desk.ledger.books("paper")).capital[1:]
    assert (paid.kind, paid.symbol, paid.amount) == (CapitalKind.DIVIDEND, "AAPL", Decimal(495))
    assert await desk.equity() == equity
    held = await desk.position()
    assert held is not None
    assert held.cost_basis == 3300
