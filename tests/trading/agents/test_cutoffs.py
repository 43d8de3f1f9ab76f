"""What a result over known days proves of a model, in one sentence."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trading.agents.cutoffs import CUTOFFS, Cutoff, banner_of
from wiring.model_names import RETIRED, usual

KNOWN = {"model-1": Cutoff(date(2025, 6, 30), "its provider", date(2025, 9, 1))}
BEFORE = [date(2025, 6, 26) + timedelta(days=day) for day in range(5)]
AFTER = [date(2025, 7, 1) + timedelta(days=day) for day in range(3)]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (BEFORE, "all of the 5 days tested are before that, so it may remember them: this result proves nothing"),
        (AFTER, "all of the 3 days tested are after that, so it cannot remember them."),
        ([*BEFORE, *AFTER], "5 of the 8 days tested are before that, so it may remember them, and only the 3 after it"),
    ],
)
def test_the_tested_days_are_counted_against_what_the_model_knows(days: list[date], told: str) -> None:
    said = banner_of("model-1", days, KNOWN)
    assert said.startswith("model-1 knows the world up to 2025-06-30 (its provider, read 2025-09-01): ")
    assert told in said


def test_of_a_model_that_nobody_knows_all_counts_as_known() -> None:
    assert banner_of("model-2", BEFORE, KNOWN) == (
        "model-2: unknown cut-off, so take all of the 5 days as known to it: "
        "this result proves nothing about the future."
    )


def test_the_cut_offs_of_every_model_that_sits_somewhere_by_itself_or_succeeds_are_known() -> None:
    keys = [(a, o) for a in (True, False) for o in (True, False) if a or o]
    seated = {name for a, o in keys for name in usual(has_anthropic=a, has_openai=o).values()}
    assert seated | {successor for _, successor in RETIRED.values()} <= set(CUTOFFS)
    assert all(cutoff.on < cutoff.read_on for cutoff in CUTOFFS.values())
