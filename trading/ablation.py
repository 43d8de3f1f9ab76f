"""Is an agent worth its tokens: what resolved decisions made with it, and what they would have made without.

What an agent took away from a setup is given back: its veto is let pass, its cut undone. Each stage before and after
then passes on the same part of what comes to it as it did; whoever was never asked, as the veto came first, passes all.

| assumed                                                                                                  |
|----------------------------------------------------------------------------------------------------------|
| dollars go with the shares: a larger order moves no price, and its commission grows with it              |
| what was vetoed would have made what its thought made, by the rules of shadow trades                     |
| cash and limits left room: each setup is undone by itself                                                |
| without a debate the MetaAgent would have taken all that it was given: what it took away after one is     |
| all of the debate's, its use and its harm at their most                                                  |

Setups of one cycle have a market in common, so the interval draws whole cycles (Efron 1979, cluster bootstrap).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from trading.agents.questions import Agent
from trading.memory import Remembered, Voice
from trading.money import ZERO, Dollars, Record, cents
from trading.resampling import CONFIDENCE, DRAWS, Interval
from trading.scoring import Costs, a_share, cost_of, spoken
from trading.track import Column

Count = Annotated[int, Field(ge=0)]


class Stage(StrEnum):
    """Whose word is left out."""

    RISK = "RiskManager"
    VALIDATOR = "Validator"
    META = "MetaAgent"
    DEBATE = "Debate"

    @property
    def agents(self) -> frozenset[Agent]:
        """Whose calls it costs."""
        return frozenset({Agent.BULL, Agent.BEAR}) if self is Stage.DEBATE else frozenset({Agent(self.value)})


_PATH = (Agent.RISK, Agent.VALIDATOR, Agent.META)
"""Who may make less of a setup, one after the other."""
_PARTS = Decimal("0.000001")
"""Of a share: what is worked out by parts is rounded there."""


class Ablation(Record):
    """What one stage was worth over resolved setups of which it spoke.

    `changed` are those of which it took something away; `pnl_with` is what they made, `pnl_without` what they would
    have made, `earned` the difference in its favour, dollars; `net_usd` is that less what its calls took. `interval`
    is of `net_usd`. `unpriced` counts calls without a known price, which cost nothing here.
    """

    stage: Stage
    setups: Count
    changed: Count
    pnl_with: Dollars
    pnl_without: Dollars
    earned: Dollars
    cost_usd: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
    unpriced: Count = 0
    net_usd: Annotated[Decimal, Field(allow_inf_nan=False)]
    interval: Interval


class _Case(NamedTuple):
    """One setup, shares as they were decided and as they would have been, and what each made."""

    cycle_id: str
    voices: tuple[Voice, ...]
    made: Decimal
    otherwise: Decimal


def ablate(
    stage: Stage, remembered: Iterable[Remembered], costs: Costs, generator: np.random.Generator, draws: int = DRAWS
) -> Ablation:
    """One stage's worth; all nought over no setups."""
    cases = list(_cases(stage, remembered))
    voices = [voice for case in cases for voice in case.voices]
    made, otherwise = (sum((getattr(case, name) for case in cases), ZERO) for name in ("made", "otherwise"))
    cost = cost_of(voices, costs) or ZERO
    net = made - otherwise - cost
    return Ablation(
        stage=stage,
        setups=len(cases),
        changed=sum(case.made != case.otherwise for case in cases),
        pnl_with=cents(made),
        pnl_without=cents(otherwise),
        earned=cents(made - otherwise),
        cost_usd=cost,
        unpriced=len({name for voice in voices for name in voice.call_ids} - set(costs)),
        net_usd=net,
        interval=_interval(float(net), _by_cycle(cases, costs), generator, draws),
    )


def without(memory: Remembered, stage: Stage) -> Decimal:
    """The shares of a setup that would have been decided had this stage not been asked."""
    setup = memory.setup
    voices = {voice.agent: voice for voice in spoken(setup)}
    if not stage.agents & set(voices):
        return setup.decided
    silenced = Agent.META if stage is Stage.DEBATE else Agent(stage.value)
    came, passed = setup.allowed, Decimal(1)
    for agent in _PATH:
        voice = voices.get(agent)
        if voice is None or not came:
            continue
        passes = min(voice.quantity, came) if voice.approves else ZERO
        if agent is not silenced:
            passed *= passes / came
        elif passes == came:
            return setup.decided
        came = passes
    # What code took away after the last word, for want of a budget, stays taken away.
    kept = min(setup.decided / came, Decimal(1)) if came else Decimal(1)
    return (setup.allowed * passed * kept).quantize(_PARTS)


def _cases(stage: Stage, remembered: Iterable[Remembered]) -> Iterator[_Case]:
    for memory in remembered:
        voices = tuple(voice for voice in spoken(memory.setup) if voice.agent in stage.agents)
        if memory.outcome is None or not voices:
            continue
        each = a_share(memory)
        yield _Case(memory.setup.cycle_id, voices, each * memory.setup.decided, each * without(memory, stage))


def _by_cycle(cases: Sequence[_Case], costs: Costs) -> Column:
    """What each cycle's setups add to the net worth, [cycles]; a call that two cycles share is the first's."""
    worth: dict[str, Decimal] = defaultdict(Decimal)
    paid: set[str] = set()
    for case in cases:
        calls = {name for voice in case.voices for name in voice.call_ids} - paid
        paid |= calls
        cost = sum((costs.get(call, ZERO) for call in calls), ZERO)
        worth[case.cycle_id] += case.made - case.otherwise - cost
    return np.array([float(one) for one in worth.values()])


def _interval(net: float, cycles: Column, generator: np.random.Generator, draws: int) -> Interval:
    """From the 2.5th to the 97.5th percentile; of fewer than two cycles nothing can be said."""
    if len(cycles) < 2:  # noqa: PLR2004  one cycle drawn again is the same cycle
        return Interval(value=net, low=None, high=None)
    sums = np.array([cycles[generator.integers(0, len(cycles), len(cycles))].sum() for _ in range(draws)])
    low, high = np.quantile(sums, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Interval(value=net, low=float(low), high=float(high))
