"""How good each agent's word was: judged by what became of what it spoke of, never by what it said of itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trading.agents.questions import Agent
from trading.money import Dollars, Ratio, Record, Text
from trading.signals import Score

Count = Annotated[int, Field(ge=0)]


class Bin(Record):
    """One step of a calibration curve: of `count` opinions of mean confidence `said`, the part that `came` true."""

    count: Count
    said: Score
    came: Score


class AgentScore(Record):
    """One agent under one model and one version of its prompt, over resolved setups.

    An approval is right when its setup made money, a veto when it did not. `hit_rate` is the part that was right;
    `brier` the mean squared distance between the confidence that a setup works out and whether it did, 0 is perfect and
    0.25 is a coin; `approved_pnl` and `vetoed_pnl` in dollars, what was let pass and what was stopped, each as it came
    or would have come; `cost_usd` what its calls took, `cost_per_decision` that by opinions; `agreement` the part of
    the others' opinions of the same setups that were the same.
    """

    agent: Agent
    model: Text
    prompt_version: Text
    prompt_hash: Text = ""
    opinions: Count
    hit_rate: Score | None = None
    brier: Score | None = None
    calibration: tuple[Bin, ...] = ()
    approved: Count = 0
    vetoed: Count = 0
    approved_pnl: Dollars
    vetoed_pnl: Dollars
    cost_usd: Ratio | None = None
    cost_per_decision: Ratio | None = None
    agreement: Score | None = None
