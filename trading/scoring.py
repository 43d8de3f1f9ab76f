"""Scores from resolved memories: each opinion against what its setup came to, per agent, model and prompt.

| of           | the score is                                                                                      |
|--------------|---------------------------------------------------------------------------------------------------|
| an opinion   | right when it approved what made money, or vetoed what did not                                    |
| confidence   | that the setup works out, not that the agent is right: the DataAgent's, the Validator's, a         |
|              | debater's conviction; the RiskManager's is 1 − its risk score; the MetaAgent states none          |
| Brier        | mean of (confidence − came true)², came true 1 or 0 (Brier 1950, Monthly Weather Review 78)        |
| calibration  | mean confidence and part that came true, in `BINS` steps of equal width; empty ones are left out  |
| P&L          | a share's, times the shares that it let pass, or that came to it and it stopped                   |
| cost         | of the calls behind the opinions, each once: one call may speak of a whole batch                  |
| agreement    | part of what the others said of the same setups that was the same                                 |

Whoever was not asked has no opinion, nor has code: a voice without a call is not scored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.agents.questions import Agent
from trading.memory import Course, Outcome, Remembered, Setup, Voice
from trading.money import ZERO, Text, cents
from trading.scores import AgentScore, Bin

BINS = 5
"""Steps of a calibration curve: a month of setups leaves a few in each."""
MOST_TOLD = 200
"""Resolved setups that a score told to an agent is made of: what was said a year ago was said in another market."""
Costs = Mapping[str, Decimal]
"""Dollars by call; a call that is not there has no known price."""


class Seat(NamedTuple):
    """Who speaks: an agent under one model and one version of its prompt, by its words."""

    agent: Agent
    model: Text
    prompt_version: Text
    prompt_hash: Text

    @classmethod
    def of(cls, voice: Voice) -> Seat:
        """Who said this."""
        return cls(voice.agent, voice.model, voice.prompt_version, voice.prompt_hash)


class _Opinion(NamedTuple):
    """What one voice said of a setup, what came of it, and what the others said; `pnl` of the shares it spoke of."""

    voice: Voice
    outcome: Outcome
    others: tuple[Voice, ...]
    pnl: Decimal

    @property
    def is_right(self) -> bool:
        return self.voice.approves == self.outcome.won


def confidence_of_risk(risk_score: float) -> float:
    """A risk score turned round: what is surely too risky is surely no good."""
    return 1 - risk_score


def scores(remembered: Iterable[Remembered], costs: Costs) -> tuple[AgentScore, ...]:
    """A score a seat, in the order of the pipeline, the most opinions first; what is pending is left out."""
    said: dict[Seat, list[_Opinion]] = defaultdict(list)
    for memory in remembered:
        for opinion in _opinions(memory):
            said[Seat.of(opinion.voice)].append(opinion)
    order = tuple(Agent)
    seats = sorted(said, key=lambda seat: (order.index(seat.agent), -len(said[seat]), seat))
    return tuple(_score(seat, said[seat], costs) for seat in seats)


def told_scores(
    remembered: Iterable[Remembered], strategy_id: str, as_of: datetime, most: int = MOST_TOLD
) -> tuple[AgentScore, ...]:
    """What a cycle is told of its agents: of the seats in use, over the newest `most` setups resolved by then.

    Whoever spoke last of a setup of the strategy sits there now; so memories that are pending help, although only what
    is resolved counts. Setups of other strategies count where the same seat spoke. Costs are none of a decider's.
    """
    before = sorted((one for one in remembered if one.setup.decided_at < as_of), key=_decided)
    sitting = {voice.agent: Seat.of(voice) for one in before if _is_of(one, strategy_id) for voice in spoken(one.setup)}
    known = sorted((one for one in before if one.outcome and one.outcome.resolved_at <= as_of), key=_resolved)
    return tuple(one for one in scores(known[-most:], {}) if _seat_of(one) == sitting.get(one.agent))


def spoken(setup: Setup) -> tuple[Voice, ...]:
    """The voices of those who were asked."""
    return tuple(voice for voice in setup.voices if voice.call_id is not None)


def cost_of(voices: Iterable[Voice], costs: Costs) -> Decimal | None:
    """What the calls behind these voices took, each once; None when none of them has a known price."""
    known = [costs[name] for name in {name for voice in voices for name in voice.call_ids} if name in costs]
    return sum(known, ZERO) if known else None


def a_share(memory: Remembered) -> Decimal:
    """Dollars that a resolved setup made a share; of what was forgone, its thought had all that the limits allowed."""
    setup, outcome = memory.setup, memory.outcome
    shares = setup.allowed if setup.course is Course.FORGONE or not setup.decided else setup.decided
    return outcome.pnl / shares if outcome is not None and shares else ZERO


def _opinions(memory: Remembered) -> list[_Opinion]:
    if memory.outcome is None:
        return []
    voices = spoken(memory.setup)
    return [
        _Opinion(
            voice=voice,
            outcome=memory.outcome,
            others=tuple(one for one in voices if one is not voice),
            pnl=a_share(memory) * _shares(memory.setup, voices[:number], voice),
        )
        for number, voice in enumerate(voices)
    ]


def _shares(setup: Setup, before: Iterable[Voice], voice: Voice) -> Decimal:
    """What it let pass, or stopped: all that those before it had let come to it."""
    came = min((one.quantity for one in before if one.approves), default=setup.allowed)
    return min(voice.quantity, came) if voice.approves else came


def _score(seat: Seat, said: Sequence[_Opinion], costs: Costs) -> AgentScore:
    approved = [one.pnl for one in said if one.voice.approves]
    vetoed = [one.pnl for one in said if not one.voice.approves]
    cost = cost_of((one.voice for one in said), costs)
    forecasts = [(one.voice.confidence, one.outcome.won) for one in said if one.voice.confidence is not None]
    return AgentScore(
        **seat._asdict(),
        opinions=len(said),
        hit_rate=_part(one.is_right for one in said),
        brier=brier(forecasts),
        calibration=calibration(forecasts),
        approved=len(approved),
        vetoed=len(vetoed),
        approved_pnl=cents(sum(approved, ZERO)),
        vetoed_pnl=cents(sum(vetoed, ZERO)),
        cost_usd=None if cost is None else float(cost),
        cost_per_decision=None if cost is None else float(cost / len(said)),
        agreement=_part(other.approves == one.voice.approves for one in said for other in one.others),
    )


def brier(forecasts: Sequence[tuple[float, bool]]) -> float | None:
    """Mean squared distance of confidences from what came; None without any."""
    if not forecasts:
        return None
    return sum((confidence - came) ** 2 for confidence, came in forecasts) / len(forecasts)


def calibration(forecasts: Sequence[tuple[float, bool]], bins: int = BINS) -> tuple[Bin, ...]:
    """What came true of what was said with like confidence; 1 belongs to the last step."""
    steps: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, came in forecasts:
        steps[min(int(confidence * bins), bins - 1)].append((confidence, came))
    return tuple(
        Bin(
            count=len(within),
            said=min(sum(confidence for confidence, _ in within) / len(within), 1.0),
            came=sum(came for _, came in within) / len(within),
        )
        for _, within in sorted(steps.items())
    )


def _part(held: Iterable[bool]) -> float | None:
    every = list(held)
    return sum(every) / len(every) if every else None


def _is_of(memory: Remembered, strategy_id: str) -> bool:
    return memory.setup.strategy_id == strategy_id


def _decided(memory: Remembered) -> tuple[datetime, str]:
    return memory.setup.decided_at, memory.setup.memory_id


def _resolved(memory: Remembered) -> tuple[datetime, str]:
    if memory.outcome is None:
        raise ValueError(f"{memory.setup.memory_id} is pending")
    return memory.outcome.resolved_at, memory.setup.memory_id


def _seat_of(score: AgentScore) -> Seat:
    return Seat(score.agent, score.model, score.prompt_version, score.prompt_hash)
