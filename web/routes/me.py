"""Who asks, and what a page needs to know before it asks for anything else."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from console.backtest_card import code_version
from trading.access import Scope
from web.access import Caller, may
from web.desk import AtDesk
from web.problems import documented
from web.told import told

router = APIRouter(prefix="/api", tags=["access"], responses=documented())


class Links(BaseModel):
    """Where more is to be seen, outside of this API; null where nothing is known to listen.

    `traces` is the page of one trace, `{trace}` in the place of its digits.
    """

    temporal: Annotated[str | None, Field(examples=["http://127.0.0.1:8233/namespaces/trading/workflows"])]
    traces: Annotated[str | None, Field(examples=[None])] = None


class Me(BaseModel):
    """Whom the desk takes the asker for, and which desk it is.

    `has_token` is false of somebody who sits at this machine while the desk has no token. `has_books` is false before
    the first cycle: most else is refused then. `mode` is of the money, `markets` are asked for prices in this order.
    """

    name: Annotated[str, Field(examples=["ann"])]
    scopes: tuple[Scope, ...]
    has_token: bool
    desk_id: Annotated[str, Field(examples=["main"])]
    has_books: bool
    mode: Annotated[str, Field(examples=["paper"])]
    broker: Annotated[str, Field(examples=["paper"])]
    markets: Annotated[tuple[str, ...], Field(examples=[["file"]])]
    benchmark: Annotated[str, Field(examples=["SPY"])]
    timezone: Annotated[str, Field(examples=["America/New_York"])]
    api: Annotated[str, Field(examples=["1"])]
    code: Annotated[str, Field(examples=["1f7a93a64c58"])]
    links: Links


@router.get("/me", response_model=Me)
async def me(request: Request, at: AtDesk, caller: Annotated[Caller, Depends(may(Scope.READ))]) -> Response:
    """You, the desk, its versions and the ways out of this page."""
    settings, ui_url = at.settings, at.found.ui_url
    seen = Me(
        name=caller.name,
        scopes=caller.scopes,
        has_token=caller.has_token,
        desk_id=at.desk_id,
        has_books=await at.books.reports.is_open(),
        mode=settings.trading.mode,
        broker=settings.orders.broker,
        markets=settings.market.providers,
        benchmark=settings.desk.benchmark,
        timezone=settings.schedule.timezone,
        api=request.app.version,
        code=await asyncio.to_thread(_code),
        links=Links(
            temporal=None if ui_url is None else f"{ui_url}/namespaces/{at.client.namespace}/workflows",
            traces=settings.traces.url or None,
        ),
    )
    return told(request, seen)


@cache
def _code() -> str:
    """What runs, asked for once: it does not change under a process."""
    return code_version()
