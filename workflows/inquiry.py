"""A question in plain language: looked into with tools that only read, until it is answered or a cap is reached."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.inquiring import InquirerActivities, InquiryActivities
    from trading.inquiring import (
        CitationsAsked,
        Conclusion,
        Inquest,
        Kept,
        Opened,
        Turn,
        refusal_of,
        request_of,
    )
    from trading.inquiry import Finding, InquiryReport, InquiryWish, Lookup, LookupAsked
    from workflows import policies
    from workflows.inquiry_tables import course_table
    from workflows.starting import given


# A question that nobody can read, and a bug, end it: no task of a question is tried for ever.
@workflow.defn(failure_exception_types=[Exception])
class Inquiry:
    """One question. Its id is `inquiry/` and its name; in the Web UI `{"desk_id": …, "question": …}` is enough."""

    def __init__(self) -> None:
        self._doing: tuple[Lookup, ...] = ()
        self._done: tuple[Lookup, ...] = ()

    @workflow.run
    async def run(self, wish: InquiryWish | None = None) -> InquiryReport:
        """Let the model look things up until it answers or a cap is reached; show what its citations bear out."""
        inquest = await self._begin(given(wish))
        try:
            while inquest.report is None:
                inquest = await self._step(inquest)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            inquest = inquest.failed(_why(error))
        return await self._end(inquest)

    @workflow.query
    def progress(self) -> tuple[tuple[Lookup, ...], tuple[Lookup, ...]]:
        """What was looked up, and what is being looked up."""
        return self._done, self._doing

    async def _begin(self, wish: InquiryWish) -> Inquest:
        name = workflow.info().workflow_id.removeprefix("inquiry/")
        request = request_of(wish, name, workflow.now())
        opened: Opened = await workflow.execute_activity_method(
            InquiryActivities.open_inquiry, request, summary="keep the question", **policies.LEDGER
        )
        return Inquest.begun(request, opened.model_copy(update={"refused": refusal_of(wish)}))

    async def _step(self, inquest: Inquest) -> Inquest:
        """One turn of the model, and what it asks for."""
        turn: Turn = await workflow.execute_activity_method(
            InquirerActivities.ask_inquirer, inquest.turn, summary=f"turn {inquest.steps + 1}", **policies.AGENT
        )
        if turn.conclusion is not None:
            return inquest.concluded(turn, turn.conclusion, await self._known(inquest, turn.conclusion))
        if not turn.lookups:
            return inquest.silent(turn)
        return inquest.found(turn, await self._look_up(inquest, turn.lookups))

    async def _look_up(self, inquest: Inquest, lookups: tuple[Lookup, ...]) -> list[Finding]:
        self._doing = lookups
        findings = await asyncio.gather(*(self._use(inquest, lookup) for lookup in lookups))
        self._doing, self._done = (), (*self._done, *lookups)
        workflow.set_current_details(course_table(self._done))
        return findings

    async def _use(self, inquest: Inquest, lookup: Lookup) -> Finding:
        """What a tool tells; one that cannot be used tells why, and the others go on."""
        request = inquest.request
        asked = LookupAsked(
            desk_id=request.desk_id,
            inquiry_id=request.inquiry_id,
            trace_id=request.trace_id,
            lookup=lookup,
            as_of=request.asked_at,
        )
        try:
            found: Finding = await workflow.execute_activity_method(
                InquiryActivities.look_up, asked, summary=lookup.tool.value, **policies.READ
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return Finding(lookup=lookup, error=f"could not be looked up: {_why(error)}")
        return found

    async def _known(self, inquest: Inquest, said: Conclusion) -> tuple[str, ...]:
        if not said.citations:
            return ()
        asked = CitationsAsked(desk_id=inquest.request.desk_id, ids=said.citations)
        known: tuple[str, ...] = await workflow.execute_activity_method(
            InquiryActivities.check_citations, asked, summary="are the citations true", **policies.LEDGER
        )
        return known

    async def _end(self, inquest: Inquest) -> InquiryReport:
        kept = Kept(request=inquest.request, report=given(inquest.report))
        report: InquiryReport = await workflow.execute_activity_method(
            InquiryActivities.keep_inquiry, kept, summary=kept.report.ending.value, **policies.LEDGER
        )
        workflow.set_current_details(course_table(report.findings, report))
        return report


def _why(error: ActivityError) -> str:
    return str(error.cause or error)[:1000]
