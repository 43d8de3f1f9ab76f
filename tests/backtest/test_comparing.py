from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from backtest.results.comparing import Compared, differences, outcomes, rebased
from backtest.tear_sheet.comparison import MOST_LINES, comparison, write_comparison
from tests.backtest.made import card_of, days_of, made, metrics_of, wavy
from tests.backtest.reading import Read


def compared(name: str, fast: int = 10, *, count: int = 300) -> Compared:
    result = wavy(count)
    plan = result.plan.model_copy(update={"parameters": {"fast": fast, "slow": 30}})
    result = replace(result, plan=plan)
    return Compared(card_of(result, run_id=name, trials=fast), metrics_of(result), result.days, result.equity)


def test_only_what_differs_is_told() -> None:
    rows = differences([compared("one"), compared("two", 20)])
    assert rows == [("parameters.fast", ("10", "20"))]
    assert differences([compared("one"), compared("one")]) == []


def test_what_one_run_lacks_is_a_dash() -> None:
    one, two = compared("one"), compared("two")
    models = two.card.model_copy(update={"models": {"risk": "a model"}})
    assert differences([one, two._replace(card=models)]) == [("models.risk", ("–", "a model"))]


def test_trials_stand_first_and_metrics_in_their_order() -> None:
    rows = outcomes([compared("one"), compared("two", 20)])
    assert rows[0] == ("Trials", ("10", "20"))
    assert [row.label for row in rows].index("CAGR") < [row.label for row in rows].index("Win rate")


def test_curves_begin_at_a_hundred_and_end_where_they_end() -> None:
    long, short = compared("long"), compared("short", count=100)
    days, curves = rebased([long, short])
    assert (days == days_of(300)).all()
    assert curves[0][0] == 100.0
    assert np.isnan(curves[1][100:]).all()
    assert curves[1][99] == short.equity[-1] / 100


def test_the_page_has_one_picture_and_both_tables(tmp_path: Path) -> None:
    runs = [compared("one"), compared("<b>two</b>", 20)]
    write_comparison(runs, tmp_path / "comparison.html")
    page = Read((tmp_path / "comparison.html").read_text())
    assert page.open == []
    assert page.attributes("role").count("img") == 1
    assert page.tables["Settings"][1] == ["parameters.fast", "10", "20"]
    assert page.tables["Metrics"][0] == ["", "one", "<b>two</b>"]
    assert "30 combinations tried for them in all" in page.text


def test_of_many_runs_as_many_are_drawn_as_can_be_told_apart() -> None:
    page = Read(comparison([compared(f"run-{at}") for at in range(MOST_LINES + 1)]))
    assert f"The first {MOST_LINES} of {MOST_LINES + 1} runs" in page.text
    assert len(page.tables["Metrics"][0]) == MOST_LINES + 2


def test_runs_without_a_trade_compare_too() -> None:
    still = made([[10.0], [11.0]])
    run = Compared(card_of(still), metrics_of(still), still.days, still.equity)
    assert Read(comparison([run, run])).open == []
