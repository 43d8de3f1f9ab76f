"""A cycle and the desk's memory: what has ended is resolved, what is alike is recalled, what is decided is kept.

A desk whose memory cannot be read or written goes on as one that remembers nothing, and the log says so: its limits
hold without it, and nobody's exit waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from trading import cycle_events as say
from trading.agents.questions import Agent
from trading.errors import TradingError
from trading.memory import Course, Precedents, Setup, Voice, memory_id
from trading.money import ZERO
from trading.orders import Leg, client_order_id
from trading.proposals import Decided, Proposal
from trading.run import Run
from trading.signals import NOT_ASKED, Abstention
from trading.steps import (
    Grounds,
    LessonHeard,
    RecallAsked,
    Recollection,
    ReflectAsked,
    RememberAsked,
    ResolveAsked,
    Resolved,
)

Answer = TypeVar("Answer")


async def resolve(run: Run) -> None:
    """Resolve what has come to an end by now, so that this very cycle is told of it."""
    opening = run.opening
    if opening.remembers and opening.pending:
        asked = ResolveAsked(desk_id=run.cycle.desk_id, as_of=opening.as_of)
        run.untold = (await _or_nothing(run, "resolve", run.steps.resolve(asked)) or Resolved()).memory_ids


async def heed(run: Run, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Recall what came of setups like these, and leave out the entries whose like has failed too often."""
    run.proposed = tuple(proposals)
    opening = run.opening
    wants = opening.strategy.asks_agents or opening.heeds
    if not (opening.remembers and wants and proposals):
        return list(proposals)
    asked = RecallAsked(stage=run.stage, snapshot_id=run.snapshot.snapshot_id, proposals=run.proposed)
    run.recollection = await _or_nothing(run, "recall", run.steps.recall(asked)) or Recollection()
    failed = {one.symbol: one for one in run.recollection.precedents if one.failed and opening.heeds}
    denied = [one for one in proposals if one.leg is Leg.ENTRY and one.symbol in failed]
    await _deny(run, [(one, failed[one.symbol]) for one in denied])
    return [one for one in proposals if one not in denied]


async def _deny(run: Run, denied: Sequence[tuple[Proposal, Precedents]]) -> None:
    for proposal, precedents in denied:
        run.docket.note(proposal.symbol, f"not opened: {precedents.because}", allowed=ZERO)
    at = run.steps.now()
    await run.record([say.denied_by_precedent(run.cycle, proposal, why, at) for proposal, why in denied])
    if denied:
        run.tell(f"Memory: {len(denied)} of {len(run.proposed)} have failed too often")


async def remember(run: Run, decided: Sequence[Decided]) -> None:
    """Keep every proposal with what was said of it and what was decided, before any of it is ordered."""
    if not run.opening.remembers:
        return
    quantities = {one.proposal.symbol: one for one in decided}
    asked = RememberAsked(
        stage=run.stage,
        snapshot_id=run.snapshot.snapshot_id,
        setups=tuple(_setup(run, one, quantities.get(one.symbol)) for one in run.proposed),
        grounds=Grounds(
            cycle=run.cycle,
            opening=run.opening,
            snapshot=run.snapshot,
            marked=run.marked,
            breaker=run.breaker,
            shadow=run.shadow,
            shadows=run.shadows,
            recollection=run.recollection,
        ),
    )
    await _or_nothing(run, "remember", run.steps.remember(asked))


async def reflect(run: Run) -> None:
    """Have the Reflector say what a few resolved memories teach: at the cycle's end, where nothing waits for it."""
    if not (run.untold and run.opening.strategy.asks_agents) or run.cycle.request.trade is not None:
        return
    terms = run.terms(Agent.REFLECTOR)
    asked = [ReflectAsked(cycle=run.cycle, memory_id=name, terms=terms) for name in run.untold]
    heard = await asyncio.gather(*(_or_nothing(run, "reflect", run.steps.reflect(one)) for one in asked))
    at = run.steps.now()
    told = [(one.memory_id, lesson) for one, lesson in zip(asked, heard, strict=True) if lesson and _is_news(lesson)]
    await run.record([say.lesson_heard(run.cycle, name, lesson, at) for name, lesson in told])


def _is_news(heard: LessonHeard) -> bool:
    """Whether the log wants to know: that nobody was asked for want of a budget it knows already."""
    return not (isinstance(heard.answer, Abstention) and heard.answer.cause == NOT_ASKED)


def _setup(run: Run, proposal: Proposal, decided: Decided | None) -> Setup:
    cycle, signal, entry = run.cycle, proposal.signal, proposal.leg is Leg.ENTRY
    course = Course.FORGONE if decided is None else Course.SHADOW if run.shadow else Course.TRADED
    name = client_order_id(cycle.cycle_id, proposal.symbol, proposal.side, proposal.leg)
    return Setup(
        memory_id=memory_id(cycle.cycle_id, proposal.symbol, proposal.leg),
        desk_id=cycle.desk_id,
        strategy_id=cycle.request.strategy_id,
        cycle_id=cycle.cycle_id,
        trace_id=cycle.trace_id,
        symbol=proposal.symbol,
        sector=proposal.sector,
        side=proposal.side,
        leg=proposal.leg,
        trigger=cycle.request.trigger.value,
        price=proposal.price,
        allowed=proposal.quantity,
        decided=decided.quantity if decided else ZERO,
        stop=signal.stop if entry else None,
        target=signal.target if entry else None,
        horizon_days=signal.horizon_days,
        decided_at=run.opening.as_of,
        course=course,
        order_id=name if course is Course.TRADED else None,
        reasoning=signal.reasoning,
        voices=_voices(run, proposal),
    )


def _voices(run: Run, proposal: Proposal) -> tuple[Voice, ...]:
    """Who spoke of it, in their order. The DataAgent's size was cut by the limits, which is no opinion of his."""
    spoken = run.voices.get(proposal.symbol, [])
    asked = {"quantity": proposal.quantity, "approves": True}
    return tuple(one.model_copy(update=asked) if one.agent is Agent.DATA else one for one in spoken)


async def _or_nothing(run: Run, step: str, asked: Awaitable[Answer]) -> Answer | None:
    try:
        return await asked
    except TradingError as away:
        await run.record([say.memory_away(run.cycle, step, str(away), run.steps.now())])
        return None
