"""`pending`, `approve` and `reject`: what waits for a person's yes, and that person's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from rich.console import RenderableType
from rich.text import Text
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.approvals import PostgresApprovals
from adapters.postgres.engine import application_engine
from adapters.temporal.connection import connect
from console.asking import ANSWER_TIMEOUT, wait_for_worker
from console.desk import LOOK_TIMEOUT, START_ONE
from console.output import Output, Tone, dollars, grid, plain, price, shares, title, toned
from console.reach import reach
from settings import Settings
from trading.answering import LEAST_HASH, Answer, wrong_hash
from trading.approval_events import commands, whose
from trading.approvals import Approval, ApprovalAsked
from trading.docket import CycleReport
from trading.errors import BadConfiguration, Retryable, TradingError
from trading.money import Identifier, Record
from workflows import policies
from workflows.trading_cycle import TradingCycle

REACHES_BACK = policies.CYCLE_LIFE
_ID = TypeAdapter[str](Identifier)
_SEE = "`starter.py pending` shows what waits"
Handle = WorkflowHandle[TradingCycle, CycleReport]


@dataclass(frozen=True)
class Wish:
    """What the operator typed; `again` is the id of an earlier try that may not have come through."""

    cycle: str
    hash: str
    by: str
    only: str = ""
    reason: str = ""
    again: str | None = None
    approves: bool = False


class Pending(Record):
    """A question and what its cycle says of it; `live` is None when no worker answers."""

    asked: ApprovalAsked
    seconds_left: int
    live: bool | None


class Answered(Record):
    """What came of an answer, and the id under which it may be said again."""

    answer_id: str
    approval: Approval


async def pending(settings: Settings, output: Output) -> int:
    """Every desk's entries that wait, from the log, each with what its cycle says at this moment."""
    found = reach(settings)
    engine = application_engine(found.database, pool_size=1)
    try:
        questions = await PostgresApprovals(engine).waiting(datetime.now(UTC) - REACHES_BACK)
    finally:
        await engine.dispose()
    known = await heard(await connect(found.temporal_address), questions) if questions else []
    nothing = toned("  nothing waits for a person", "faint")
    output.show(known, *[shown for one in known for shown in _shown(one, wide=output.is_wide)] or [nothing])
    return 0


async def heard(client: Client, questions: Sequence[ApprovalAsked]) -> list[Pending]:
    """These questions with what their cycles say of them now, without those that no longer wait."""
    live, now = await asyncio.gather(*(_waits(client, asked) for asked in questions)), datetime.now(UTC)
    return [
        Pending(asked=asked, seconds_left=max(int((asked.expires_at - now).total_seconds()), 0), live=waits)
        for asked, waits in zip(questions, live, strict=True)
        if waits is not False
    ]


async def answer(settings: Settings, output: Output, wish: Wish) -> int:
    """Answer a cycle that waits. Raises BadConfiguration, in one line, for an answer that does not count."""
    _answer(wish)
    _named(wish.again)
    answered = await taken(await connect(reach(settings).temporal_address), wish)
    tone: Tone = "good" if answered.approval.approved else "odd"
    words = f"  {wish.cycle.strip().removeprefix('cycle/')}: {answered.approval.words}"
    output.show(answered, toned(words, tone))
    return 0


async def taken(client: Client, wish: Wish) -> Answered:
    """Give an answer to its cycle, and what came of it. Raises as `answer`."""
    asked = _answer(wish)
    name = _named(wish.again) or f"answer/{uuid4().hex}"
    handle: Handle = client.get_workflow_handle_for(TradingCycle.run, f"cycle/{asked.cycle_id}")
    await _see(handle, asked.cycle_id)
    await wait_for_worker(client)
    return Answered(answer_id=name, approval=await _answered(handle, asked, name, approves=wish.approves))


async def _answered(handle: Handle, asked: Answer, name: str, *, approves: bool) -> Approval:
    update = TradingCycle.approve if approves else TradingCycle.reject
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            return await handle.execute_update(update, asked, id=name)
    except WorkflowUpdateFailedError as error:
        raise BadConfiguration(f"not taken: {getattr(error.cause, 'message', error.cause)}") from error
    except RPCError as error:
        if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
            raise
        raise BadConfiguration(f"cycle {asked.cycle_id} has ended: nothing waits there") from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        message = f"no worker answered in {ANSWER_TIMEOUT.seconds} s; it may still count: say it again with --id {name}"
        raise Retryable(message) from error


def _answer(wish: Wish) -> Answer:
    """What was typed as an answer, as far as it can be checked before anybody is asked."""
    cycle = wish.cycle.strip().removeprefix("cycle/")
    try:
        _ID.validate_python(cycle)
    except ValidationError as error:
        raise BadConfiguration(f"not the name of a cycle: {wish.cycle[:80]!r}: {_SEE}") from error
    typed = wish.hash.strip().lower()
    if wrong := wrong_hash(typed):
        raise BadConfiguration(f"--hash: {wrong}")
    symbols = tuple(word for word in wish.only.split(",") if word.strip())
    if wish.only and not symbols:
        raise BadConfiguration("--only names the symbols that may go, separated by commas")
    return Answer(cycle_id=cycle, hash=typed, by=wish.by, only=symbols, reason=plain(wish.reason))


def _named(again: str | None) -> str | None:
    try:
        return None if again is None else _ID.validate_python(again)
    except ValidationError as error:
        raise BadConfiguration(f"--id: not an id of an earlier try: {again!r}") from error


async def _see(handle: Handle, cycle: str) -> None:
    """See that there is such a cycle and that it runs."""
    try:
        found = await handle.describe(rpc_timeout=LOOK_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise BadConfiguration(f"there is no cycle {cycle}: {_SEE}") from error
    if found.status is not WorkflowExecutionStatus.RUNNING:
        raise BadConfiguration(f"cycle {cycle} has ended: nothing waits there")


async def _waits(client: Client, asked: ApprovalAsked) -> bool | None:
    """Whether the cycle still waits for an answer to exactly this; None when nobody can say."""
    handle: Handle = client.get_workflow_handle_for(TradingCycle.run, f"cycle/{asked.cycle_id}")
    try:
        known = await handle.query(TradingCycle.pending_approval, rpc_timeout=LOOK_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError, TradingError):
        return None
    return known is not None and known.hash == asked.hash


def _shown(one: Pending, *, wide: bool) -> Sequence[RenderableType]:
    asked = one.asked
    minutes = timedelta(seconds=one.seconds_left)
    left = f"{minutes} left" if one.seconds_left else "its time is over"
    unheard = "" if one.live else f"  no worker says so now: {START_ONE}"
    table = grid(
        "symbol", "side", ">shares", ">mark", ">limit", ">stop", ">target", ">USD", *(("~why",) if wide else ())
    )
    for order in asked.orders:
        request = order.request
        prices = (request.mark, request.limit_price, request.stop, request.target)
        cells = [request.symbol, request.side, shares(request.quantity), *map(price, prices), dollars(order.usd)]
        table.add_row(*cells, *((plain(order.reasoning),) if wide else ()))
    head = f"{asked.cycle_id} ({whose(asked)})  hash {asked.hash[:LEAST_HASH]}  {left}"
    said: list[RenderableType] = [title(head), *([toned(unheard, "odd")] if unheard else []), table]
    return [*said, *(Text(f"  {plain(command)}", style="dim") for command in commands(asked))]
