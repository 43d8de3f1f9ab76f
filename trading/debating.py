"""A debate: Bull speaks for a candidate and Bear against it, in turns, before the MetaAgent decides.

It decides nothing. A debater without an answer ends the debate on that candidate alone, and what was said until then
stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from trading import cycle_events as say
from trading.agents.questions import Agent
from trading.events import Event
from trading.instruments import Symbol
from trading.money import ZERO
from trading.proposals import Candidate
from trading.run import Run
from trading.signals import FOR_IT, Abstention, Argument
from trading.steps import ArgumentAsked, ArgumentHeard
from trading.voices import voice

MOST_DEBATED = 16
"""Candidates of one cycle: what was said of each goes into the MetaAgent's one question."""
_SIDES = (Agent.BULL, Agent.BEAR)
Arguments = dict[Symbol, tuple[Argument, ...]]


class _Debate(NamedTuple):
    """One candidate's debate: the answers in their order, and the events that tell of them."""

    candidate: Candidate
    heard: tuple[ArgumentHeard, ...]
    events: tuple[Event, ...]

    @property
    def said(self) -> tuple[Argument, ...]:
        return tuple(one.answer for one in self.heard if isinstance(one.answer, Argument))


async def debate(run: Run, candidates: Sequence[Candidate]) -> Arguments:
    """What Bull and Bear say of each candidate, by symbol; nothing where the strategy has no debates."""
    if not run.opening.strategy.debate_rounds:
        return {}
    debates = await asyncio.gather(*(_debate(run, one) for one in _surest(candidates)))
    run.hear(*(heard for one in debates for heard in one.heard))
    await run.record([event for one in debates for event in one.events])
    for one in debates:
        _note(run, one)
    arguments = {one.candidate.proposal.symbol: one.said for one in debates if one.said}
    run.tell(f"Bull and Bear: {sum(map(len, arguments.values()))} words on {len(arguments)} of {len(candidates)}")
    return arguments


def _surest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that are debated, the most confident proposals where there are too many, in the order of the candidates."""
    ranked = sorted(candidates, key=lambda one: (-one.proposal.signal.confidence, one.proposal.symbol))
    chosen = {one.proposal.symbol for one in ranked[:MOST_DEBATED]}
    return [one for one in candidates if one.proposal.symbol in chosen]


async def _debate(run: Run, candidate: Candidate) -> _Debate:
    symbol = candidate.proposal.symbol
    heard: list[ArgumentHeard] = []
    events: list[Event] = []
    said: list[Argument] = []
    for agent in _SIDES * run.opening.strategy.debate_rounds:
        one = await run.steps.argue(_asked(run, candidate, agent, said))
        heard.append(one)
        at = run.steps.now()
        if isinstance(one.answer, Abstention):
            events.append(say.agent_abstained(run.cycle, agent, one.answer, one.source, at))
            break
        said.append(one.answer)
        events.append(say.argument_made(run.cycle, one.answer, len(said), one.source, at))
        run.tell(f"{agent}: {symbol}")
    return _Debate(candidate, tuple(heard), tuple(events))


def _asked(run: Run, candidate: Candidate, agent: Agent, said: Sequence[Argument]) -> ArgumentAsked:
    return ArgumentAsked(
        cycle=run.cycle,
        snapshot_id=run.snapshot.snapshot_id,
        agent=agent,
        candidate=candidate,
        said=tuple(said),
        precedents=run.recollection.of(candidate.proposal.symbol),
        terms=run.terms(agent),
    )


def _note(run: Run, one: _Debate) -> None:
    """Each side's last word is its opinion, and all of its calls were the price of it."""
    proposal = one.candidate.proposal
    for agent in _SIDES:
        words = [heard for heard in one.heard if isinstance(heard.answer, Argument) and heard.answer.speaker == agent]
        if not words or not isinstance(words[-1].answer, Argument):
            continue
        conviction = words[-1].answer.conviction
        passed = proposal.quantity if conviction >= FOR_IT else ZERO
        earlier = tuple(heard.source.call_id for heard in words[:-1] if heard.source is not None)
        last = voice(agent, words[-1].source, passed, conviction)
        run.spoke(proposal.symbol, last.model_copy(update={"earlier_call_ids": earlier}))
