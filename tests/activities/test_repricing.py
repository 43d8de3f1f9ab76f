"""A limit that the market has left goes on at the price of now: under the limits, under a name of its own, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.gate import GateRules
from activities.opening import OpeningActivities
from activities.repricing import Repriced, RepricingActivities
from activities.standing import StandingActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.ledger import PostgresLedger
from tests.fakes.market import FakeMarket
from tests.making import DESK, TRACE, after, intent, request
from trading.breaker import StateChange, TradingState
from trading.desk import DeskOpening
from trading.errors import BooksDisagree
from trading.order_events import order_moved
from trading.orders import Order, OrderRequest, OrderState
from trading.sessions import Session


class AllDay:
    """An exchange that opened hours ago and closes in hours, whenever it is asked."""

    def last_session(self, at: datetime) -> Session:
        hours = timedelta(hours=6)
        return Session(session_on=at.date(), opens_at=at - hours, closes_at=at + hours)


class NoReports:
    def reports_on(self, *_: object) -> None:
        return None


class Desk:
    """A desk with a paper account and a market that the test moves."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.market = FakeMarket(unquoted=["AAPL"])
        self.broker = PaperBroker(engine, self.market, PaperTerms(slippage_bps=Decimal(0)))
        self.ledger = PostgresLedger(engine)
        exchange: Any = AllDay()
        standing = StandingActivities(self.broker, self.market, exchange, NoReports(), timedelta(minutes=1))
        self.repricing = RepricingActivities(self.ledger, self.market, standing, GateRules())

    def quote(self, price: str) -> None:
        self.market.quote("AAPL", price, price, datetime.now(UTC))

    async def taken_back(self, asked: OrderRequest) -> None:
        """The order as it is when nothing was filled at its limit."""
        await self.ledger.advance(
            asked.client_order_id, OrderState.CANCELLED, None, order_moved(asked, OrderState.CANCELLED, None, after(0))
        )

    async def goes_on(self, asked: OrderRequest) -> Repriced:
        return await self.repricing.intend_successor(asked)


@pytest.fixture
async def desk(engine: AsyncEngine) -> Desk:
    desk = Desk(engine)
    opening = DeskOpening(desk_id=DESK, trace_id=TRACE, at=after(-1))
    await OpeningActivities(desk.broker, desk.ledger).open_desk(opening)
    return desk


@pytest.fixture
async def first(desk: Desk) -> OrderRequest:
    """Ten shares of AAPL at a tenth of a percent over their mark, taken back without a fill."""
    asked = request(kind="limit", limit_price="100.1", reprice_seconds=30)
    assert isinstance(await desk.ledger.intend(intent(asked)), Order)
    await desk.taken_back(asked)
    return asked


async def test_it_goes_on_at_the_price_of_now_however_often_as_far_from_it_as_the_first(
    desk: Desk, first: OrderRequest
) -> None:
    limits = []
    asked = first
    for price in ("101", "102", "103"):
        desk.quote(price)
        following = (await desk.goes_on(asked)).request
        assert following is not None
        assert following.replaces == asked.client_order_id
        limits.append(f"{following.limit_price}")
        await desk.taken_back(following)
        asked = following
    assert limits == ["101.11", "102.11", "103.11"]
    assert asked.client_order_id == f"{first.client_order_id}.4"


async def test_asked_again_it_is_the_same_order_whatever_the_price_is_by_now(desk: Desk, first: OrderRequest) -> None:
    desk.quote("101")
    told = await desk.goes_on(first)
    desk.quote("104")
    assert (await desk.goes_on(first)).request == told.request
    assert len((await desk.ledger.books(DESK)).orders) == 2


async def test_a_price_that_has_left_the_decisions_is_not_followed(desk: Desk, first: OrderRequest) -> None:
    desk.quote("106")
    denied = await desk.goes_on(first)
    assert denied.request is None
    assert "6.11 % off the mark 100" in denied.words


async def test_a_halted_desk_follows_nothing(desk: Desk, first: OrderRequest) -> None:
    stop = StateChange(
        desk_id=DESK, change_id="stop", state=TradingState.HALTED, changed_by="operator", reason="stop", at=after(0)
    )
    await desk.ledger.change_state(stop)
    desk.quote("101")
    assert await desk.goes_on(first) == Repriced(words="the desk is HALTED")


async def test_without_a_price_nothing_goes_on(desk: Desk, first: OrderRequest) -> None:
    assert await desk.goes_on(first) == Repriced(words="nothing is left, it may still fill, or no price is known")
    assert len((await desk.ledger.books(DESK)).orders) == 1


async def test_an_order_that_the_books_do_not_know_is_for_a_person(desk: Desk) -> None:
    with pytest.raises(BooksDisagree, match="know no order"):
        await desk.goes_on(request(client_order_id="stranger"))
