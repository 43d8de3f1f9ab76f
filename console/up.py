"""`up`: the whole desk in one process tree, from nothing to a cycle and a worker that stays."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from temporalio.client import Client

import embedded
from adapters import logs
from adapters.metrics.instruments import REGISTRY
from adapters.metrics.serving import Telling, telling
from adapters.postgres.migrations import migrate
from adapters.temporal import connection
from adapters.temporal.versions import DEPLOYMENT, own
from console.cycle import Wish, request_of, run_one, say_if_closed
from console.output import Output, pairs, title
from console.reach import Reach, embedded_reach, named_reach
from console.timetable import timetable_of
from console.watchlist import Prices
from settings import DeskSettings, Settings
from trading.errors import BadConfiguration
from trading.steps import CycleRequest
from wiring.asking import LOG_LINES, redaction_of
from wiring.brokers import check_route
from wiring.metrics import place_of
from wiring.model_names import Provider
from wiring.models import sittings_of
from worker import serving
from workflows import policies

INTERRUPTED = 130


async def up(settings: Settings, output: Output, wish: Wish, *, once: bool) -> int:
    """Serve until SIGTERM or SIGINT, which end it well; with `once`, until the cycle has ended."""
    stop = asyncio.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(caught, stop.set)
    running, stopping = asyncio.create_task(_up(settings, output, wish, once=once)), asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        output.say("", "Draining: what runs may end, then the servers stop ...")
        running.cancel()
        await asyncio.wait({running})
    stopping.cancel()
    if running.cancelled():
        return INTERRUPTED if once else 0
    return running.result()


def _refuse_builds() -> None:
    if own() is not None:
        raise BadConfiguration(f"{DEPLOYMENT}: this desk begins and ends with its servers, and has one build: unset it")


async def _up(settings: Settings, output: Output, wish: Wish, *, once: bool) -> int:
    _refuse_second(settings.desk.home)
    _refuse_builds()
    sittings_of(settings.models)
    check_route(settings)
    output.say(title(f"Trading desk {settings.desk.id}"))
    with output.waiting("reading the market ..."):
        prices = Prices.of(settings)
        request = await at_any_time(await request_of(wish, settings, prices), settings, prices)
        # A file that cannot be read is found here, before there is a server or a folder for one.
        await prices.market.quotes(request.symbols, request.as_of or await prices.latest())
        await timetable_of(settings, prices)
        where = await _market(settings, prices, request)
    output.say(pairs([*_runs_on(settings), ("market", where)]))
    async with AsyncExitStack() as stack:
        with output.waiting("starting Temporal, Postgres and a worker ..."):
            found = await stack.enter_async_context(_servers(settings))
            logs.write_also(settings.log.file or settings.desk.home / LOG_LINES, redaction_of(settings, found.database))
            await migrate(found.database)
            told = await _told(stack, settings)
            client = await connection.connect(found.temporal_address, told.runtime)
            await stack.enter_async_context(serving(client, settings, found.database, policies.QUEUES))
            web = [] if once else [("HTTP API", await stack.enter_async_context(_web(settings, found, client)))]
        output.say(pairs([*_addresses(found, client), *web, ("metrics", told.address)]))
        await say_if_closed(request, prices, output)
        code = await run_one(client, found, settings, request, output)
        if not once:
            output.say("", "Serving until Ctrl-C. In another terminal: starter.py status, run, events --follow ...")
            await asyncio.Event().wait()
    return code


async def _told(stack: AsyncExitStack, settings: Settings) -> Telling:
    """Where the desk's metrics are told: at the port that is set, else at a free one of this machine's own address."""
    return await stack.enter_async_context(telling(place_of(settings.metrics)))


@asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Reach]:
    """The servers that the settings name, else embedded ones that live as long as the block."""
    named = named_reach(settings.database)
    if named is not None:
        yield named
        return
    async with embedded.serve(settings.desk.home, ports=_ports(settings.desk)) as endpoints:
        yield embedded_reach(endpoints)


@asynccontextmanager
async def _web(settings: Settings, found: Reach, client: Client) -> AsyncIterator[str]:
    """The HTTP API beside the desk, at a free port unless WEB_PORT names one; its address."""
    from web.desk import web_desk  # noqa: PLC0415  half a second of imports that `--once` does not wait for
    from web.serving import serving_web  # noqa: PLC0415  as above

    place = (settings.web.host, settings.web.port or 0)
    async with web_desk(settings, found, client) as at, serving_web(at, *place, registries=(REGISTRY,)) as address:
        yield address


def _refuse_second(home: Path) -> None:
    """Say so before anything else is: the lock itself is taken later, and is what counts."""
    owner = embedded.Home(home).owner()
    if owner is not None:
        raise embedded.AlreadyRunning(home, owner)


def _ports(desk: DeskSettings) -> embedded.PortChoice:
    return embedded.PortChoice(temporal=desk.temporal_port, ui=desk.ui_port, database=desk.db_port)


async def at_any_time(request: CycleRequest, settings: Settings, prices: Prices) -> CycleRequest:
    """Somebody who starts a desk at night wants to see it work: here on paper it does, a broker is asked by day."""
    waives = settings.orders.broker == "paper" and not prices.market.historical and request.as_of is None
    return request.model_copy(update={"anytime": True}) if waives else request


def _runs_on(settings: Settings) -> list[tuple[str, str]]:
    named = dict.fromkeys(each.model for each in sittings_of(settings.models).values())
    said = [
        f"{each.name} (no key: rules, not a language model)" if each.provider is Provider.RULES else each.name
        for each in named
    ]
    return [("model", ", ".join(said)), ("broker", _broker(settings))]


def _broker(settings: Settings) -> str:
    if settings.orders.broker == "paper":
        return "paper: fills are computed here, no order leaves this machine"
    live = settings.trading.mode == "live"
    return f"{settings.orders.broker}: {'LIVE, ORDERS SPEND REAL MONEY' if live else 'its account on paper'}"


async def _market(settings: Settings, prices: Prices, request: CycleRequest) -> str:
    if prices.market.synthetic:
        return f"{prices.market.name}: invented prices, seed {settings.market.seed}"
    at = request.as_of or await prices.latest()
    if prices.market.historical:
        return f"file: real daily bars in {settings.market.data_dir}/, as of {at:%Y-%m-%d}, not today's prices"
    return f"{prices.market.name}: as of {at:%Y-%m-%d %H:%M} UTC"


def _addresses(reach: Reach, client: Client) -> list[tuple[str, str]]:
    database = reach.database
    found = {
        "Web UI": reach.ui_url,
        "Temporal": f"{client.service_client.config.target_host}, namespace {client.namespace}",
        "database": f"postgresql://{database.user}@{database.host}:{database.port}/{database.name}",
    }
    return [(name, address) for name, address in found.items() if address]
