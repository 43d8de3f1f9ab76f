"""The trading state: looked at, halted, resumed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from console.desk import has_books
from console.state import LONGEST_REASON, HaltWish, ResumeWish, halted, resumed
from trading.access import Scope
from trading.breaker import CircuitBreaker, StrategyBreaker
from trading.strategy import StrategyId
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import documented, missing, request_id
from web.told import told

router = APIRouter(prefix="/api/breaker", tags=["breaker"], responses=documented(404, 409))
Operates = Annotated[Caller, Depends(may(Scope.OPERATE))]
Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")]


class Halt(BaseModel):
    """A halt of the desk, or of one strategy."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the news is unclear"}]})

    reason: Reason
    cancel_orders: bool = False
    flatten: bool = False
    strategy: StrategyId | None = None

    @model_validator(mode="after")
    def _of_the_desk(self) -> Halt:
        if self.strategy is not None and (self.cancel_orders or self.flatten):
            raise ValueError("cancel_orders and flatten are for the whole desk")
        return self


class Resume(BaseModel):
    """Somebody's word that it may go on; with `force` although what stopped it still holds."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "looked into it"}]})

    reason: Reason
    force: bool = False
    strategy: StrategyId | None = None


class Breakers(BaseModel):
    """The desk's circuit breaker with every rule's gauge, and its strategies'."""

    desk: CircuitBreaker
    strategies: tuple[StrategyBreaker, ...]


@router.get("", response_model=Breakers, dependencies=[Reads])
async def breaker(request: Request, at: AtDesk) -> Response:
    """The trading state with its reason, where every rule stands, and how far it is from its trip."""
    await has_books(at.books)
    desk = await at.books.ledger.breaker(at.desk_id)
    strategies = await at.books.ledger.strategy_breakers(at.desk_id)
    return told(request, {"desk": desk, "strategies": strategies})


@router.post("/halt", response_model=CircuitBreaker)
async def halt(request: Request, at: AtDesk, wanted: Halt, caller: Operates) -> Response:
    """Stop trading now, and say so once the books show it. What is held stays held, unless `flatten` says otherwise."""
    await _see(at, wanted.strategy)
    wish = HaltWish(**wanted.model_dump(), by=caller.name, trace_id=request_id(request))
    return told(request, await halted(at.client, at.books, wish))


@router.post("/resume", response_model=CircuitBreaker)
async def resume(request: Request, at: AtDesk, wanted: Resume, caller: Operates) -> Response:
    """Trade again; refused while what stopped the desk, or the strategy, still holds."""
    await _see(at, wanted.strategy)
    wish = ResumeWish(**wanted.model_dump(), by=caller.name, trace_id=request_id(request))
    return told(request, await resumed(at.client, at.books, wish))


async def _see(at: WebDesk, strategy: str | None) -> None:
    await has_books(at.books)
    if strategy is not None and await at.books.ledger.strategy(at.desk_id, strategy) is None:
        raise missing("strategy")
