"""Which market the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.market_chain import MarketChain
from settings import AlpacaSettings, MarketSettings, Settings
from trading.errors import BadConfiguration
from trading.market import Adjustment
from wiring.markets import calendar_of, market_of

KEY = AlpacaSettings(api_key=SecretStr("PK"), api_secret=SecretStr("hidden"))


def settings_of(tmp_path: Path, alpaca: AlpacaSettings = KEY, **market: object) -> Settings:
    settings = Settings(market=MarketSettings.model_validate(market), alpaca=alpaca)
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"home": tmp_path})})


@pytest.mark.parametrize("names", ["file", "simulated", "alpaca", "yfinance"])
async def test_one_provider_is_itself(engine: AsyncEngine, tmp_path: Path, names: str) -> None:
    settings = settings_of(tmp_path, providers=names)
    for database in (None, engine):
        market = market_of(settings, calendar_of(settings.schedule), database)
        assert market.name == names


async def test_several_are_a_chain_in_their_order(engine: AsyncEngine, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, providers=" yfinance, Alpaca,yfinance ", cross_check=True)
    market = market_of(settings, calendar_of(settings.schedule), engine)
    assert isinstance(market, MarketChain)
    assert (market.name, market.adjustment, market.historical) == ("yfinance+alpaca", Adjustment.SPLIT, False)


@pytest.mark.parametrize(
    ("alpaca", "market", "named"),
    [
        (KEY, {"providers": "alpaca,simulated"}, "do not mix"),
        (KEY, {"providers": "alpaca", "cross_check": True}, "needs two"),
        (AlpacaSettings(api_secret=SecretStr("hidden")), {"providers": "alpaca"}, "ALPACA_API_KEY"),
        (AlpacaSettings(api_key=SecretStr("PK")), {"providers": "alpaca"}, "ALPACA_API_SECRET"),
    ],
)
def test_settings_that_make_no_market_are_named(
    tmp_path: Path, alpaca: AlpacaSettings, market: dict[str, object], named: str
) -> None:
    settings = settings_of(tmp_path, alpaca, **market)
    with pytest.raises(BadConfiguration, match=named) as refused:
        market_of(settings, calendar_of(settings.schedule))
    assert "hidden" not in str(refused.value)
