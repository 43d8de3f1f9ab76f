"""Trades: round trips as they were made, and the one that a person proposes."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ConfigDict, JsonValue

from adapters.postgres.reports import Place
from console.cycle import Wish
from trading.access import Scope
from trading.strategy import AGENTS, StrategyId
from trading.trades import Trade
from trading.wanted import OperatorTrade, WantedTrade
from web.access import Caller, Reads, may
from web.desk import AtDesk
from web.problems import documented
from web.routes.cycles import Begun, Once, Seen, Wait, begun, typed
from web.routes.events import Again
from web.told import Cursor, Limit, Page, cursor_of, page, place_of, told

router = APIRouter(prefix="/api/trades", tags=["trades"], responses=documented(404, 409))
EXAMPLES: list[JsonValue] = [
    {"side": "buy", "symbol": "AAPL", "shares": "10", "stop": "170", "reason": "the results were better than feared"},
    {"side": "sell", "symbol": "MSFT", "reason": "enough of it"},
]


class Proposed(WantedTrade):
    """A trade that is asked for, and whose of the strategies it is: its equity, its shares, its limits."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    strategy: StrategyId = AGENTS
    as_of: date | None = None
    anytime: bool = False


@router.get("", response_model=Page[Trade], dependencies=[Reads])
async def trades(request: Request, at: AtDesk, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Round trips, from flat to flat, the newest first."""
    lines = await at.books.reports.trades(limit=limit, before=place_of(cursor))
    return told(request, page(lines, limit, lambda line: cursor_of(Place(line.opened_at, line.trade_id))))


@router.post(
    "",
    status_code=202,
    response_model=Begun,
    responses={200: {"model": Seen, "description": "Its cycle ended while it was waited for."}},
)
async def propose(  # noqa: PLR0913  each is a parameter of the address
    request: Request,
    at: AtDesk,
    *,
    asked: Proposed,
    caller: Annotated[Caller, Depends(may(Scope.OPERATE))],
    wait: Wait = 0,
    again: Again = None,
) -> Response:
    """Propose a trade in a cycle of its own: it has its turn, and goes through the limits, approval and the halt.

    No agent is asked. What comes of it, and by which limit it is less than what was asked for, is its cycle's to say.
    """
    trade = OperatorTrade(**asked.model_dump(include=set(WantedTrade.model_fields)), by=caller.name)
    wish = Wish((asked.symbol,), asked.strategy, typed(asked.as_of), asked.anytime, trade=trade)
    return await begun(request, at, wish, Once(again, caller.name, asked, wait))
