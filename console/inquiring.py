"""`ask` and `inquiries`: a question to the desk, followed to its answer, and those that were asked before."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from pydantic import ValidationError
from rich.text import Text
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from adapters.postgres.inquiries import PostgresInquiries
from adapters.temporal.connection import connect
from console.asking import wait_for_worker
from console.desk import START_ONE, books_of, pollers, workflow_url
from console.output import Output, grid, pairs, plain, title, toned
from console.reach import reach
from settings import Settings
from trading.errors import BadConfiguration
from trading.inquiry import MOST_QUESTION, Caps, Ending, InquiryLine, InquiryReport, InquiryWish, Lookup
from workflows import policies, search_attributes
from workflows.inquiry import Inquiry
from workflows.inquiry_tables import words_of

LOOK_SECONDS = 0.25
LOOK_TIMEOUT = timedelta(seconds=3)

Handle = WorkflowHandle[Inquiry, InquiryReport]


@dataclass(frozen=True)
class Asked:
    """What was typed: None where the settings say it."""

    question: str
    desk_id: str | None = None
    max_usd: Decimal | None = None
    max_steps: int | None = None
    by: str | None = None
    trace_id: str | None = None


async def ask(settings: Settings, output: Output, asked: Asked) -> int:
    """Ask, show what is being looked up, and then the answer; 1 where nobody could give one."""
    wish = wish_of(settings, asked)
    found = reach(settings)
    client = await connect(found.temporal_address)
    handle = await begin(client, wish)
    report = await _follow(handle, output)
    url = workflow_url(found.ui_url, client, handle.id)
    output.show(report, *_shown(report), *([toned(f"  {url}", "faint")] if url else []))
    return 1 if report.ending in {Ending.CAPPED, Ending.FAILED} else 0


async def begin(client: Client, wish: InquiryWish) -> Handle:
    """Ask a question. Raises BadConfiguration when no worker is there to look into it."""
    await _wait_for_workers(client)
    return await client.start_workflow(
        Inquiry.run,
        wish,
        id=f"inquiry/{uuid4().hex[:12]}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.INQUIRY_LIFE,
        search_attributes=search_attributes.of_inquiry(wish.desk_id, wish.trace_id),
        static_summary=plain(wish.question)[:190],
    )


def wish_of(settings: Settings, asked: Asked) -> InquiryWish:
    """The question as it is sent. Raises BadConfiguration for one that is none."""
    if not plain(asked.question).strip():
        raise BadConfiguration('nothing was asked: write a question, as "what halted us?"')
    if len(asked.question) > MOST_QUESTION:
        raise BadConfiguration(f"a question has at most {MOST_QUESTION} characters, this one {len(asked.question)}")
    own = settings.asking
    caps = Caps(
        steps=own.max_steps if asked.max_steps is None else asked.max_steps,
        tokens=own.max_tokens,
        usd=own.max_usd if asked.max_usd is None else asked.max_usd,
    )
    desk_id = asked.desk_id or settings.desk.id
    try:
        by = asked.by or _who()
        return InquiryWish(desk_id=desk_id, question=asked.question, asked_by=by, trace_id=asked.trace_id, caps=caps)
    except ValidationError as error:
        raise BadConfiguration(f"no desk can be named {plain(desk_id)[:40]!r}") from error


async def inquiries(settings: Settings, output: Output, *, limit: int) -> int:
    """The newest questions, the newest last."""
    async with books_of(reach(settings).database, settings.desk.id) as books:
        lines = [*reversed(await PostgresInquiries(books.engine).newest(books.desk_id, limit))]
    table = grid("asked", "by", "~question", "~answer", ">USD")
    for line in lines:
        table.add_row(*_cells(line))
    output.show(lines, table if lines else '  nothing was asked yet: starter.py ask "what halted us?"')
    return 0


async def _wait_for_workers(client: Client) -> None:
    await wait_for_worker(client)
    if not await pollers(client, policies.AGENTS_QUEUE):
        message = f"no worker serves the queue {policies.AGENTS_QUEUE!r}, nothing was asked: {START_ONE}"
        raise BadConfiguration(message)


async def _follow(handle: Handle, output: Output) -> InquiryReport:
    """Say what is looked up as it happens, until there is an answer. Raises BadConfiguration where it was ended."""
    told = 0
    with output.waiting("thinking …"):
        while True:
            try:
                described = await handle.describe(rpc_timeout=LOOK_TIMEOUT)
                done, doing = await _progress(handle)
            except (RPCError, WorkflowQueryFailedError):
                # A worker that is being replaced answers later.
                described, done, doing = None, (), ()
            told += _tell([*done, *doing][told:], output)
            if described is not None and described.status is not WorkflowExecutionStatus.RUNNING:
                break
            await asyncio.sleep(LOOK_SECONDS)
    try:
        return await handle.result()
    except WorkflowFailureError as error:
        raise BadConfiguration(f"the question was ended without an answer: {error.cause}") from error


async def looked_up(client: Client, inquiry_id: str) -> tuple[Lookup, ...]:
    """What has been or is being looked up for a question; nothing where its workflow does not say."""
    handle = client.get_workflow_handle_for(Inquiry.run, f"inquiry/{inquiry_id}")
    try:
        done, doing = await _progress(handle)
    except (RPCError, WorkflowQueryFailedError):
        return ()
    return *done, *doing


async def _progress(handle: Handle) -> tuple[tuple[Lookup, ...], tuple[Lookup, ...]]:
    return await handle.query(Inquiry.progress, rpc_timeout=LOOK_TIMEOUT)


def _tell(lookups: Iterable[Lookup], output: Output) -> int:
    count = 0
    for count, lookup in enumerate(lookups, start=1):  # noqa: B007  how many there were
        output.say(toned(f"  … {lookup.tool} {words_of(lookup)}"[:200], "faint"))
    return count


def _shown(report: InquiryReport) -> list[Text]:
    said = Text(plain(report.text))
    lines = [(str(report.ending), _took(report))]
    if report.citations:
        lines.append(("rests on", plain(", ".join(report.citations))))
    if report.uncited:
        lines.append(("in nothing found", plain(", ".join(report.uncited))))
    return [title("Answer"), said, Text(), pairs(lines)]


def _took(report: InquiryReport) -> str:
    cost = f", {report.cost_usd:.4f} USD" if report.cost_usd else ""
    return f"{report.steps} steps by {plain(report.model) or 'nobody'}{cost}"


def _cells(line: InquiryLine) -> tuple[str, ...]:
    request, report = line.request, line.report
    answer = f"{report.ending}: {plain(report.text)}" if report else "…"
    cost = f"{report.cost_usd:.4f}" if report and report.cost_usd else ""
    return (f"{request.asked_at:%m-%d %H:%M}", plain(request.asked_by), plain(request.question), answer, cost)


def _who() -> str:
    try:
        return getpass.getuser()[:80] or "somebody"
    except (OSError, KeyError):
        return "somebody"
