"""Asking the desk to do something: run a cycle, halt, resume, look at a price that moved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy

from console.desk import START_ONE, DeskBooks, pollers, workflow_id
from trading.breaker import CircuitBreaker, TradingState
from trading.desk import CycleTicket, DeskState, HaltAsked, PriceMoved, ResumeAsked
from trading.errors import BadConfiguration, Retryable
from trading.money import Record
from trading.steps import CycleRequest
from workflows import policies, search_attributes
from workflows.desks import update
from workflows.trading_desk import TradingDesk

ANSWER_TIMEOUT = timedelta(seconds=10)
LOOK_SECONDS = 0.1


async def ask_cycle(client: Client, desk_id: str, request: CycleRequest) -> CycleTicket:
    """Ask the desk for a cycle; the desk's workflow is started when it does not run yet.

    Raises BadConfiguration when it refuses or no worker serves it, Retryable when none answers in time.
    """
    late = "the cycle may still run when one does"
    named = request.model_copy(update={"request_id": request.request_id or f"asked/{uuid4().hex}"})
    ticket: CycleTicket = await _ask(client, desk_id, (TradingDesk.run_cycle, named), late)
    return ticket


async def ask_to_resume(client: Client, desk_id: str, asked: ResumeAsked) -> CircuitBreaker:
    """Ask the desk to go on. Raises as `ask_cycle`."""
    late = "the desk may still go on when one does"
    breaker: CircuitBreaker = await _ask(client, desk_id, (TradingDesk.resume_now, asked), late)
    return breaker


async def _ask(client: Client, desk_id: str, asked: tuple[Any, Record], late: str) -> Any:
    await wait_for_worker(client)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            return await update(client, desk_id, asked)
    except WorkflowUpdateFailedError as error:
        words = getattr(error.cause, "message", error.cause)
        raise BadConfiguration(f"the desk refuses: {words}") from error
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        message = f"no worker answered in {ANSWER_TIMEOUT.seconds} s, {late}: {START_ONE}"
        raise Retryable(message) from error


async def wait_for_worker(client: Client) -> None:
    """Wait until somebody serves the desk's queue. Raises BadConfiguration when nobody does."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            while not await pollers(client, policies.DESK_QUEUE):  # noqa: ASYNC110  the server tells only who asks
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        message = f"no worker serves the queue {policies.DESK_QUEUE!r}, nothing was asked: {START_ONE}"
        raise BadConfiguration(message) from error


async def send(client: Client, desk_id: str, asked: HaltAsked | PriceMoved) -> None:
    """Signal the desk; its workflow is started when it does not run yet, so that a halt is never lost."""
    names: dict[type, str] = {HaltAsked: "halt", PriceMoved: "price_moved"}
    await client.start_workflow(
        TradingDesk.run,
        DeskState(desk_id=desk_id),
        id=workflow_id(desk_id),
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=search_attributes.of_desk(desk_id),
        static_summary=f"desk {desk_id}",
        start_signal=names[type(asked)],
        start_signal_args=[asked],
    )


async def wait_for_state(
    books: DeskBooks, states: Sequence[TradingState], reason: str, strategy_id: str | None = None
) -> CircuitBreaker:
    """The trading state once the books show one of these for this reason. Raises Retryable when they do not in time."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            while True:
                breaker = await _breaker(books, strategy_id)
                if breaker.state in states and breaker.reason == reason:
                    return breaker
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        seconds = ANSWER_TIMEOUT.seconds
        message = f"the desk has not said {states[0]} in {seconds} s, it will when a worker is there: {START_ONE}"
        raise Retryable(message) from error


async def _breaker(books: DeskBooks, strategy_id: str | None) -> CircuitBreaker:
    """The desk's or a strategy's; a plain one while there are no books."""
    if not await books.reports.is_open():
        return CircuitBreaker()
    if strategy_id is None:
        return await books.ledger.breaker(books.desk_id)
    known = {one.strategy_id: one.breaker for one in await books.ledger.strategy_breakers(books.desk_id)}
    return known.get(strategy_id, CircuitBreaker())
