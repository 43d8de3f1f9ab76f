"""What a cycle needs on this machine and from its market, one check each, on the code path that the cycle takes."""

from __future__ import annotations

import shutil
import stat
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

import settings as configuration
from activities.market import look
from adapters.env_file import see
from console.check import Health, Unwell
from console.draft import known_variables
from console.env_file import values_of
from console.watchlist import Prices, first_of
from settings import Settings
from wiring.brokers import broker_of, vet_broker
from wiring.markets import alpaca_of
from wiring.models import check_models, sittings_of

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1_000_000_000
SESSIONS_AHEAD = timedelta(days=14)
_OPEN = {True: "open", False: "closed"}


async def python() -> str:
    """The interpreter's version."""
    if sys.version_info < LEAST_PYTHON:
        raise Unwell(sys.version.split()[0], "install Python 3.11 or newer and run `make run PYTHON=...`")
    return sys.version.split()[0]


async def disk(settings: Settings) -> str:
    """Room for the servers' state."""
    folder = settings.desk.home.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < LEAST_FREE_BYTES:
        raise Unwell(found, f"make room on the disk of {folder}", status=Health.WARN)
    return found


async def models(settings: Settings) -> str:
    """The four seats and who sits there; every provider is asked whether it has its models and takes its key."""
    sitting = sittings_of(settings.models)
    await check_models(settings.models)
    return ", ".join(f"{agent} {each.model.name}" for agent, each in sitting.items())


async def calendar(settings: Settings, prices: Prices) -> str:
    """The exchange's calendar and the session it speaks of now."""
    session = prices.calendar.last_session(datetime.now(UTC))
    return f"{settings.schedule.calendar}: last session {session.session_on}"


async def exchange(settings: Settings, prices: Prices) -> str:
    """Alpaca's clock and calendar against ours: they know of closures that nobody could announce years ago."""
    there, now = alpaca_of(settings, prices.calendar), datetime.now(UTC)
    sessions = prices.calendar.sessions(now.date(), now.date() + SESSIONS_AHEAD)
    said = list(await there.differing_sessions(sessions))
    ours, theirs = prices.is_in_session(now), await there.is_open()
    if ours is not theirs:
        said.append(f"now: {_OPEN[ours]} here, {_OPEN[theirs]} at alpaca")
    if said:
        raise Unwell("; ".join(said), "halt the desk on days that differ, and update the package exchange-calendars")
    return f"as alpaca says, to {sessions[-1].session_on}"


async def market(settings: Settings, prices: Prices) -> str:
    """One symbol of the watchlist, read as a cycle reads it."""
    symbol = await first_of(settings, prices)
    latest = await prices.latest()
    snapshot = await look(prices.market, prices.calendar, [symbol], latest, max_age=prices.max_age(latest))
    if snapshot.dropped:
        mend = "other symbols may be sound: look with `starter.py indicators`"
        raise Unwell(f"{symbol}: {snapshot.dropped[0].reason}", mend, status=Health.WARN)
    (facts,) = snapshot.symbols
    if snapshot.fallback:
        mend = "mend the provider that failed: until then the desk trades on the one after it"
        raise Unwell(f"{snapshot.provider} alone ({snapshot.fallback})", mend, status=Health.WARN)
    return f"{prices.market.name}: {symbol} at {facts.quote.last:f}, {facts.bars} bars to {facts.last_session_on}"


async def env_file() -> str:
    """`.env`: readable by its owner only, every name in it one of ours."""
    file = configuration.ENV_FILE
    if not file.exists():
        return "none: every setting is the environment's or the default"
    see(file)
    if stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unwell("others can read it", f"chmod 600 {file.resolve()}", status=Health.WARN)
    values = values_of(file.read_text())
    # OpenTelemetry has dozens of its own, and reads them itself.
    unknown = sorted(name for name in set(values) - set(known_variables()) if not name.startswith("OTEL_"))
    if unknown:
        raise Unwell(f"unknown: {', '.join(unknown)}", "correct or remove it: nothing reads it", status=Health.WARN)
    return f"{len(values)} values, nobody else can read them"


async def data_age(prices: Prices) -> str:
    """How old the newest price is, held to the gate's rule while the exchange trades."""
    latest = await prices.latest()
    if prices.market.historical:
        return f"{latest:%Y-%m-%d}: a market of the past, which a cycle takes as its present"
    now = datetime.now(UTC)
    found = f"{(now - latest).total_seconds():,.0f} s"
    if prices.is_in_session(now) and now - latest > prices.rules.max_data_age:
        raise Unwell(found, "the feed is late, and cycles are skipped: look at the provider, or wait")
    return found


async def broker(settings: Settings, prices: Prices, engine: AsyncEngine) -> str:
    """Where orders go: on paper, or for real, which nobody should learn from a statement of account."""
    if settings.orders.broker == "alpaca" and settings.alpaca.api_key is None:
        # Least privilege: only the process that serves `orders` is given the key.
        mend = "nothing, if the worker of `orders` has it: look from there"
        raise Unwell("alpaca, whose key is not here", mend, status=Health.WARN)
    found = await vet_broker(settings, broker_of(settings, engine, prices.market))
    if settings.trading.mode == "live":
        raise Unwell(found, "trade on paper unless this is meant", status=Health.WARN)
    return found
