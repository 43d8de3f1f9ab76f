"""What the desk is worth, holds and has traded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adapters.postgres.reports import EquityMark, OrderLine, Place
from console.books import part_of
from console.desk import has_books
from console.tables import value_of
from trading.portfolio import Portfolio
from trading.strategy import StrategyId
from trading.trades import Trade
from web.access import Reads
from web.desk import AtDesk, WebDesk
from web.problems import documented, missing
from web.told import Cursor, Limit, Page, cursor_of, page, place_of, told

router = APIRouter(prefix="/api", tags=["books"], dependencies=[Reads], responses=documented(404, 409))
Whose = Annotated[StrategyId | None, Query(description="Only the part of this strategy.")]


@router.get("/portfolio")
async def portfolio(request: Request, at: AtDesk, strategy: Whose = None) -> Response:
    """Cash, equity, drawdown, positions and open orders; amounts are decimal strings."""
    return told(request, await _value(at, strategy))


@router.get("/positions")
async def positions(request: Request, at: AtDesk, strategy: Whose = None) -> Response:
    """What is held, with its mark, value and open gain."""
    return told(request, {"items": (await _value(at, strategy))["positions"]})


@router.get("/trades", response_model=Page[Trade])
async def trades(request: Request, at: AtDesk, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Round trips, from flat to flat, the newest first.

    They follow from fills: nobody writes one by hand, so POST is refused (405). `POST /cycles/run` asks the desk to
    look at symbols and to trade what its agents and limits let pass.
    """
    lines = await at.books.reports.trades(limit=limit, before=place_of(cursor))
    return told(request, page(lines, limit, lambda line: cursor_of(Place(line.opened_at, line.trade_id))))


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


@router.get("/equity", response_model=Page[EquityMark])
async def equity(
    request: Request, at: AtDesk, limit: Annotated[int, Query(ge=1, le=10_000, description="Most marks.")] = 500
) -> Response:
    """What the desk was worth at its newest marks, the newest first."""
    return told(request, {"items": list(reversed(await at.books.reports.equity(limit=limit))), "next": None})


async def _value(at: WebDesk, strategy: str | None) -> dict[str, Any]:
    return value_of(await _held(at, strategy))


async def _held(at: WebDesk, strategy: str | None) -> Portfolio:
    await has_books(at.books)
    if strategy is None:
        return await at.books.ledger.portfolio(at.desk_id)
    if await at.books.ledger.part(at.desk_id, strategy) is None:
        raise missing("strategy")
    return await part_of(at.books, strategy)
