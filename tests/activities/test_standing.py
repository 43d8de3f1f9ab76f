"""What is asked just before an order: the account, the symbol, the newest price, and what nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.standing import StandingActivities
from tests.fakes.market import FakeMarket
from tests.making import account, asset, cycle
from tests.rig import CALENDAR
from trading.accounts import Account, Asset
from trading.errors import BrokerUnavailable
from trading.standing import Standing
from trading.steps import InquiryAsked, Stage

CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)
FRIDAY_OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


class TellingBroker:
    """Says of every account and symbol the same, or nothing at all."""

    def __init__(self, known: Asset | None, *, silent: bool = False) -> None:
        self.known = known
        self.silent = silent
        self.asked: list[str] = []

    async def account(self, desk_id: str) -> Account:
        self.asked.append(desk_id)
        if self.silent:
            raise BrokerUnavailable("no answer")
        return account("1234.56")

    async def asset(self, symbol: str) -> Asset | None:
        self.asked.append(symbol)
        return self.known


class PastMarket(FakeMarket):
    historical = True


class Reports:
    def reports_on(self, symbol: str, day: date) -> date | None:
        return day + timedelta(days=5) if symbol == "AAPL" else None


async def inquire(market: FakeMarket, *, broker: Any = None, symbol: str = "AAPL", **stage: Any) -> Standing:
    told: Any = broker or TellingBroker(asset())
    activities = StandingActivities(told, market, CALENDAR, Reports(), timedelta(minutes=1))
    fields = {"cycle": cycle("AAPL"), "as_of": CLOSE, "in_session": False}
    return await activities.inquire(InquiryAsked(stage=Stage(**{**fields, **stage}), symbol=symbol))


def market_of(kind: type[FakeMarket] = PastMarket, at: datetime = CLOSE, volume: int | None = 1_000_000) -> FakeMarket:
    market = kind(unquoted=["MSFT"], volume=volume)
    market.quote("AAPL", "100", "100.10", at)
    return market


async def test_the_broker_and_the_market_say_what_an_order_is_held_to() -> None:
    broker = TellingBroker(asset(shortable=False))
    said = await inquire(market_of(), broker=broker, in_session=True)
    assert broker.asked == ["paper", "AAPL"]
    assert (said.account, said.asset) == (account("1234.56"), asset(shortable=False))
    assert (said.price, said.average_volume) == (Decimal(100), Decimal(1_000_000))
    assert (said.opens_at, said.closes_at, said.market_at) == (FRIDAY_OPEN, CLOSE, CLOSE)
    assert said.reports_on == date(2026, 11, 25)
    assert said.asked_at > CLOSE


async def test_what_nobody_knows_is_none() -> None:
    said = await inquire(market_of(volume=None), broker=TellingBroker(None), symbol="MSFT")
    assert (said.asset, said.price, said.average_volume, said.reports_on) == (None, None, None, None)
    assert (said.opens_at, said.closes_at) == (None, None)


@pytest.mark.parametrize(("seconds", "known"), [(60, True), (61, False)])
async def test_in_session_a_price_older_than_a_minute_is_none(seconds: int, known: bool) -> None:  # noqa: FBT001  a table's column
    at = CLOSE - timedelta(minutes=30)
    said = await inquire(market_of(at=at - timedelta(seconds=seconds)), in_session=True, as_of=at)
    assert (said.price is not None) is known


async def test_outside_of_one_the_last_close_counts_over_a_long_week_end() -> None:
    assert (await inquire(market_of(), as_of=CLOSE + timedelta(days=5))).price is not None
    assert (await inquire(market_of(), as_of=CLOSE + timedelta(days=5, seconds=1))).price is None


async def test_a_live_market_is_asked_for_now_whatever_the_cycle_began_with() -> None:
    now = datetime.now(UTC)
    said = await inquire(market_of(FakeMarket, at=now - timedelta(seconds=1)), as_of=now - timedelta(minutes=5))
    assert said.asked_at >= said.market_at >= now
    assert said.price == 100


async def test_a_cycle_of_the_past_is_asked_for_its_moment() -> None:
    past = cycle("AAPL")
    past = past.model_copy(update={"request": past.request.model_copy(update={"as_of": CLOSE})})
    said = await inquire(market_of(FakeMarket), cycle=past)
    assert (said.market_at, said.price) == (CLOSE, Decimal(100))


async def test_a_broker_that_does_not_answer_is_asked_again() -> None:
    with pytest.raises(BrokerUnavailable):
        await inquire(market_of(), broker=TellingBroker(asset(), silent=True))
