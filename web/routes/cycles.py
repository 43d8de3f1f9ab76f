"""Cycles: asked of the desk, and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.chronicle import PostgresChronicle
from adapters.postgres.reports import CycleSummary, EventLine, OrderLine
from console.asking import ask_cycle
from console.cycle import Wish, request_of
from console.desk import LOOK_TIMEOUT, workflow_url
from trading.access import Scope
from trading.desk import CycleTicket
from trading.docket import CycleReport
from trading.instruments import Symbol
from trading.money import ZERO, Identifier
from trading.strategy import AGENTS, StrategyId, first_strategy
from trading.traces import trace_url
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import documented, missing, request_id
from web.routes.events import Again
from web.told import Limit, Page, Sequence_, page, told
from workflows.trading_cycle import TradingCycle

router = APIRouter(tags=["cycles"], responses=documented(404, 409))
LONGEST_WAIT = 25
LOOK_SECONDS = 0.25
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for its end.")]
MOST_EVENTS = 1000
MOST_ORDERS = 500


class Asked(BaseModel):
    """A cycle that is asked for; of no symbols it looks at what the strategy looks at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"symbols": ["AAPL", "MSFT"]}, {"strategy": "momentum", "anytime": True}]},
    )

    symbols: Annotated[tuple[Symbol, ...], Field(max_length=100)] = ()
    strategy: StrategyId = AGENTS
    as_of: date | None = None
    anytime: bool = False


class Once(NamedTuple):
    """What makes of two tries one: the key that they came with, who asked, and what; `wait` is in seconds."""

    key: str | None
    by: str
    asked: BaseModel
    wait: float

    @property
    def named(self) -> dict[str, str]:
        """How the desk knows it again, and knows that it is the same."""
        if self.key is None:
            return {}
        words = f"{self.by} {type(self.asked).__name__} {self.asked.model_dump_json()}"
        return {"request_id": f"http/{self.key}", "digest": sha256(words.encode()).hexdigest()}


class Begun(BaseModel):
    """The desk's answer: the cycle's name, how many wait before it, and the trace that joins all it does."""

    trace_id: Identifier
    ticket: CycleTicket
    url: str | None = None
    trace_url: str | None = None


class Seen(BaseModel):
    """A cycle: in one line, with the report of its workflow (none while it runs, or once Temporal has forgotten it).

    `costs` are dollars by the calls of models that its events rest on, where they had a price; `cost_usd` is their sum.
    """

    cycle: CycleSummary
    report: CycleReport | None
    events: tuple[EventLine, ...]
    orders: tuple[OrderLine, ...]
    costs: dict[str, Decimal]
    cost_usd: Decimal
    url: str | None
    trace_url: str | None = None


@router.post(
    "/cycles/run",
    status_code=202,
    response_model=Begun,
    responses={200: {"model": Seen, "description": "It ended while it was waited for."}},
)
async def run(  # noqa: PLR0913  each is a parameter of the address
    request: Request,
    at: AtDesk,
    *,
    asked: Asked,
    caller: Annotated[Caller, Depends(may(Scope.OPERATE))],
    wait: Wait = 0,
    again: Again = None,
) -> Response:
    """Ask the desk for a cycle. It has its turn; what it trades, its agents and limits decide."""
    wish = Wish(symbols=asked.symbols, strategy=asked.strategy, as_of=typed(asked.as_of), anytime=asked.anytime)
    return await begun(request, at, wish, Once(again, caller.name, asked, wait))


def typed(day: date | None) -> str | None:
    """A day as a person types it."""
    return None if day is None else day.isoformat()


async def begun(request: Request, at: WebDesk, wish: Wish, once: Once) -> Response:
    """Ask the desk for a cycle, and say where it is; or what came of it, where it ends while it is waited for."""
    wish = replace(wish, trace_id=request_id(request))
    known = await at.books.ledger.strategies(at.desk_id) or (first_strategy(),)
    wanted = await request_of(wish, at.settings, at.prices, known)
    ticket = await ask_cycle(at.client, at.desk_id, wanted.model_copy(update=once.named))
    if await _ended(at, ticket.cycle_id, once.wait):
        answer = told(request, await _seen(at, ticket.cycle_id))
    else:
        url = workflow_url(at.found.ui_url, at.client, ticket.workflow_id)
        trace = ticket.trace_id or wanted.trace_id
        seen_at = trace_url(at.settings.traces.url, trace)
        answer = told(request, Begun(trace_id=trace, ticket=ticket, url=url, trace_url=seen_at), 202)
    answer.headers["Location"] = f"/api/cycles/{quote(ticket.cycle_id)}"
    return answer


@router.get("/api/cycles", response_model=Page[CycleSummary], dependencies=[Reads])
async def cycles(
    request: Request,
    at: AtDesk,
    strategy: Annotated[StrategyId | None, Query(description="Only those of one strategy.")] = None,
    before: Sequence_ = None,
    limit: Limit = 20,
) -> Response:
    """Cycles and how each ended, the newest first."""
    lines = await at.books.reports.cycles(limit=limit, strategy_id=strategy, before=before)
    return told(request, page(lines, limit, lambda line: str(line.sequence)))


@router.get("/api/cycles/{cycle_id:path}", response_model=Seen, dependencies=[Reads])
async def cycle(request: Request, at: AtDesk, cycle_id: Annotated[Identifier, Path()]) -> Response:
    """One cycle: what each agent said of each symbol, its events and its orders."""
    return told(request, await _seen(at, cycle_id))


async def _seen(at: WebDesk, cycle_id: str) -> dict[str, Any]:
    known = await at.books.reports.cycle(cycle_id)
    if known is None:
        raise missing("cycle")
    events: Sequence[EventLine] = await at.books.reports.events_after(0, limit=MOST_EVENTS, cycle_id=cycle_id)
    costs = await PostgresChronicle(at.books.engine).costs(_calls(events))
    return {
        "cycle": known,
        "report": await _report(at, known),
        "events": events,
        "orders": await at.books.reports.orders(limit=MOST_ORDERS, cycle_id=cycle_id),
        "costs": {call: f"{usd:f}" for call, usd in costs.items()},
        "cost_usd": f"{sum(costs.values(), ZERO):f}",
        "url": workflow_url(at.found.ui_url, at.client, f"cycle/{cycle_id}"),
        "trace_url": trace_url(at.settings.traces.url, events[0].trace_id) if events else None,
    }


def _calls(events: Sequence[EventLine]) -> list[str]:
    """The calls of models that these events rest on, each once."""
    sources = (event.data.get("source") for event in events)
    return sorted({str(source["call_id"]) for source in sources if isinstance(source, dict) and source.get("call_id")})


async def _report(at: WebDesk, cycle: CycleSummary) -> CycleReport | None:
    """The word of its workflow, which ends a moment after its last line in the log; nobody waits for one that runs."""
    if cycle.ended_at is None:
        return None
    handle = at.client.get_workflow_handle_for(TradingCycle.run, f"cycle/{cycle.cycle_id}")
    try:
        async with asyncio.timeout(LOOK_TIMEOUT.total_seconds()):
            return await handle.result()
    except (WorkflowFailureError, TimeoutError):
        return None
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            return None
        raise


async def _ended(at: WebDesk, cycle_id: str, wait: float) -> bool:
    """Whether it ends within so many seconds."""
    until = asyncio.get_running_loop().time() + timedelta(seconds=wait).total_seconds()
    while asyncio.get_running_loop().time() < until:
        known = await at.books.reports.cycle(cycle_id)
        if known is not None and known.ended_at is not None:
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False
