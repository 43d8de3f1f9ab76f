"""The desk's strategies: looked at, added, changed, removed, in the words of their records.

| over HTTP | because |
|---|---|
| one begins in shadow, and may go to paper, not to live | for real money its name is typed at the command line |
| `agents`, a rule of the house, or a class that the desk runs already | its import runs what it names |
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from console.desk import has_books
from console.ladder import evidence
from console.state import LONGEST_REASON
from console.strategies import Desk, Said, vet
from console.strategy_look import line_of, seen_of, shares_now
from trading.access import Scope, allows
from trading.approvals import ApprovalTerms
from trading.strategy import AGENTS, Rung, Strategy, StrategyChange, StrategyId
from web.access import Caller, Reads, may
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented, missing, request_id, wrong_of
from web.told import IfMatch, Page, told, unchanged

router = APIRouter(prefix="/api/strategies", tags=["strategies"], responses=documented(404, 409, 412))
Name = Annotated[StrategyId, Path(description="A strategy's name.")]
Operates = Annotated[Caller, Depends(may(Scope.OPERATE))]
Approves = Annotated[Caller, Depends(may(Scope.APPROVE))]
Why = Annotated[str, Field(max_length=LONGEST_REASON)]
NOT_BY_FIELD = frozenset({"strategy_id", "rung"})


class New(BaseModel):
    """A strategy to be added; what is not said is as in `Strategy`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "strategy_id": "momentum",
                    "fields": {"source": "sma_crossover", "universe": {"symbols": ["AAPL"]}, "allocation": "0.2"},
                    "reason": "to be watched in shadow",
                }
            ]
        },
    )

    strategy_id: StrategyId
    fields: dict[str, Any]
    reason: Why = ""


class Change(BaseModel):
    """What of a strategy is to be another; the rest stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"fields": {"enabled": False}}]})

    fields: Annotated[dict[str, Any], Field(min_length=1)]
    reason: Why = ""


class Step(BaseModel):
    """A rung to go to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": "paper", "reason": "it held"}]})

    to: Rung
    reason: Why = ""


class Changed(BaseModel):
    """The strategy as the books have it now; `note` says whom nobody could tell of it."""

    strategy: Strategy
    note: str = ""


class Which(NamedTuple):
    """A strategy by its name, and the tag of what somebody saw of it."""

    name: str
    seen: str | None


def _which(name: Name, seen: IfMatch = None) -> Which:
    return Which(name, seen)


@router.get("", response_model=Page[dict[str, Any]], dependencies=[Reads])
async def strategies(request: Request, at: AtDesk) -> Response:
    """Every strategy: who decides, which rung, how much it has."""
    desk = await _desk(at)
    shares = (await shares_now(desk))[1]
    lines = [line_of(one, shares[one.strategy_id]) for one in desk.known.values() if one.strategy_id in shares]
    return told(request, {"items": lines, "next": None})


@router.get("/{name}", dependencies=[Reads])
async def strategy(request: Request, at: AtDesk, name: Name) -> Response:
    """All of one, and what it has shown on its rung."""
    desk = await _desk(at)
    known = _named(desk, name)
    return told(request, (await seen_of(desk, name)).document, of=known)


@router.post("", status_code=201, response_model=Changed)
async def add(request: Request, at: AtDesk, wanted: New, caller: Operates) -> Response:
    """Add one, in shadow: it decides, and sends nothing."""
    desk = await _desk(at)
    new = _with(Strategy(strategy_id=wanted.strategy_id), wanted.fields)
    await _vet(at, desk, new)
    change = desk.changed(new, _said(request, caller, wanted.reason), is_new=True)
    return await _written(request, desk, change, 201)


@router.patch("/{name}", response_model=Changed)
async def edit(
    request: Request, at: AtDesk, which: Annotated[Which, Depends(_which)], wanted: Change, caller: Operates
) -> Response:
    """Change what is named and nothing else; `enabled` and `allocation` among it.

    That it asks a person less often than it did takes the scope `approve` as well.
    """
    desk = await _desk(at)
    was = _named(desk, *which)
    now = _with(was, wanted.fields)
    if _asks_less(was.approval, now.approval) and not allows(caller.scopes, Scope.APPROVE):
        raise Refusal(403, f"to ask a person less often is for `{Scope.APPROVE}`")
    if set(wanted.fields) - {"enabled", "allocation"}:
        await _vet(at, desk, now)
    return await _written(request, desk, desk.changed(now, _said(request, caller, wanted.reason), seen=was))


@router.post("/{name}/rung", response_model=Changed)
async def move(
    request: Request, at: AtDesk, which: Annotated[Which, Depends(_which)], wanted: Step, caller: Approves
) -> Response:
    """Take it up to paper, with what it has shown in the event, or down to any rung."""
    desk = await _desk(at)
    was = _named(desk, *which)
    if wanted.to is was.rung:
        raise Refusal(409, f"{which.name} is on the rung {was.rung} already")
    if wanted.to is Rung.LIVE:
        raise Refusal(403, f"real money is let in at the command line: starter.py strategies promote {which.name}")
    rungs = tuple(Rung)
    more = {"evidence": await evidence(desk, was)} if rungs.index(wanted.to) > rungs.index(was.rung) else {}
    now, said = was.model_copy(update={"rung": wanted.to}), _said(request, caller, wanted.reason)
    return await _written(request, desk, desk.changed(now, said, seen=was, **more))


@router.delete("/{name}", response_model=Changed)
async def remove(
    request: Request,
    at: AtDesk,
    which: Annotated[Which, Depends(_which)],
    caller: Operates,
    reason: Annotated[str, Query(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Take away one that holds nothing; what it did stays in the log."""
    desk = await _desk(at)
    was = _named(desk, *which)
    return await _written(request, desk, desk.changed(was, _said(request, caller, reason), seen=was, removed=True))


async def _desk(at: WebDesk) -> Desk:
    await has_books(at.books)
    return await at.strategies()


def _named(desk: Desk, name: str, seen: str | None = None) -> Strategy:
    """The strategy, if it is still what somebody saw. Raises Refusal."""
    known = desk.known.get(name)
    if known is None:
        raise missing("strategy")
    unchanged(seen, known)
    return known


def _asks_less(was: ApprovalTerms | None, now: ApprovalTerms | None) -> bool:
    """Whether a person would be asked less often, or later, or of less, than a strategy's own terms had it."""
    return was is not None and (now is None or was.with_own(now) != now)


def _with(was: Strategy, fields: dict[str, Any]) -> Strategy:
    """The strategy with these fields. Raises Refusal for those not changed so, and for bad ones with each that is."""
    if others := set(fields) & NOT_BY_FIELD:
        raise Refusal(422, f"not changed by its field: {', '.join(sorted(others))}")
    try:
        return Strategy.model_validate({**was.model_dump(mode="json"), **fields})
    except ValidationError as error:
        raise Refusal(422, "a strategy cannot be so", errors=wrong_of(error, ("body", "fields"))) from None


async def _vet(at: WebDesk, desk: Desk, now: Strategy) -> None:
    """See that it could run, and that it names no class that the desk does not run already."""
    known = {one.source for one in desk.known.values()} | {AGENTS}
    if ":" in now.source and now.source not in known:
        raise Refusal(403, "a class of one's own is named at the command line: its import runs what it names")
    await vet(at.settings, now)


def _said(request: Request, caller: Caller, reason: str) -> Said:
    return Said(caller.name, reason, request_id(request)).checked()


async def _written(request: Request, desk: Desk, change: StrategyChange, status: int = 200) -> Response:
    note = await desk.written([change])
    return told(request, {"strategy": change.strategy, "note": note}, status, of=change.strategy)
