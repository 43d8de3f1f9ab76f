from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.data.panel import Caution
from backtest.measures import curves
from backtest.measures.round_trips import trades_of
from backtest.results.result import Opinion, Refusal, Result, Verdict
from backtest.tear_sheet import tear_sheet, write_tear_sheet
from backtest.tear_sheet.price_charts import MOST_CHARTS
from backtest.tear_sheet.tables import MOST_ROWS
from tests.backtest.made import CASH, FIRST_DAY, Did, card_of, made, metrics_of, wavy
from tests.backtest.reading import Read, cents_of

ROOT = Path(__file__).parents[2]
GAINS = "Gain or loss by symbol, in dollars"
HOSTILE = "</style><script>alert('1')</script><img src=x onerror=alert(2)>&\"'"


def read(result: Result, **more: Any) -> Read:
    return Read(tear_sheet(result, card_of(result, **more), metrics_of(result)))


def test_the_sheet_says_what_the_result_says() -> None:
    result = wavy()
    page = read(result)
    assert f"${result.equity[-1]:,.2f}" in page.text
    rows = page.tables[GAINS]
    gained = round(100 * (float(result.equity[-1]) - CASH))
    assert cents_of(rows[-1][1]) == gained
    assert sum(cents_of(row[1]) for row in rows[1:-1]) == gained
    assert (
        len(page.tables[f"Trades ({len(trades_of(result))} of {len(trades_of(result))})"]) == len(trades_of(result)) + 1
    )
    fall = curves.drawdown(result.equity, CASH).max()
    assert f"Deepest −{fall:.2%}" in page.text


def test_interest_dividends_and_what_was_borrowed_are_rows_of_the_whole() -> None:
    result = wavy()
    earned = replace(result, equity=result.equity + 12.34 + 5 - 1.5, interest=12.34, dividends=5.0, borrow=1.5)
    rows = {row[0]: row for row in read(earned).tables[GAINS][1:]}
    assert [rows[name][1] for name in ("Interest on cash", "Dividends", "Borrowed shares")] == [
        "+$12.34",
        "+$5.00",
        "−$1.50",
    ]
    parts = [cents_of(row[1]) for name, row in rows.items() if name != "All"]
    assert sum(parts) == cents_of(rows["All"][1]) == round(100 * (earned.equity[-1] - CASH))


def test_what_rounding_leaves_is_a_row_of_its_own() -> None:
    closes = [[10.0] * 3, [10.0334] * 3]
    rows = read(made(closes, [Did(0, symbol, 10, 10.0) for symbol in range(3)])).tables[GAINS]
    assert [row[1] for row in rows[1:]] == ["+$0.33", "+$0.33", "+$0.33", "+$0.01", "+$1.00"]


def test_months_compound_to_the_whole() -> None:
    result = wavy()
    months = [1 + month.returned for month in curves.months(result.days, result.equity, CASH)]
    assert np.prod(months) == pytest.approx(result.equity[-1] / CASH)
    years = curves.years(result.days, result.equity, CASH)
    assert np.prod([1 + one for one in years.values()]) == pytest.approx(result.equity[-1] / CASH)
    rows = read(result).tables["Monthly returns in percent"]
    assert [row[0] for row in rows[1:]] == [str(year) for year in years]
    assert rows[1][-1].replace("−", "-") == f"{years[2016] * 100:.1f}"


def test_the_rolling_ratio_is_that_of_its_window() -> None:
    equity = wavy().equity
    returns = equity[-127:][1:] / equity[-127:][:-1] - 1
    assert curves.rolling_sharpe(equity, 126)[-1] == pytest.approx(returns.mean() / returns.std(ddof=1) * 252**0.5)
    assert np.isnan(curves.rolling_sharpe(equity, 126)[:126]).all()


def test_the_number_of_trials_is_always_there() -> None:
    assert "this combination is the only one that was tried" in read(wavy()).text
    assert "1,234: the best of so many looks good by luck alone" in read(wavy(), trials=1234).text


def test_banners_stand_above_every_number() -> None:
    page = tear_sheet(wavy(), card_of(wavy(), banners=("It knows these years.",)), metrics_of(wavy()))
    assert page.index("It knows these years.") < page.index("Final equity")


def test_words_of_others_are_words() -> None:
    result = made(
        [[10.0], [11.0]],
        [Did(0, 0, 10, 10.0, 1.0, HOSTILE)],
        symbols=(HOSTILE,),
        refusals=(Refusal(decided_on=FIRST_DAY, symbol=HOSTILE, shares=1, code=HOSTILE, reason=HOSTILE),),
        cautions=(Caution(code=HOSTILE, symbol=HOSTILE, reason=HOSTILE),),
        notes=(HOSTILE,),
        opinions=(Opinion(decided_on=FIRST_DAY, symbol="X", agent=HOSTILE, verdict=Verdict.VETOED),),
    )
    told = dict.fromkeys(("run_id", "kind", "code_version", "data", "data_hash", "rule_version"), HOSTILE)
    page = read(result, **told, banners=(HOSTILE,), models={HOSTILE: HOSTILE}, prompts={HOSTILE: HOSTILE})
    assert not {"script", "img"} & page.names()
    assert not page.attributes("onerror")
    assert page.open == []
    assert page.text.count("alert(2)") >= len(told)


def test_it_asks_nobody_and_runs_nothing() -> None:
    page = read(wavy())
    assert not {"script", "link", "iframe", "object", "image", "img"} & page.names()
    assert all(link.startswith("#") for link in page.attributes("href"))
    assert not page.attributes("src")
    assert "default-src 'none'" in page.attributes("content")[0]
    assert "url(" not in page.text
    assert "http" not in page.text


def test_every_picture_says_what_it_shows_and_every_table_what_its_columns_are() -> None:
    page = read(wavy())
    pictures = [attributes for tag, attributes in page.tags if attributes.get("role") == "img"]
    assert len(pictures) == 8
    assert all(attributes["aria-label"] for attributes in pictures)
    assert all(page.tables)
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")


def test_the_bytes_are_the_same_in_another_process(tmp_path: Path) -> None:
    write_tear_sheet(wavy(), card_of(wavy()), metrics_of(wavy()), tmp_path / "here.html")
    code = (
        "from pathlib import Path; from tests.backtest.made import *; from backtest.tear_sheet import *; "
        f"write_tear_sheet(wavy(), card_of(wavy()), metrics_of(wavy()), Path({str(tmp_path / 'there.html')!r}))"
    )
    seed = os.environ | {"PYTHONHASHSEED": "77"}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT, env=seed)
    assert (tmp_path / "here.html").read_bytes() == (tmp_path / "there.html").read_bytes()


def lost_all() -> Result:
    return made([[10.0], [5.0], [0.01], [0.0], [0.0]], [Did(0, 0, 1000, 10.0)])


def owes() -> Result:
    return made([[10.0], [30.0], [40.0]], [Did(0, 0, -1000, 10.0)])


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(made([[10.0], [11.0], [12.0]]), id="no fills"),
        pytest.param(made([[10.0]]), id="one day"),
        pytest.param(made([[10.0]], [Did(0, 0, 10, 10.0)]), id="one day, one fill"),
        pytest.param(replace(wavy(), benchmark=np.full(300, np.nan)), id="a benchmark that is not there"),
        pytest.param(replace(wavy(), held=None, benchmark=None), id="nothing to compare with"),
        pytest.param(lost_all(), id="a loss of everything"),
        pytest.param(owes(), id="a loss of more than everything"),
        pytest.param(made([[np.nan, 10.0], [np.nan, 11.0], [5.0, np.nan]], [Did(2, 0, 10, 5.0)]), id="gaps"),
        pytest.param(made([[10.0]] * 300), id="nothing happens"),
    ],
)
def test_a_poor_result_has_a_page_too(result: Result) -> None:
    page = read(result)
    assert page.open == []
    assert not re.search(r"\bnan\b", page.text, re.IGNORECASE)
    assert not [value for name in ("d", "x", "y", "x1", "y1") for value in page.attributes(name) if "nan" in value]


def test_of_many_symbols_those_with_most_dollars_traded_are_drawn() -> None:
    wide = MOST_CHARTS + 2
    did = [Did(0, symbol, 10 + symbol, 10.0) for symbol in range(wide)]
    result = made([[10.0] * wide, [11.0] * wide], did)
    page = read(result)
    drawn = [label for label in page.attributes("aria-label") if label.startswith("Closes of")]
    assert len(drawn) == MOST_CHARTS
    assert not any(label.startswith(("Closes of SA ", "Closes of SB ")) for label in drawn)
    assert f"The {MOST_CHARTS} symbols with most dollars traded, of {wide} that were" in page.text


def test_of_many_trades_the_largest_are_listed_and_the_others_counted() -> None:
    count = 2 * (MOST_ROWS + 10)
    closes = [[10.0]] * count
    did = [Did(day, 0, 10 if day % 2 == 0 else -10, 10.0 + (day % 2) * day, 0.0) for day in range(count)]
    page = read(made(closes, did))
    assert f"Trades ({MOST_ROWS} of {MOST_ROWS + 10})" in page.tables
    assert f"The {MOST_ROWS} that gained or lost most, of {MOST_ROWS + 10}" in page.text


def test_vetoes_are_measured_by_what_they_spared() -> None:
    closes = [[10.0]] + [[8.0]] * 30
    opinions = (
        Opinion(decided_on=FIRST_DAY, symbol="SA", agent="risk", verdict=Verdict.VETOED, dollars=1000),
        Opinion(decided_on=FIRST_DAY, symbol="SA", agent="data", verdict=Verdict.PROPOSED, dollars=1000),
    )
    rows = read(made(closes, opinions=opinions)).tables["What each agent's verdicts were worth"][1:]
    assert rows == [["data", "proposed", "1", "−$200.00", "0.0%"], ["risk", "vetoed", "1", "−$200.00", "100.0%"]]
