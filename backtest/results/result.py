"""What a backtest brought, whichever engine ran it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from backtest.data.panel import Caution, Column, Days
from trading.backtest_plan import Engine, Plan
from trading.money import Record

CYCLE_FAILED = "cycle_failed"
"""The caution of days on which nobody could decide: what came of the others is not the strategy's."""


@dataclass(frozen=True, slots=True, eq=False)
class Fills:
    """F fills in the order in which they happened, a column each.

    `day` int64 index into the result's days; `symbol` int64 index into its symbols; `shares` float64, signed: bought
    positive; `price` and `commission` float64 dollars; `leg` as text: entry, exit, stop, target.
    """

    day: NDArray[np.int64]
    symbol: NDArray[np.int64]
    shares: Column
    price: Column
    commission: Column
    leg: tuple[str, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.day)


class Verdict(StrEnum):
    """What an agent said to an order that somebody wanted."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REDUCED = "reduced"
    VETOED = "vetoed"
    ABSTAINED = "abstained"


class Opinion(Record):
    """What one agent thought of one symbol on a day; `dollars` is the order that it judged, signed: bought positive."""

    decided_on: date
    symbol: str
    agent: str
    verdict: Verdict
    dollars: float = 0.0


class Refusal(Record):
    """An order that was not sent, or not filled: decided on a day, how much, and why (`code`, then a sentence)."""

    decided_on: date
    symbol: str
    shares: float
    code: str
    reason: str


class StopCause(StrEnum):
    """What ends a run of the agents before its last day."""

    BUDGET = "budget"
    NO_MODEL = "no_model"
    JOURNAL = "journal"


class Stopped(Record):
    """That a run ended early: with which day, in whose cycle nothing was decided any more, and why."""

    cause: StopCause
    on: date
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """D days from the plan's first to its last.

    `equity`, `cash`, `gross` (value of what is held, unsigned) float64 [D] dollars at each close; `closes` [D, N] the
    price each symbol was valued at; `positions` [D, N] shares. `benchmark` [D] is what the plan's cash would be in the
    benchmark's shares, `held` [D] in equal parts of all symbols, bought at the first open and kept; NaN where there is
    none. `interest` and `borrow` are dollars earned and paid over all. `highs` and `lows` [D, N] of each session, where
    the engine keeps them: trades are measured at their worst and best by them, else by `closes`. `opinions` are the
    agents'. `stopped` says why there are fewer days than were asked for; the plan's last day is the last one lived.
    """

    plan: Plan
    engine: Engine
    days: Days
    symbols: tuple[str, ...]
    equity: Column
    cash: Column
    gross: Column
    positions: Column
    closes: Column
    fills: Fills
    refusals: tuple[Refusal, ...] = ()
    cautions: tuple[Caution, ...] = ()
    benchmark: Column | None = None
    held: Column | None = None
    interest: float = 0.0
    borrow: float = 0.0
    dividends: float = 0.0
    decisions: int = 0
    spent_usd: float = 0.0
    notes: tuple[str, ...] = field(default=())
    highs: Column | None = None
    lows: Column | None = None
    opinions: tuple[Opinion, ...] = ()
    stopped: Stopped | None = None


class RunCard(Record):
    """Where a result comes from: everything that somebody needs to get it again, and what to be wary of.

    `trials` is how many combinations were tried before this one was looked at, itself included; `warm_up` how many
    sessions before the first day the strategy knew of.
    """

    run_id: str
    kind: str = "backtest"
    engine: Engine
    plan: Plan
    code_version: str
    data: str
    data_hash: str
    warm_up: int = 0
    models: dict[str, str] = Field(default_factory=dict)
    prompts: dict[str, str] = Field(default_factory=dict)
    rule_version: str = ""
    trials: int = 1
    banners: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
