"""Answering a question: the model's turns, the tools that read, the check of what is cited, the row that is kept."""

from __future__ import annotations

import structlog
from temporalio import activity

from activities import clock
from activities.casting import Cast
from activities.hearing import Case, Hearing
from trading.agents import inquirer
from trading.agents.budget import Budget
from trading.agents.questions import Agent
from trading.inquiring import CitationsAsked, Kept, Opened, Turn, TurnAsked
from trading.inquiry import Ending, Finding, InquiryReport, InquiryRequest, LookupAsked
from trading.inquiry_ports import Inquiries, Tools
from trading.ports import Journal, Market
from trading.signals import NO_BUDGET, NOT_ASKED, Abstention
from trading.steps import Terms

log = structlog.get_logger()


class InquirerActivities:
    """The Inquirer. Only the process that serves this queue holds the models' keys."""

    def __init__(
        self,
        cast: Cast,
        journal: Journal,
        budget: Budget = Budget(),  # noqa: B008  a frozen record without any cap
    ) -> None:
        self._hearing = Hearing(cast, journal, budget)

    @activity.defn
    async def ask_inquirer(self, asked: TurnAsked) -> Turn:
        """Ask what to look up next, or for the answer.

        Repeat: a reply that arrived is in the journal and is read again; only a call in flight at a crash is made
        twice, and both are paid for.
        """
        case = Case(
            agent=Agent.INQUIRER,
            payer=asked.request.payer,
            terms=Terms(),
            pose=lambda prompt, ask: inquirer.question(prompt, asked, ask),
            read=lambda text, _: inquirer.read(text),
        )
        heard = await self._hearing.hear(case)
        model = heard.source.model if heard.source else ""
        strained = heard.strain is not None and heard.strain.is_closed
        match heard.answer:
            case Abstention(cause=cause, reason=reason):
                capped = cause in {NO_BUDGET, NOT_ASKED}
                return Turn(silence=reason or cause, is_capped=capped or strained, model=model)
            case tuple() as lookups:
                return Turn(lookups=lookups, model=model, is_capped=strained)
            case said:
                return Turn(conclusion=said, model=model, is_capped=strained)


class InquiryActivities:
    """What an inquiry does besides thinking. None of it touches more than the inquiry's own row."""

    def __init__(self, tools: Tools, inquiries: Inquiries, market: Market, timezone: str) -> None:
        self._tools = tools
        self._inquiries = inquiries
        self._market = market
        self._timezone = timezone

    @activity.defn
    async def open_inquiry(self, request: InquiryRequest) -> Opened:
        """Keep the question, and say by which clock the desk goes.

        Repeat: the row is kept once; the rest is read.
        """
        await self._inquiries.begin(request)
        log.info("inquiry_asked", inquiry_id=request.inquiry_id, desk_id=request.desk_id, trace_id=request.trace_id)
        newest = await self._market.latest(clock.now()) if self._market.historical else request.asked_at
        return Opened(timezone=self._timezone, newest_prices_at=newest)

    @activity.defn
    async def look_up(self, asked: LookupAsked) -> Finding:
        """Use one tool.

        Repeat: reads only; a later look may find more, but only the recorded one counts.
        """
        return await self._tools.look_up(asked)

    @activity.defn
    async def check_citations(self, asked: CitationsAsked) -> tuple[str, ...]:
        """Those of these ids that exist on the desk.

        Repeat: reads only.
        """
        known = await self._tools.known(asked.desk_id, asked.ids)
        return tuple(one for one in asked.ids if one in known)

    @activity.defn
    async def keep_inquiry(self, kept: Kept) -> InquiryReport:
        """Keep the answer, with what it took; say in the log how it ended.

        Repeat: the answer that was kept first stays.
        """
        request = kept.request
        report = await self._inquiries.end(request, kept.report)
        tell = log.warning if report.ending in {Ending.REFUSED, Ending.FAILED} else log.info
        tell(
            "inquiry_ended",
            inquiry_id=request.inquiry_id,
            desk_id=request.desk_id,
            trace_id=request.trace_id,
            asked_by=request.asked_by,
            ending=report.ending.value,
            cost_usd=str(report.cost_usd),
        )
        return report
