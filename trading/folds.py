"""How a study is split: spans of sessions to choose in and to judge by, and chunks of combinations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

from trading.backtesting import Chunk, Fold, Prepared, Span, SweepAsked, WalkForwardAsked
from trading.errors import BadConfiguration

MOST_CHUNKS = 400
"""Of one study: at six events a chunk and four for the judging of a fold, its history stays below 4,000 events."""
MOST_FOLDS = 200
LEAST_CHUNK = 64
"""Combinations of a chunk where thousands are run in a second: fewer would wait longer for a worker than they take."""
LEAST_SLOW_CHUNK = 4
"""The same where one takes seconds."""
LEAST_SESSIONS = 2
"""A return needs two closes."""


def folds_of(asked: SweepAsked | WalkForwardAsked, days: Sequence[date]) -> tuple[Fold, ...]:
    """The folds of a study over these sessions, rising. Raises BadConfiguration when they are too few, or too many."""
    if len(days) < LEAST_SESSIONS:
        raise BadConfiguration(f"there are {len(days)} sessions between these dates: a study needs two")
    if isinstance(asked, SweepAsked):
        return (_held_out(asked, days),)
    if asked.step is not None and asked.step < asked.test:
        raise BadConfiguration(f"a step of {asked.step} sessions judges some twice: tests have {asked.test}")
    _see_room(asked, days)
    folds = tuple(_walk(asked, days))
    if len(folds) > MOST_FOLDS:
        raise BadConfiguration(f"{len(folds)} folds are more than {MOST_FOLDS}: take a longer step or test")
    return folds


def chunk_size(combinations: int, folds: int, *, slow: bool) -> int:
    """How many combinations make a chunk, so that all folds together have no more than `MOST_CHUNKS`."""
    most_of_a_fold = max(MOST_CHUNKS // folds, 1)
    return max(math.ceil(combinations / most_of_a_fold), LEAST_SLOW_CHUNK if slow else LEAST_CHUNK)


def chunks_of(prepared: Prepared, fold: int) -> Iterator[Chunk]:
    """The chunks of one fold: every combination in exactly one, in the order of their numbers."""
    for first in range(0, prepared.combinations, prepared.chunk_size):
        count = min(prepared.chunk_size, prepared.combinations - first)
        yield Chunk(run_id=prepared.run_id, fold=fold, first=first, count=count)


def _see_room(asked: WalkForwardAsked, days: Sequence[date]) -> None:
    """Raises BadConfiguration where not even the first choice, or its test, is as long as was asked for."""
    there, left = f"{len(days)} sessions, {days[0]} to {days[-1]}", len(days) - asked.train
    if left <= 0:
        raise BadConfiguration(f"--train: of {there}, {asked.train} to choose in leave none to judge by")
    if left < asked.test:
        raise BadConfiguration(
            f"--test: of {there}, {asked.train} to choose in leave {left} to judge by, and not {asked.test}"
        )


def _held_out(asked: SweepAsked, days: Sequence[date]) -> Fold:
    kept = int(len(days) * asked.holdout) if asked.holdout else 0
    seen = len(days) - kept
    if seen < LEAST_SESSIONS:
        raise BadConfiguration(f"a holdout of {asked.holdout} leaves {seen} sessions to choose in")
    return Fold(number=0, train=_span(days[:seen]), test=_span(days[seen:]) if kept else None)


def _walk(asked: WalkForwardAsked, days: Sequence[date]) -> Iterator[Fold]:
    """Tests follow each other without a gap unless the step is longer; of several the last may be short."""
    step = asked.step or asked.test
    for number, begins in enumerate(range(asked.train, len(days), step)):
        train = days[0 if asked.anchored else begins - asked.train : begins]
        yield Fold(number=number, train=_span(train), test=_span(days[begins : begins + asked.test]))


def _span(days: Sequence[date]) -> Span:
    return Span(from_on=days[0], to_on=days[-1], sessions=len(days))
