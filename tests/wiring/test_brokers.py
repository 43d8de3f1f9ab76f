"""Which broker the settings name, and which of them it may not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.alpaca_broker import AlpacaBroker
from settings import AlpacaSettings, MarketSettings, OrderSettings, Settings, TradingSettings
from tests.fakes.broker_server import KEY, SECRET, Brokerage, BrokerServer, serving
from trading.errors import BadConfiguration, BrokerRefused
from wiring.brokers import alpaca_broker_of, broker_of, check_route, vet_broker
from wiring.markets import calendar_of, market_of

PAPER, LIVE = "https://paper-api.alpaca.markets", "https://api.alpaca.markets"
ALPACA = {"broker": "alpaca", "providers": "alpaca", "key": "PKTEST", "url": PAPER}
REAL = {**ALPACA, "mode": "live", "key": "AKTEST", "url": LIVE, "live_confirm": "123456789"}


def settings_of(**told: Any) -> Settings:
    """Settings from a few words; what is not told is the default."""
    key = told.get("key")
    return Settings(
        orders=OrderSettings(broker=told.get("broker", "paper")),
        market=MarketSettings.model_validate({"providers": told.get("providers", "file")}),
        alpaca=AlpacaSettings(
            api_key=SecretStr(key) if key else None,
            api_secret=SecretStr(told.get("secret", "a-secret")),
            trading_base_url=told.get("url", PAPER),
            stream_url=told.get("stream_url", ""),
        ),
        trading=TradingSettings(mode=told.get("mode", "paper"), live_confirm=told.get("live_confirm", "")),
    )


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"providers": "simulated"},
        {"url": LIVE, "key": "AKTEST"},  # the paper broker does not touch either
        ALPACA,
        {**ALPACA, "providers": "yfinance,alpaca"},
        {**ALPACA, "url": f"{PAPER}/"},
        {**ALPACA, "url": "http://127.0.0.1:8080"},
        {**ALPACA, "stream_url": "wss://paper-api.alpaca.markets/stream"},
        {**ALPACA, "live_confirm": "123456789"},
        REAL,
    ],
)
def test_settings_that_mean_one_account_are_taken(told: dict[str, Any]) -> None:
    check_route(settings_of(**told))


@pytest.mark.parametrize(
    ("told", "named"),
    [
        # A key of one kind with the mode or address of the other.
        ({**ALPACA, "key": "AKTEST"}, "live key"),
        ({**ALPACA, "url": LIVE}, "live one"),
        ({**ALPACA, "key": "AKTEST", "url": LIVE}, "TRADING_MODE is paper"),
        ({**REAL, "key": "PKTEST"}, "key for paper"),
        ({**REAL, "url": PAPER}, "is not https://api.alpaca.markets"),
        ({**REAL, "key": "PKTEST", "url": PAPER}, "TRADING_MODE is live"),
        ({**REAL, "mode": "paper"}, "TRADING_MODE is paper"),
        # Live needs its second word, and an address that is Alpaca's own.
        ({**REAL, "live_confirm": ""}, "TRADING_LIVE_CONFIRM"),
        ({**REAL, "url": "http://127.0.0.1:8080"}, "is not https://api.alpaca.markets"),
        ({**REAL, "url": "http://api.alpaca.markets"}, "https://"),
        ({**REAL, "url": "https://api.alpaca.markets.example.com"}, "neither"),
        ({**ALPACA, "url": "https://api.alpaca.markets@example.com"}, "neither"),
        ({**ALPACA, "url": "https://example.com"}, "neither"),
        ({**ALPACA, "url": "http://paper-api.alpaca.markets"}, "https://"),
        ({**ALPACA, "url": ""}, "neither"),
        ({**ALPACA, "stream_url": "wss://api.alpaca.markets/stream"}, "ALPACA_STREAM_URL"),
        ({**ALPACA, "stream_url": "ws://paper-api.alpaca.markets/stream"}, "ALPACA_STREAM_URL"),
        # Real orders at prices that are not those of now.
        ({**ALPACA, "providers": "file"}, "MARKET_PROVIDERS=file"),
        ({**ALPACA, "providers": "simulated"}, "MARKET_PROVIDERS=simulated"),
        ({**REAL, "providers": "file"}, "MARKET_PROVIDERS=file"),
        ({**REAL, "providers": "simulated"}, "MARKET_PROVIDERS=simulated"),
        ({"mode": "live"}, "BROKER=paper"),
        ({**REAL, "broker": "paper"}, "BROKER=paper"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_one_line(told: dict[str, Any], named: str) -> None:
    with pytest.raises(BadConfiguration, match=named) as refused:
        check_route(settings_of(**told))
    words = str(refused.value)
    assert "\n" not in words
    assert not {"AKTEST", "PKTEST", "a-secret"} & set(words.split())


@pytest.mark.parametrize(("told", "named"), [({"key": ""}, "ALPACA_API_KEY"), ({"secret": ""}, "ALPACA_API_SECRET")])
def test_a_broker_without_its_key_is_not_built(told: dict[str, Any], named: str) -> None:
    with pytest.raises(BadConfiguration, match=f"the broker alpaca needs {named}"):
        alpaca_broker_of(settings_of(**{**ALPACA, **told}))
    with pytest.raises(BadConfiguration, match=f"the broker alpaca needs {named}"):
        check_route(settings_of(**{**ALPACA, **told}))


def test_the_default_is_on_paper() -> None:
    settings = Settings()
    assert (settings.orders.broker, settings.trading.mode, settings.trading.live_confirm) == ("paper", "paper", "")


async def test_the_named_broker_is_built(engine: AsyncEngine) -> None:
    for told, name in (({}, "paper"), ({"broker": "alpaca", "providers": "alpaca", "key": "PKTEST"}, "alpaca")):
        settings = settings_of(**told)
        market = market_of(settings, calendar_of(settings.schedule), engine)
        assert broker_of(settings, engine, market).name == name
    with pytest.raises(BadConfiguration):
        broker_of(settings_of(**{**ALPACA, "url": LIVE}), engine, market)


async def test_the_stream_is_at_the_address_of_the_orders() -> None:
    for url, stream in ((LIVE, "wss://api.alpaca.markets/stream"), ("http://127.0.0.1:80", "ws://127.0.0.1:80/stream")):
        broker = alpaca_broker_of(settings_of(**{**ALPACA, "url": url}))
        assert isinstance(broker, AlpacaBroker)
        assert broker.access.stream_url == stream


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as served:
        yield served


def at(server: BrokerServer, **told: Any) -> tuple[Settings, Any]:
    settings = settings_of(**{**ALPACA, "key": KEY, "secret": SECRET, "url": server.url, **told})
    return settings, alpaca_broker_of(settings)


async def test_the_account_is_named_before_the_first_order(server: BrokerServer) -> None:
    assert await vet_broker(*at(server)) == "alpaca: account PA3TESTDESK1, on paper, 100,000.00 USD"
    server.brokerage.account_number = "123456789"
    said = await vet_broker(*at(server, mode="live", live_confirm="123456789"))
    assert said == "alpaca: account 123456789, LIVE, REAL MONEY, 100,000.00 USD"


@pytest.mark.parametrize("confirmed", ["", "12345678", "1234567890", "123456789 ", "PA3TESTDESK1"])
async def test_a_live_account_that_nobody_confirmed_is_refused(server: BrokerServer, confirmed: str) -> None:
    server.brokerage.account_number = "123456789"
    with pytest.raises(BadConfiguration, match="TRADING_LIVE_CONFIRM") as refused:
        await vet_broker(*at(server, mode="live", live_confirm=confirmed))
    assert "123456789" not in str(refused.value)


async def test_an_account_on_paper_is_no_live_one(server: BrokerServer) -> None:
    with pytest.raises(BadConfiguration, match="on paper"):
        await vet_broker(*at(server, mode="live", live_confirm="PA3TESTDESK1"))


async def test_an_account_that_may_not_trade_is_refused(server: BrokerServer) -> None:
    server.brokerage.trading_blocked = True
    with pytest.raises(BrokerRefused, match="PA3TESTDESK1 at alpaca may not trade: trading is blocked"):
        await vet_broker(*at(server))


async def test_a_wrong_key_is_refused_at_the_start(server: BrokerServer) -> None:
    with pytest.raises(BrokerRefused, match="ALPACA_API_SECRET") as refused:
        await vet_broker(*at(server, secret="another-secret"))  # noqa: S106  a wrong one
    assert "another-secret" not in str(refused.value)


async def test_prices_with_a_key_of_their_own_ask_where_it_opens(engine: AsyncEngine) -> None:
    settings = settings_of(**REAL)
    data = {"data_api_key": SecretStr("PKDATA"), "data_api_secret": SecretStr("s")}
    own = settings.model_copy(update={"alpaca": settings.alpaca.model_copy(update=data)})
    for each, url in ((settings, LIVE), (own, PAPER)):
        market: Any = market_of(each, calendar_of(each.schedule), engine)
        assert market._wire._account.trading_base_url == url  # noqa: SLF001  where it would ask
