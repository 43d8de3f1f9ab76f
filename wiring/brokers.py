"""Who takes the orders, by the settings, and everything that must be so before it may."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.rates import PostgresRate
from settings import AlpacaSettings, Settings
from trading.errors import BadConfiguration, BrokerRefused
from trading.ports import Broker, Market
from wiring.markets import Uncounted

PAPER_HOST, LIVE_HOST = "paper-api.alpaca.markets", "api.alpaca.markets"
PAPER_KEY, LIVE_KEY = "PK", "AK"
PAPER_ACCOUNT = "PA"
"""How Alpaca's keys and account numbers begin."""
NO_PRICES = frozenset({"file", "simulated"})
"""Markets whose prices are not those of this moment."""


def broker_of(settings: Settings, engine: AsyncEngine, market: Market) -> Broker:
    """The broker that the settings name. Raises BadConfiguration for settings that contradict each other."""
    check_route(settings)
    if settings.orders.broker == "paper":
        return PaperBroker(engine, market, paper_terms_of(settings))
    return alpaca_broker_of(settings, engine)


def paper_terms_of(settings: Settings) -> PaperTerms:
    """What trading on paper costs; shadow trades cost the same, whoever takes the real orders."""
    account = {"opening_cash": settings.trading.opening_cash, "allow_short": settings.trading.allow_short}
    return PaperTerms.model_validate({**settings.paper.model_dump(), **account})


def alpaca_broker_of(settings: Settings, engine: AsyncEngine | None = None) -> Broker:
    """Alpaca, with the account's own key; with the database all workers share one rate of requests."""
    from adapters.alpaca_broker import AlpacaAccess, AlpacaBroker  # noqa: PLC0415  its SDK takes a second (pandas)

    alpaca = settings.alpaca
    key, secret = _credentials(alpaca)
    access = AlpacaAccess(
        api_key=key,
        api_secret=secret,
        base_url=alpaca.trading_base_url.rstrip("/"),
        stream_url=alpaca.stream_url or _stream_url(alpaca.trading_base_url),
        timeout_seconds=alpaca.timeout_seconds,
    )
    per_minute = alpaca.requests_per_minute
    return AlpacaBroker(access, Uncounted() if engine is None else PostgresRate(engine, "alpaca-orders", per_minute))


def check_route(settings: Settings) -> None:
    """Raises BadConfiguration, in one line, when there is no key, or key, address, mode and prices do not agree."""
    for refusal in _contradictions(settings):
        raise BadConfiguration(refusal)
    if settings.orders.broker == "alpaca":
        _credentials(settings.alpaca)


async def vet_broker(settings: Settings, broker: Broker) -> str:
    """Ask the broker whose account it is, and answer with one line about it.

    Raises BadConfiguration when it is not the account that the settings confirm, BrokerRefused when it may not trade.
    """
    if broker.synthetic:
        return f"{broker.name}: fills are computed here, no order leaves this machine"
    account, trading = await broker.account(settings.desk.id), settings.trading
    is_paper = account.account_id.startswith(PAPER_ACCOUNT)
    if trading.mode == "live" and is_paper:
        raise BadConfiguration("TRADING_MODE is live, and the key is that of an account on paper")
    if trading.mode == "live" and account.account_id != trading.live_confirm:
        raise BadConfiguration("TRADING_LIVE_CONFIRM is not the number of the account that the key opens")
    if account.blocked:
        raise BrokerRefused(f"account {account.account_id} at {broker.name} may not trade: {account.blocked}")
    what = "LIVE, REAL MONEY" if trading.mode == "live" else "on paper"
    return f"{broker.name}: account {account.account_id}, {what}, {account.equity:,.2f} USD"


def _credentials(alpaca: AlpacaSettings) -> tuple[SecretStr, SecretStr]:
    from adapters.alpaca_wire import credentials  # noqa: PLC0415  see `alpaca_broker_of`

    return credentials("broker", alpaca.api_key, alpaca.api_secret)


def _contradictions(settings: Settings) -> Iterator[str]:
    live = settings.trading.mode == "live"
    if settings.orders.broker == "paper":
        if live:
            yield "TRADING_MODE is live, and BROKER=paper sends no order anywhere: set BROKER=alpaca"
        return
    past = NO_PRICES & set(settings.market.providers)
    if past:
        yield f"BROKER=alpaca trades now, and MARKET_PROVIDERS={min(past)} does not know the prices of now"
    yield from _address(settings.alpaca.trading_base_url, live=live)
    if settings.alpaca.stream_url:
        yield from _stream(settings.alpaca.stream_url, settings.alpaca.trading_base_url)
    yield from _key(settings, live=live)
    if live and not settings.trading.live_confirm:
        yield "TRADING_MODE is live: say which account by TRADING_LIVE_CONFIRM, its number"


def _address(url: str, *, live: bool) -> Iterator[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host not in {PAPER_HOST, LIVE_HOST} and not _is_loopback(host):
        yield f"ALPACA_TRADING_BASE_URL is neither https://{PAPER_HOST} nor https://{LIVE_HOST}"
    if parts.scheme != "https" and not _is_loopback(host):
        yield "ALPACA_TRADING_BASE_URL does not begin with https://: the key would be readable on its way"
    if live and host != LIVE_HOST:
        yield f"TRADING_MODE is live, and ALPACA_TRADING_BASE_URL is not https://{LIVE_HOST}"
    if not live and host == LIVE_HOST:
        yield "ALPACA_TRADING_BASE_URL is the live one, and TRADING_MODE is paper"


def _stream(url: str, trading_url: str) -> Iterator[str]:
    parts, host = urlsplit(url), urlsplit(trading_url).hostname
    if parts.hostname != host or parts.scheme not in ({"ws", "wss"} if _is_loopback(host or "") else {"wss"}):
        yield f"ALPACA_STREAM_URL is not wss://{host}/stream, as ALPACA_TRADING_BASE_URL wants it"


def _key(settings: Settings, *, live: bool) -> Iterator[str]:
    key = settings.alpaca.api_key.get_secret_value() if settings.alpaca.api_key else ""
    if live and key.startswith(PAPER_KEY):
        yield "TRADING_MODE is live, and ALPACA_API_KEY is a key for paper"
    if not live and key.startswith(LIVE_KEY):
        yield "ALPACA_API_KEY is a live key, and TRADING_MODE is paper"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _stream_url(trading_url: str) -> str:
    parts = urlsplit(trading_url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/stream"
