"""How a study is split: nothing is judged by days it was chosen on, nothing is run twice, histories stay short."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies import sweep, walk
from trading.backtesting import Fold, Prepared, Span, SweepAsked, WalkForwardAsked
from trading.errors import BadConfiguration
from trading.folds import MOST_CHUNKS, MOST_FOLDS, chunk_size, chunks_of, folds_of

DATA = Path(__file__).parent.parent.parent / "data"
SWEEP, WALK = sweep(DATA), walk(DATA)
EVENTS_A_CHUNK, EVENTS_A_JUDGING, MOST_EVENTS = 6, 6, 4_000


def days(count: int) -> list[date]:
    return [date(2010, 1, 1) + timedelta(days=place) for place in range(count)]


def walked(**changes: object) -> WalkForwardAsked:
    return WALK.model_copy(update=changes)


def held_out(part: str | None) -> SweepAsked:
    return SWEEP.model_copy(update={"holdout": None if part is None else Decimal(part)})


@given(st.integers(2, 600), st.integers(1, 200), st.integers(1, 100), st.integers(0, 50), st.integers(0, 1))
def test_a_walk_judges_each_session_once_and_never_by_what_was_chosen_on_it(
    count: int, train: int, test: int, gap: int, anchored: int
) -> None:
    asked, known = walked(train=train, test=test, step=test + gap, anchored=bool(anchored)), days(count)
    try:
        folds = folds_of(asked, known)
    except BadConfiguration:
        assert count < train + test or (count - train) / (test + gap) > MOST_FOLDS
        return
    assert [fold.number for fold in folds] == list(range(len(folds)))
    judged = [day for fold in folds for day in known if fold.test and fold.test.from_on <= day <= fold.test.to_on]
    assert len(judged) == len(set(judged))
    assert gap or judged == known[train:]
    for fold in folds:
        assert fold.test is not None
        assert fold.train.to_on + timedelta(days=1) == fold.test.from_on
        assert fold.train.sessions == (fold.train.to_on - fold.train.from_on).days + 1
        assert (fold.train.from_on == known[0]) if anchored else (fold.train.sessions == train)


def test_a_sweep_has_one_fold_and_keeps_the_end_for_judging_when_it_is_told_to() -> None:
    (whole,) = folds_of(held_out(None), days(100))
    assert (whole.train.sessions, whole.test) == (100, None)
    (parted,) = folds_of(held_out("0.25"), days(100))
    assert parted.test is not None
    assert (parted.train.sessions, parted.test.sessions) == (75, 25)
    assert parted.train.to_on < parted.test.from_on


@pytest.mark.parametrize(
    ("asked", "count", "told"),
    [
        (held_out(None), 1, "there are 1 sessions between these dates"),
        (held_out("1"), 100, "leaves 0 sessions to choose in"),
        (
            walked(train=90, test=20),
            90,
            "^--train: of 90 sessions, 2010-01-01 to 2010-03-31, 90 to choose in leave none",
        ),
        (walked(train=90, test=20), 109, "^--test: of 109 sessions, .*, 90 to choose in leave 19 .*, and not 20$"),
        (walked(train=10, test=1), 300, "290 folds are more than 200"),
        (walked(train=10, test=20, step=10), 300, "a step of 10 sessions judges some twice: tests have 20"),
    ],
)
def test_what_cannot_be_split_is_refused_in_a_sentence(
    asked: SweepAsked | WalkForwardAsked, count: int, told: str
) -> None:
    with pytest.raises(BadConfiguration, match=told):
        folds_of(asked, days(count))


@given(st.integers(1, 10_000), st.integers(1, MOST_FOLDS), st.integers(0, 1))
def test_every_combination_is_in_one_chunk_and_a_history_stays_short(combinations: int, folds: int, slow: int) -> None:
    size = chunk_size(combinations, folds, slow=bool(slow))
    span = Span(from_on=date(2010, 1, 1), to_on=date(2010, 1, 1), sessions=1)
    prepared = Prepared(run_id="r", folds=(Fold(number=0, train=span),), combinations=combinations, chunk_size=size)
    chunks = list(chunks_of(prepared, 0))
    assert [number for chunk in chunks for number in chunk.numbers] == list(range(combinations))
    assert len(chunks) * folds <= max(MOST_CHUNKS, folds)
    assert folds * (len(chunks) * EVENTS_A_CHUNK + EVENTS_A_JUDGING) < MOST_EVENTS
