"""Trying keys and addresses before they are kept: one check each, on the adapters that a worker would use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.postgres.engine import Database, owner_engine, transaction
from adapters.temporal.connection import connect
from console import server_checks
from console.check import Check, check
from settings import Settings
from wiring.brokers import alpaca_broker_of, check_route, vet_broker
from wiring.markets import alpaca_of, calendar_of
from wiring.model_names import Provider
from wiring.models import check_models, check_provider

EVERYBODYS = "SPY"
"""A symbol that every feed has."""
_AGENTS = ("DATA_AGENT", "RISK_AGENT", "VALIDATOR", "META_AGENT", "BULL", "BEAR", "REFLECTOR", "INQUIRER")
# What decides who is asked, and where.
_SEATS = (
    *(f"LLM_{agent}_{kind}" for agent in _AGENTS for kind in ("MODEL", "FALLBACK_MODEL")),
    *("LLM_ANTHROPIC_BASE_URL", "LLM_OPENAI_BASE_URL"),
)


@dataclass(frozen=True)
class KeyCheck:
    """Tries what some variables say. `look` answers with what it found, or raises one of our errors in one line.

    `asked` says whether a person is asked for them: the others have defaults that serve most.
    """

    id: str
    required: str
    variables: tuple[str, ...]
    look: Callable[[Settings], Awaitable[str]]
    asked: bool = True

    def run(self, settings: Settings) -> Check:
        """Look now."""
        return asyncio.run(check(self.id, self.required, lambda: self.look(settings)))


async def database(settings: Settings) -> str:
    """Postgres lets its owner in; whether the books are there is for the migrations to say."""
    named = settings.database
    if named.host is None:
        return "the embedded one"
    engine = owner_engine(
        Database(host=named.host, port=named.port, name=named.name, user=named.user, password=named.password)
    )
    try:
        async with transaction(engine) as connection:
            version = (await connection.exec_driver_sql("SHOW server_version")).scalar_one()
    finally:
        await engine.dispose()
    return f"PostgreSQL {version} at {named.host}:{named.port}, user {named.user}"


async def temporal(_: Settings) -> str:
    """Temporal answers, with the namespace."""
    return await server_checks.temporal(await connect())


async def models(settings: Settings) -> str:
    """The vendors have the models that sit somewhere."""
    return "; ".join(await check_models(settings.models))


def _key_of(provider: Provider) -> Callable[[Settings], Awaitable[str]]:
    """The provider takes the key, whether or not an agent is seated there by now."""

    async def look(settings: Settings) -> str:
        return "; ".join(await check_provider(settings.models, provider))

    return look


async def prices(settings: Settings) -> str:
    """Alpaca's data API takes the key: one symbol's quote."""
    market = alpaca_of(settings, calendar_of(settings.schedule))
    quotes = await market.quotes([EVERYBODYS], datetime.now(UTC))
    return f"Alpaca answered about {', '.join(quotes)}"


async def account(settings: Settings) -> str:
    """Alpaca takes the account's key: for prices, and where orders go there, for them."""
    found = await prices(settings)
    if settings.orders.broker != "alpaca":
        return found
    check_route(settings)
    return f"{found}; {await vet_broker(settings, alpaca_broker_of(settings))}"


def _vendor(name: str, *variables: str, look: Callable[[Settings], Awaitable[str]]) -> KeyCheck:
    return KeyCheck(id=name, required="takes the key", variables=variables, look=look)


CHECKS: tuple[KeyCheck, ...] = (
    _vendor("anthropic", "LLM_ANTHROPIC_API_KEY", look=_key_of(Provider.ANTHROPIC)),
    _vendor("openai", "LLM_OPENAI_API_KEY", look=_key_of(Provider.OPENAI)),
    _vendor("a server of your own", "LLM_CHAT_BASE_URL", "LLM_CHAT_API_KEY", look=_key_of(Provider.CHAT)),
    KeyCheck(id="models", required="names that a provider has", variables=_SEATS, look=models, asked=False),
    _vendor("alpaca", "ALPACA_API_KEY", "ALPACA_API_SECRET", look=account),
    _vendor("alpaca's prices", "ALPACA_DATA_API_KEY", "ALPACA_DATA_API_SECRET", look=prices),
    KeyCheck(
        id="database",
        required="lets its owner in",
        variables=("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
        look=database,
    ),
    KeyCheck(
        id="temporal",
        required="reachable, with the namespace",
        variables=("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"),
        look=temporal,
    ),
)
"""Every check there is; a key that none of them names is kept with the words `not checked`."""
