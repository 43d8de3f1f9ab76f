"""Studies of many runs: sweeps, walk-forward and Monte Carlo, as they are asked for, split, watched and ended.

Runs are told apart by numbers and the records stay small: what was tried, and what came of it, lies in the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from trading.backtest_plan import Engine, Plan
from trading.grids import Grid, Parameters
from trading.money import DeskId, Fraction, Identifier, Ratio, Record, Text

Count = Annotated[int, Field(ge=0)]
Some = Annotated[int, Field(ge=1, le=1_000_000)]
FIRST_DESK = "main"
"""Whose a run is that says nothing of it: runs were of no desk before, and this is what a desk is called by itself."""
MOST_LINES = 10
"""Trials that a summary names; the table holds all of them."""
MOST_TROUBLES = 10
BEST_OF_A_CHUNK = 5
"""Trials that a chunk tells of while the study runs."""
MOST_RESAMPLINGS = 10_000
"""As many as there may be combinations; the hundredth part of them is told well enough by a hundred of these."""


class RunKind(StrEnum):
    """What a row of `backtests` is of."""

    BACKTEST = "backtest"
    SWEEP = "sweep"
    WALK_FORWARD = "walk_forward"
    MONTE_CARLO = "monte_carlo"


class RunStatus(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Objective(StrEnum):
    """What the best of many is the best in; of each, more is better."""

    SHARPE = "sharpe"
    SORTINO = "sortino"
    CALMAR = "calmar"
    CAGR = "cagr"
    TOTAL_RETURN = "total_return"
    MAX_DRAWDOWN = "max_drawdown"
    """The shallowest is the best."""


class Resampled(StrEnum):
    """What a Monte Carlo trial draws: blocks of daily returns with replacement, or the same trades in another order."""

    RETURNS = "returns"
    TRADES = "trades"


class Source(Record):
    """Where the bars come from: a folder or file that every worker sees; `warm_up` sessions before the first day."""

    data: Text = ""
    warm_up: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class Asked(Record):
    """What every study is asked with, by a desk. `run_id` names it everywhere; `engine` None takes the fastest."""

    run_id: Identifier
    desk_id: DeskId = FIRST_DESK
    name: Text = ""
    source: Source = Source()
    plan: Plan
    engine: Engine | None = None
    objective: Objective = Objective.SHARPE


class SweepAsked(Asked):
    """The plan once for each combination; the last part of the sessions, `holdout`, only judges the best."""

    kind: Literal[RunKind.SWEEP] = RunKind.SWEEP
    grid: Grid
    holdout: Fraction | None = None


class WalkForwardAsked(Asked):
    """Choose over `train` sessions, trade the next `test` with what was chosen, go on by `step` (None: by `test`).

    `anchored`: each choice looks back to the first session.
    """

    kind: Literal[RunKind.WALK_FORWARD] = RunKind.WALK_FORWARD
    grid: Grid
    train: Some = 504
    test: Some = 126
    step: Some | None = None
    anchored: bool = False


class MonteCarloAsked(Asked):
    """The plan once, and `trials` other courses that the same returns could have taken.

    Returns are drawn in blocks of `block` sessions on average, so that what hangs together in time stays together.
    """

    kind: Literal[RunKind.MONTE_CARLO] = RunKind.MONTE_CARLO
    trials: Annotated[int, Field(ge=1, le=MOST_RESAMPLINGS)] = 1000
    block: Annotated[int, Field(ge=1, le=10_000)] = 20
    seed: Count = 0
    of: Resampled = Resampled.RETURNS


StudyAsked = SweepAsked | WalkForwardAsked | MonteCarloAsked


class Span(Record):
    """Sessions from one day to another, both included, and how many they are."""

    from_on: date
    to_on: date
    sessions: Some


class Fold(Record):
    """One choice: over `train`, judged over `test`, which lies after it; None where nothing judges it."""

    number: Count
    train: Span
    test: Span | None = None


class Chunk(Record):
    """So many combinations of one fold, from the number `first` on."""

    run_id: Identifier
    fold: Count = 0
    first: Count = 0
    count: Some

    @property
    def numbers(self) -> range:
        """The numbers of its combinations."""
        return range(self.first, self.first + self.count)


class Prepared(Record):
    """A study that is ready to be run: how many combinations a fold has, and how many make a chunk."""

    run_id: Identifier
    folds: Annotated[tuple[Fold, ...], Field(min_length=1)]
    combinations: Some
    chunk_size: Some
    data_hash: str = ""
    engine: Engine | None = None


class TrialLine(Record):
    """One of many in a table: what was tried, and what it brought in what was asked for."""

    fold: Count = 0
    number: Count
    parameters: Parameters = Field(default_factory=dict)
    score: Ratio | None = None
    metrics: dict[str, Ratio | None] = Field(default_factory=dict)


class ChunkDone(Record):
    """A chunk that was gone through: how many of it failed, the best of it, and why it was given up, if it was."""

    chunk: Chunk
    done: Count = 0
    failed: Count = 0
    best: tuple[TrialLine, ...] = ()
    trouble: Text = ""


class FoldAsked(Record):
    """Judge the best of a fold over the sessions that it has not seen."""

    run_id: Identifier
    fold: Count


class FoldDone(Record):
    """What was chosen in a fold, how it stood where it was chosen, and how after; None where it could not be run."""

    fold: Count
    train: Span | None = None
    test: Span | None = None
    chosen: TrialLine | None = None
    metrics: dict[str, Ratio | None] = Field(default_factory=dict)
    out_of_sample: Ratio | None = None
    trouble: Text = ""


class RunProgress(Record):
    """How far a study is. `total` combinations over all folds, of which `done` are gone through."""

    run_id: Identifier
    kind: RunKind
    status: RunStatus = RunStatus.RUNNING
    total: Count = 0
    done: Count = 0
    failed: Count = 0
    chunks: Count = 0
    chunks_done: Count = 0
    folds: Count = 0
    folds_done: Count = 0
    best: tuple[TrialLine, ...] = ()


class Ended(Record):
    """All of a study's chunks have ended, or it was cancelled: what is there is summed up."""

    run_id: Identifier
    kind: RunKind
    objective: Objective = Objective.SHARPE
    status: RunStatus
    troubles: tuple[Text, ...] = ()


class Failure(Record):
    """Why combinations failed, how many for this reason, and the first of them."""

    reason: Text
    count: Some
    parameters: Parameters = Field(default_factory=dict)


class Honesty(Record):
    """What the best of many trials is worth, once it is known how many there were.

    `deflated_sharpe` is the probability that its Sharpe ratio is above what the best of so many worthless ones would
    show; `overfitting` the probability that the best in one half of the time is below the median in the other.
    `interval`: between what 95 of 100 yearly Sharpe ratios lie, of `draws` series drawn from the same daily returns in
    blocks of `block` sessions on average (percentiles of a stationary bootstrap). None where it cannot be told: where
    nothing `traded`, none of it can.
    """

    trials: Count
    sharpe: Ratio | None = None
    expected_sharpe: Ratio | None = None
    deflated_sharpe: Ratio | None = None
    overfitting: Ratio | None = None
    interval: tuple[Ratio, ...] = ()
    draws: Count = 0
    block: Ratio | None = None
    traded: bool = True


class StudySummary(Record):
    """What came of a study.

    `best` are of a Monte Carlo the run as it happened. `out_of_sample` are the metrics of what was not seen while
    choosing, stitched together. `quantiles` of the trials' numbers are at `percentiles`; `drawn` says of what.
    """

    run_id: Identifier
    kind: RunKind
    status: RunStatus
    objective: Objective
    total: Count
    done: Count
    failed: Count
    best: tuple[TrialLine, ...] = ()
    failures: tuple[Failure, ...] = ()
    honesty: Honesty | None = None
    folds: tuple[FoldDone, ...] = ()
    out_of_sample: dict[str, Ratio | None] = Field(default_factory=dict)
    percentiles: tuple[int, ...] = ()
    drawn: Text = ""
    quantiles: dict[str, tuple[Ratio, ...]] = Field(default_factory=dict)
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial as it is kept. `returns` are its daily returns, little-endian float32, for the statistics of all."""

    run_id: str
    number: int
    fold: int = 0
    is_test: bool = False
    parameters: Parameters = field(default_factory=dict)
    metrics: dict[str, float | None] = field(default_factory=dict)
    returns: bytes = b""
    error: str | None = None


class RunRow(Record):
    """A row of `backtests`, as lists and comparisons show it to the desk that ran it."""

    run_id: Identifier
    desk_id: DeskId = FIRST_DESK
    kind: RunKind
    name: Text = ""
    strategy: Text
    symbols: tuple[str, ...]
    from_on: date
    to_on: date
    status: RunStatus
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    trials: Count = 1
    spent_usd: Ratio = 0.0
    folder: Text = ""
    asked: dict[str, JsonValue] = Field(default_factory=dict)
    card: dict[str, JsonValue] = Field(default_factory=dict)
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
