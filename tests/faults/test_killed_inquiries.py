"""Kill -9 in the midst of an inquiry: it ends by itself, and no model call that was answered is paid for again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from adapters.postgres.engine import transaction
from tests.faults.answering import ANSWER, answer
from tests.faults.doom import Death
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import tell
from trading.inquiry import Caps, Ending, InquiryReport, InquiryWish
from workflows import policies
from workflows.inquiry import Inquiry

# A turn is asked for three times: twice for look-ups, then for the answer.
QUICK = (Death("ask_inquirer", "after", 2), Death("look_up", "before", 2))
DEATHS = (
    *(Death("ask_inquirer", moment, call) for moment in ("before", "after", "returned") for call in (1, 2, 3)),
    *(Death("look_up", moment, call) for moment in ("before", "after", "returned") for call in (1, 3)),
    *(Death(step, moment) for step in ("open_inquiry", "check_citations") for moment in ("before", "after")),
    *(Death("keep_inquiry", moment) for moment in ("before", "after", "returned")),
    Death("Inquiry", "task"),
)
PAID = text("SELECT count(*), count(DISTINCT call_id), count(*) FILTER (WHERE state = 'settled') FROM model_spend")
KEPT = text("SELECT count(*) FROM inquiries WHERE ending = 'answered'")


async def ask(lane: Lane, number: int) -> InquiryReport:
    """One inquiry to its end, however often its worker dies."""
    wish = InquiryWish(desk_id=f"desk-{number}", question=f"why, for the time number {number}?", caps=Caps())
    report: InquiryReport = await lane.client.execute_workflow(
        Inquiry.run, wish, id=f"inquiry/{number}", task_queue=policies.DESK_QUEUE, task_timeout=policies.TASK
    )
    return report


async def suffer(lane: Lane, number: int, death: Death) -> list[str]:
    """What is wrong after one death."""
    lane.lives.trace.clear()
    if not lane.lives.is_alive:
        await lane.lives.begin()
    lane.lives.arm(death)
    asking = asyncio.create_task(ask(lane, number))
    await lane.lives.end()
    await lane.lives.begin()
    report = await asking
    found = [f"asked again: {words}" for _, words in lane.lives.trace.of("asked-again")]
    if (report.ending, report.text) != (Ending.ANSWERED, ANSWER):
        found.append(f"ended as {report.ending}: {report.text}")
    async with transaction(lane.engine) as connection:
        tries, calls, settled = (await connection.execute(PAID)).one()
        kept = (await connection.execute(KEPT)).scalar_one()
    tell(f"{death}: {calls} calls in {tries} tries, all inquiries of the lane together")
    if (calls, settled, kept) != (3 * number, 3 * number, number):
        found.append(f"{calls} calls and {settled} settled, {kept} answers kept, after {number} inquiries")
    return [f"{death}: {wrong}" for wrong in found]


async def test_an_inquiry_outlives_its_worker(ground: Ground) -> None:
    async with ground.lane("lane-1", body=answer) as lane:
        assert [await suffer(lane, number, death) for number, death in enumerate(QUICK, start=1)] == [[], []]


@pytest.mark.faults
async def test_an_inquiry_outlives_its_worker_wherever_it_dies(ground: Ground) -> None:
    async with ground.lane("lane-1", body=answer) as lane:
        found = [wrong for number, death in enumerate(DEATHS, start=1) for wrong in await suffer(lane, number, death)]
        assert found == []
