"""What the doctor finds on this machine and at the market, one check at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.alpaca_market.reading import NEW_YORK
from adapters.market_chain import MarketChain
from adapters.simulated_market import SimulatedMarket
from console import checks
from console.check import Health, check
from console.keys import CHECKS
from console.watchlist import Prices
from settings import AlpacaSettings, DeskSettings, MarketSettings, OrderSettings, Settings
from tests.adapters.wire import alpaca_data
from tests.adapters.wire.alpaca_data import Exchange
from tests.adapters.wire.alpaca_data import serving as exchange_serving
from tests.fakes.broker_server import KEY, serving
from tests.fakes.broker_server import SECRET as BROKER_SECRET
from tests.fakes.faulty import Fault, faulty
from tests.rig import CALENDAR
from trading.errors import MarketUnavailable

SECRET = "correct-horse"  # noqa: S105  nobody's


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_no_env_file_is_well(folder: Path) -> None:
    assert (await check("env file", "", checks.env_file)).status is Health.OK


@pytest.mark.parametrize(("mode", "status"), [(0o600, "ok"), (0o400, "ok"), (0o640, "warn"), (0o604, "warn")])
async def test_an_env_file_that_others_can_read_is_warned_of(folder: Path, mode: int, status: str) -> None:
    (folder / ".env").write_text(f"DB_PASSWORD={SECRET}\n")
    (folder / ".env").chmod(mode)
    found = await check("env file", "", checks.env_file)
    assert found.status == status
    assert found.mend == ("" if status == "ok" else f"chmod 600 {folder / '.env'}")
    assert SECRET not in found.model_dump_json()


async def test_a_mistyped_name_in_the_env_file_is_found(folder: Path) -> None:
    (folder / ".env").write_text("TRADING_MAX_POSITON=0.1\nDESK_ID=main\nTEMPORAL_ADDRESS=127.0.0.1:7233\n")
    (folder / ".env").chmod(0o600)
    found = await check("env file", "", checks.env_file)
    assert (found.status, found.found) == (Health.WARN, "unknown: TRADING_MAX_POSITON")


class Late(SimulatedMarket):
    """A live market whose newest price is of a moment before."""

    def __init__(self, age: timedelta) -> None:
        super().__init__(1, CALENDAR)
        self.age = age

    async def latest(self, now: datetime) -> datetime:
        return now - self.age


class Always(Prices):
    """An exchange that never closes, or never opens."""

    is_open = True

    def is_in_session(self, at: datetime) -> bool:
        return self.is_open


class Never(Always):
    is_open = False


@pytest.mark.parametrize(
    ("kind", "age_seconds", "status"), [(Always, 30, "ok"), (Always, 90, "fail"), (Never, 90_000, "ok")]
)
async def test_a_late_feed_fails_while_the_exchange_trades(kind: type[Always], age_seconds: int, status: str) -> None:
    rules = Prices.of(Settings(market=MarketSettings(providers=("simulated",)))).rules
    prices = kind(Late(timedelta(seconds=age_seconds)), CALENDAR, rules)
    found = await check("data age", "", lambda: checks.data_age(prices))
    assert found.status == status
    assert found.found.endswith(" s")


async def test_a_provider_that_only_the_fallback_stands_in_for_is_warned_of() -> None:
    settings = Settings(market=MarketSettings(providers=("simulated",)), desk=DeskSettings(symbols="AAPL"))
    out = faulty(SimulatedMarket(1, CALENDAR), Fault("look", 1, "before", "error", raises=MarketUnavailable))
    prices = Prices(MarketChain([out, SimulatedMarket(1, CALENDAR)]), CALENDAR, Prices.of(settings).rules)
    found = await check("market", "", lambda: checks.market(settings, prices))
    assert (found.status, "simulated alone (simulated: " in found.found) == (Health.WARN, True)


async def test_the_calendar_is_held_against_the_exchange_as_alpaca_knows_it() -> None:
    with alpaca_data.serving(Exchange()) as there:
        secrets = {"api_key": alpaca_data.KEY, "api_secret": alpaca_data.SECRET}
        urls = {"data_base_url": there.url, "trading_base_url": there.url}
        settings = Settings(alpaca=AlpacaSettings.model_validate({**secrets, **urls}))
        prices, now = Prices.of(settings), datetime.now(UTC)
        for each in CALENDAR.sessions(now.date(), now.date() + checks.SESSIONS_AHEAD):
            bells = [at.astimezone(NEW_YORK).strftime("%H:%M") for at in (each.opens_at, each.closes_at)]
            there.calendar.append({"date": str(each.session_on), "open": bells[0], "close": bells[1]})
        there.is_open = prices.is_in_session(now)
        assert (await check("exchange", "", lambda: checks.exchange(settings, prices))).status is Health.OK

        there.is_open, there.calendar = not there.is_open, there.calendar[:-1]
        found = await check("exchange", "", lambda: checks.exchange(settings, prices))
        assert found.status is Health.FAIL
        assert "here, closed at alpaca; now: " in found.found


async def test_a_market_of_the_past_is_never_late(sample_data: Path) -> None:
    prices = Prices.of(Settings(market=MarketSettings(data_dir=sample_data)))
    assert datetime.now(UTC) - await prices.latest() > timedelta(days=365)
    assert (await check("data age", "", lambda: checks.data_age(prices))).status is Health.OK


ALPACA = AlpacaSettings(api_key=SecretStr(KEY), api_secret=SecretStr(BROKER_SECRET))


def trading_at(url: str, **told: object) -> Settings:
    return Settings(
        orders=OrderSettings(broker="alpaca"),
        market=MarketSettings(providers=("yfinance",)),
        alpaca=ALPACA.model_copy(update={"trading_base_url": url, **told}),
    )


async def test_the_doctor_says_whose_account_takes_the_orders(engine: AsyncEngine) -> None:
    with serving() as broker:
        settings = trading_at(broker.url)
        prices = Prices.of(Settings(market=MarketSettings(providers=("simulated",))))
        found = await check("broker", "", lambda: checks.broker(settings, prices, engine))
        assert (found.status, found.found) == (
            Health.OK,
            "alpaca: account PA3TESTDESK1, on paper, 100,000.00 USD",
        )
        broker.brokerage.trading_blocked = True
        found = await check("broker", "", lambda: checks.broker(settings, prices, engine))
        assert (found.status, found.found) == (Health.FAIL, "account PA3TESTDESK1 at alpaca may not trade")
        found = await check("broker", "", lambda: checks.broker(trading_at(broker.url, api_key=None), prices, engine))
        assert (found.status, found.found) == (Health.WARN, "alpaca, whose key is not here")


def test_the_accounts_key_is_tried_where_its_orders_go() -> None:
    exchange = Exchange(snapshots={"SPY": {}})
    (each,) = [each for each in CHECKS if each.id == "alpaca"]
    with serving() as broker, exchange_serving(exchange):
        settings = trading_at(broker.url, data_base_url=exchange.url)
        found = each.run(settings)
        assert found.status is Health.OK, found
        assert found.found == "Alpaca answered about SPY; alpaca: account PA3TESTDESK1, on paper, 100,000.00 USD"
        broker.brokerage.status = "ACTION_REQUIRED"
        assert each.run(settings).mend == "its status is ACTION_REQUIRED"
        on_paper = settings.model_copy(update={"orders": OrderSettings()})
        assert each.run(on_paper).found == "Alpaca answered about SPY"
