"""How the desk stands and has done, and what its models cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adapters.postgres.engine import transaction
from adapters.postgres.shadow import all_trades
from console.challenges import contests_of
from console.desk import has_books
from console.report import close_of, performance_of
from console.scoreboard import Scoreboard, Within, read_scoreboard
from console.shadow import Totals
from console.spend import Spending, read_spend
from console.status import look_at
from trading.closing import DailyClose
from trading.contest import Contest
from trading.errors import BadConfiguration
from trading.metrics import MEASURES, Unit
from trading.money import Record
from trading.spending import SpendKey
from trading.strategy import StrategyId
from web.access import Reads
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented
from web.told import Limit, Page, told

router = APIRouter(prefix="/api", tags=["figures"], dependencies=[Reads], responses=documented(404, 409))


class MeasureLine(Record):
    """One number of a run: its field, what it is called, its unit, how it is defined, and who defined it."""

    field: str
    label: str
    unit: Unit
    definition: str
    source: str


@router.get("/status")
async def status(request: Request, at: AtDesk) -> Response:
    """The trading state with every rule, the cycles, the equity, the models' cost, and who serves the desk."""
    await has_books(at.books)
    seen = await look_at(at.client, at.books, at.found.ui_url)
    return told(request, {**seen.document, "url": seen.url})


@router.get("/spend", response_model=Spending)
async def spend(
    request: Request,
    at: AtDesk,
    by: SpendKey = SpendKey.AGENT,
    days: Annotated[int, Query(ge=1, le=366, description="Days back, today among them.")] = 1,
) -> Response:
    """What models cost in these days, and how far each budget is used."""
    await has_books(at.books)
    return told(request, await read_spend(at.books, at.settings, by, days))


@router.get("/scoreboard", response_model=Scoreboard)
async def scoreboard(
    request: Request,
    at: AtDesk,
    since: Annotated[date | None, Query(description="From this day on, by UTC.")] = None,
    until: Annotated[date | None, Query(description="Up to this day, which counts.")] = None,
    strategy: Annotated[StrategyId | None, Query(description="Only what this strategy decided.")] = None,
) -> Response:
    """The agents by what became of what they spoke of, and what each stage earned or cost."""
    await has_books(at.books)
    first, last = (None if day is None else day.isoformat() for day in (since, until))
    return told(request, await read_scoreboard(at.books, Within(first, last, strategy)))


@router.get("/challenges", response_model=Page[Contest])
async def challenges(request: Request, at: AtDesk) -> Response:
    """Strategies that think beside another with other models or words, what both have shown, and what is missing."""
    await has_books(at.books)
    return told(request, {"items": await contests_of(await at.strategies()), "next": None})


@router.get("/performance")
async def performance(request: Request, at: AtDesk) -> Response:
    """Return, risk and costs of the desk and its strategies since the opening, as of the newest close."""
    return told(request, performance_of(await _close(at, None)))


@router.get("/closes/{day}", response_model=DailyClose)
async def close(request: Request, at: AtDesk, day: date) -> Response:
    """A day as it was closed."""
    return told(request, await _close(at, day))


@router.get("/shadow")
async def shadow(request: Request, at: AtDesk, limit: Limit = 50) -> Response:
    """What a halted desk would have traded, and what that would have made."""
    async with transaction(at.books.engine) as connection:
        known = await all_trades(connection, at.desk_id)
    standing, ended = ([one for one in known if one.is_open is wanted] for wanted in (True, False))
    totals = Totals.of(standing, ended)
    return told(request, {"open": standing[-limit:], "closed": ended[-limit:], "totals": totals})


async def _close(at: WebDesk, day: date | None) -> DailyClose:
    await has_books(at.books)
    try:
        return await close_of(at.books, day)
    except BadConfiguration as error:
        raise Refusal(404, str(error)) from None


@router.get("/measures", response_model=Page[MeasureLine])
async def measures(request: Request) -> Response:
    """What each number of a backtest and of the desk's performance means, in the order in which they are shown."""
    return told(request, {"items": [MeasureLine(**one._asdict()) for one in MEASURES], "next": None})
