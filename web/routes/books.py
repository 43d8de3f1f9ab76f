"""What the desk is worth, holds and has traded."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from activities.closing import NO_BENCHMARK
from adapters.postgres.curves import read_course
from adapters.postgres.entries import open_entries
from adapters.postgres.reports import OrderLine, Place
from console.books import part_of
from console.changes import Changes, changes_of
from console.desk import has_books
from console.exposure import Exposure, PositionLine, exposure, positions_with
from console.tables import value_of
from trading.equity_curve import EquityPoint, equity_curve
from trading.portfolio import Portfolio
from trading.strategy import StrategyId
from web.access import Reads
from web.desk import AtDesk, WebDesk
from web.problems import documented, missing
from web.told import Cursor, Limit, Page, cursor_of, page, place_of, told

router = APIRouter(prefix="/api", tags=["books"], dependencies=[Reads], responses=documented(404, 409))
Whose = Annotated[StrategyId | None, Query(description="Only the part of this strategy.")]


class Marks(StrEnum):
    """Which marks are points of the curve."""

    MARK = "mark"
    DAY = "day"


class Held(BaseModel):
    """What the desk is held against, by its ticker; `why` says why the newest close does not, or nothing."""

    symbol: Annotated[str, Field(examples=["SPY"])]
    why: Annotated[str, Field(examples=[""])] = ""


class Equity(Page[EquityPoint]):
    """The points, the newest first, and what the benchmark is."""

    benchmark: Held


@router.get("/portfolio")
async def portfolio(request: Request, at: AtDesk, strategy: Whose = None) -> Response:
    """Cash, equity, drawdown, positions and open orders; amounts are decimal strings."""
    return told(request, value_of(await _held(at, strategy)))


@router.get("/positions", response_model=Page[PositionLine])
async def positions(request: Request, at: AtDesk, strategy: Whose = None) -> Response:
    """What is held, with its mark, value and open gain, its stop and target, and the words that it was bought on."""
    held = await _held(at, strategy)
    bought = await open_entries(at.books.engine, at.desk_id)
    ours = [one for one in bought if strategy in (None, one.strategy_id)]
    return told(request, {"items": positions_with(held, ours), "next": None})


@router.get("/changes", response_model=Changes)
async def changes(request: Request, at: AtDesk) -> Response:
    """What the desk has gained or lost since the close of the day before, and of the week before."""
    await has_books(at.books)
    return told(request, await changes_of(at.books, at.settings))


@router.get("/exposure", response_model=Exposure)
async def exposed(request: Request, at: AtDesk) -> Response:
    """How much is at work, by symbol and sector, open entries filled, and what each limit allows of it."""
    return told(request, exposure(await _held(at, None), at.settings.trading.limits))


@router.get("/orders", response_model=Page[OrderLine])
async def orders(
    request: Request,
    at: AtDesk,
    *,
    open_only: Annotated[bool, Query(alias="open", description="Only those that may still fill.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Orders, denied and protective ones among them, the newest first."""
    lines = await at.books.reports.orders(limit=limit, open_only=open_only, before=place_of(cursor))
    return told(request, page(lines, limit, lambda line: cursor_of(Place(line.recorded_at, line.client_order_id))))


@router.get("/equity", response_model=Equity)
async def equity(
    request: Request,
    at: AtDesk,
    by: Annotated[Marks, Query(description="Every mark, or of each day by UTC the last.")] = Marks.MARK,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Most points.")] = 500,
) -> Response:
    """What the desk was worth at its newest marks, the newest first; beside it the same money in the benchmark."""
    await has_books(at.books)
    course = await read_course(at.books.engine, at.desk_id, limit, by_day=by is Marks.DAY)
    points = equity_curve(course.marks, course.closes, course.peak)
    symbol = at.settings.desk.benchmark
    why = course.why if symbol != NO_BENCHMARK else "DESK_BENCHMARK names none"
    benchmark = Held(symbol=symbol, why="no session has been closed yet" if why is None else why)
    return told(request, {"items": points[::-1], "next": None, "benchmark": benchmark})


async def _held(at: WebDesk, strategy: str | None) -> Portfolio:
    await has_books(at.books)
    if strategy is None:
        return await at.books.ledger.portfolio(at.desk_id)
    if await at.books.ledger.part(at.desk_id, strategy) is None:
        raise missing("strategy")
    return await part_of(at.books, strategy)
