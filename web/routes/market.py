"""The market as a cycle would see it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from console.prices import Quotes, read_indicators, read_quotes
from trading.instruments import Symbol
from trading.market import Snapshot
from web.access import Reads
from web.desk import AtDesk
from web.problems import documented
from web.told import told

router = APIRouter(prefix="/api/market", tags=["market"], dependencies=[Reads], responses=documented(404, 409))
Symbols = Annotated[
    list[Symbol], Query(alias="symbol", min_length=1, max_length=20, description="Tickers; once for each.")
]
AsOf = Annotated[date | None, Query(description="The session whose close is now.")]


@router.get("/quote", response_model=Quotes)
async def quote(request: Request, at: AtDesk, symbols: Symbols, as_of: AsOf = None) -> Response:
    """The best known prices; in place of one that is not known, why."""
    return told(request, await read_quotes(at.settings, at.prices, symbols, _day(as_of)))


@router.get("/indicators", response_model=Snapshot)
async def indicators(request: Request, at: AtDesk, symbols: Symbols, as_of: AsOf = None) -> Response:
    """The numbers that an agent may cite, and why a symbol is left out."""
    return told(request, await read_indicators(at.settings, at.prices, symbols, _day(as_of)))


def _day(as_of: date | None) -> str | None:
    return None if as_of is None else as_of.isoformat()
