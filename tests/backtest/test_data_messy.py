"""Bad bars are left out, mended or refused, always in words; what is odd is told and left as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import inf, nan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.data.cautions import MOST_SYMBOLS
from backtest.data.loading import Wanted, load_panel
from backtest.data.panel import Panel
from tests.backtest.files import Row, bar, sessions, walk, write
from trading.errors import BadMarketData

DAYS = sessions(6)
CLEAN = [*walk("AAPL", 6), *walk("KO", 6, 40.0), *walk("PEP", 6, 60.0)]


def loaded(tmp_path: Path, rows: list[Row]) -> Panel:
    return load_panel(write(tmp_path / "bars.parquet", rows), Wanted())


def told(panel: Panel, code: str) -> list[tuple[str | None, str]]:
    return [(one.symbol, one.reason) for one in panel.cautions if one.code == code]


def changed(symbol: str, day: int, **fields: Any) -> list[Row]:
    return [row._replace(**fields) if (row.symbol, row.date) == (symbol, DAYS[day]) else row for row in CLEAN]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"close": None}, "not_finite"),
        ({"open": nan}, "not_finite"),
        ({"high": inf}, "not_finite"),
        ({"low": 0.0}, "not_positive"),
        ({"open": -40.0}, "not_positive"),
        ({"high": 2e7}, "absurd"),
        ({"low": 1e-7}, "absurd"),
        ({"high": 39.0, "low": 41.0}, "out_of_range"),
        ({"open": 60.0}, "out_of_range"),
        ({"close": 20.0}, "out_of_range"),
    ],
)
def test_a_bar_that_cannot_be_traded_on_is_left_out_and_told(
    tmp_path: Path, fields: dict[str, float | None], code: str
) -> None:
    panel = loaded(tmp_path, changed("KO", 2, **fields))
    [(symbol, reason)] = told(panel, code)
    assert symbol == "KO"
    assert reason.startswith(f"1 bar, the first of {DAYS[2]}: ")
    assert np.isnan(panel.close[2, 1])
    assert panel.volume[2, 1] == 0
    assert np.isfinite(panel.close).sum() == 17
    assert told(panel, "gaps") == [("KO", f"misses 1 session, the first {DAYS[2]}")]


def test_a_bar_under_two_faults_is_told_once(tmp_path: Path) -> None:
    panel = loaded(tmp_path, changed("KO", 2, open=nan, low=-1.0, high=2e7))
    assert [one.code for one in panel.cautions] == ["not_finite", "gaps", "unknown_sector"]


@pytest.mark.parametrize("volume", [None, nan, -5.0, 1e16])
def test_a_volume_that_cannot_be_counts_as_none(tmp_path: Path, volume: float | None) -> None:
    panel = loaded(tmp_path, changed("KO", 2, volume=volume))
    assert panel.volume[2, 1] == 0
    assert panel.present.all()
    assert [symbol for symbol, _ in told(panel, "no_volume")] == ["KO"]
    assert told(panel, "zero_volume")[0][1].startswith(f"1 bar of 1 symbol, the first on {DAYS[2]}")


def test_a_close_a_hair_above_the_high_widens_the_bar(tmp_path: Path) -> None:
    panel = loaded(tmp_path, changed("KO", 2, close=41.52, high=41.5))
    assert panel.high[2, 1] == 41.52
    assert [symbol for symbol, _ in told(panel, "widened")] == ["KO"]


def test_noise_of_the_last_digit_is_mended_without_a_word(tmp_path: Path) -> None:
    panel = loaded(tmp_path, changed("KO", 2, close=41.5 + 1e-12, high=41.5))
    assert panel.high[2, 1] >= panel.close[2, 1]
    assert told(panel, "widened") == []


def test_bars_of_one_day_that_differ_are_refused(tmp_path: Path) -> None:
    twice = [*CLEAN, bar("KO", DAYS[3], 40.75, close=40.9)]
    with pytest.raises(BadMarketData) as refused:
        loaded(tmp_path, twice)
    words = f"KO has two different bars of {DAYS[3]}, close 41.25 and 40.9: remove one of them"
    assert str(refused.value).endswith(words)


def test_outside_of_the_days_nothing_is_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", [*changed("KO", 0, close=nan), bar("KO", DAYS[1], 33.0)])
    panel = load_panel(path, Wanted(from_on=DAYS[2], warm_up=0))
    assert [one.code for one in panel.cautions] == ["cold_start", "unknown_sector"]


def test_a_bad_bar_is_no_session_to_warm_up_on(tmp_path: Path) -> None:
    rows = [row for row in changed("KO", 2, close=nan) if row.symbol == "KO"]
    panel = load_panel(write(tmp_path / "bars.csv", rows), Wanted(from_on=DAYS[4], warm_up=2))
    assert panel.days.tolist() == [DAYS[1], *DAYS[3:]]


def test_a_bad_bar_at_either_end_is_told_as_well(tmp_path: Path) -> None:
    ends = {DAYS[2], DAYS[4]}
    rows = [bar("KO", day, close=nan if day in ends else 100.5) for day in DAYS[:5]]
    panel = load_panel(write(tmp_path / "bars.csv", rows), Wanted(from_on=DAYS[2]))
    assert panel.days.tolist() == [DAYS[3]]
    assert told(panel, "not_finite")[0][1].startswith(f"2 bars, the first of {DAYS[2]}: ")


def test_nothing_but_bad_bars_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMarketData, match="of 2 bars none can be traded on"):
        loaded(tmp_path, [bar("KO", DAYS[0], close=nan), bar("KO", DAYS[1], close=0.0)])


Mess = Callable[[list[Row]], list[Row]]
BAD_ROWS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"close": nan}, {"open": None}, {"low": -1.0}, {"high": 1e9}, {"close": 0.0}]
)


@st.composite
def messed(draw: st.DrawFn) -> tuple[list[Row], bool, bool]:
    """The clean rows with some twice, bad rows of further days, in any order; whether there are such."""
    twice = draw(st.lists(st.sampled_from(CLEAN), max_size=5))
    bad = [
        bar(draw(st.sampled_from(["AAPL", "KO"])), date(2016, 2, n + 1))._replace(**draw(BAD_ROWS)) for n in range(3)
    ]
    rows = draw(st.permutations([*CLEAN, *twice, *bad[: draw(st.integers(0, 3))]]))
    return list(rows), bool(twice), len(rows) > len(CLEAN) + len(twice)


@settings(max_examples=40, deadline=None)
@given(messed())
def test_whatever_order_twice_or_worthless_it_is_the_same_panel(mess: tuple[list[Row], bool, bool]) -> None:
    rows, twice, bad = mess
    with TemporaryDirectory() as folder:
        clean, panel = loaded(Path(folder, "a"), CLEAN), loaded(Path(folder, "b"), rows)
    assert panel.data_hash == clean.data_hash
    codes = {one.code for one in panel.cautions}
    assert ("duplicate" in codes) == twice
    assert bool(codes & {"not_finite", "not_positive", "absurd", "out_of_range"}) == bad
    by_symbol = [[row.date for row in rows if row.symbol == name] for name in ("AAPL", "KO", "PEP")]
    assert ("unsorted" in codes) == any(sorted(days) != days for days in by_symbol)


def test_symbols_that_come_and_go_are_told_with_their_days(tmp_path: Path) -> None:
    rows = [*walk("AAPL", 6), *(row for row in CLEAN if row.symbol == "KO" and DAYS[1] < row.date < DAYS[5])]
    panel = loaded(tmp_path, rows)
    assert told(panel, "starts_late") == [("KO", f"has no bar before {DAYS[2]}")]
    assert told(panel, "ends_early") == [
        ("KO", f"has its last bar on {DAYS[4]}: what is held then is counted at that close")
    ]


def test_a_symbol_without_bars_in_these_days_is_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", [*walk("AAPL", 6), *walk("KO", 2)])
    panel = load_panel(path, Wanted(symbols=("AAPL", "KO"), from_on=DAYS[3], warm_up=9))
    assert panel.symbols == ("AAPL",)
    words = f"has no bar between these dates and is left out: its own go from {DAYS[0]} to {DAYS[1]}"
    assert told(panel, "no_bars") == [("KO", words)]


def test_a_day_on_which_one_symbol_alone_trades_is_told(tmp_path: Path) -> None:
    rows = [row for row in CLEAN if row.date != DAYS[2] or row.symbol == "KO"]
    assert told(loaded(tmp_path, rows), "lonely_day") == [("KO", f"alone has a bar on {DAYS[2]}: a holiday, or a hole")]


def test_a_saturday_is_told(tmp_path: Path) -> None:
    panel = loaded(tmp_path, [*CLEAN, bar("KO", date(2016, 1, 9), 41.0)])
    assert told(panel, "weekend") == [(None, "1 day of the data are Saturdays or Sundays: 2016-01-09")]


def test_a_single_session_is_told(tmp_path: Path) -> None:
    assert len(told(loaded(tmp_path, [bar("KO", DAYS[0])]), "one_day")) == 1


def test_many_symbols_with_the_same_trouble_are_told_together(tmp_path: Path) -> None:
    names = [f"A{chr(65 + n)}" for n in range(MOST_SYMBOLS + 1)]
    rows = [*walk("KO", 6), *(row for name in names for row in walk(name, 3))]
    [(symbol, reason)] = told(loaded(tmp_path, rows), "ends_early")
    assert symbol is None
    assert reason.startswith(f"{MOST_SYMBOLS + 1} symbols, first of them: AA has its last bar on {DAYS[2]}")


def split(ratio: float, day: int = 3) -> list[Row]:
    """A quiet symbol whose price is divided from a day on."""
    return [bar("KO", on, 100.0 if n < day else 100.0 / ratio) for n, on in enumerate(DAYS)]


def quiet(rows: list[Row]) -> list[Row]:
    return [row._replace(high=row.open * 1.01, low=row.open * 0.99, close=row.open) for row in rows if row.open]


@pytest.mark.parametrize(("ratio", "words"), [(2, "2 for 1"), (7, "7 for 1"), (0.1, "1 for 10"), (1.96, "2 for 1")])
def test_a_jump_like_a_split_is_suspected(tmp_path: Path, ratio: float, words: str) -> None:
    panel = loaded(tmp_path, quiet(split(ratio)))
    reason = f"opens {DAYS[3]} like after a split of {words}: are its prices adjusted?"
    assert told(panel, "suspected_split") == [("KO", reason)]


@pytest.mark.parametrize("ratio", [1.5, 1.9, 0.6, 2.4])
def test_a_crash_is_no_split(tmp_path: Path, ratio: float) -> None:
    assert told(loaded(tmp_path, quiet(split(ratio))), "suspected_split") == []


def test_a_listed_split_comes_with_the_panel_and_is_not_suspected(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text(
        "symbol,ex_date,kind,ratio,cash\n"
        f"KO,{DAYS[3]},split,4,\nKO,{DAYS[4]},dividend,,0.25\nKO,2015-06-01,split,2,\nPEP,{DAYS[2]},split,2,\n"
    )
    panel = loaded(tmp_path, quiet(split(4)))
    assert [(one.kind, one.ex_on) for one in panel.actions] == [("split", DAYS[3]), ("dividend", DAYS[4])]
    assert told(panel, "suspected_split") == []
    (tmp_path / "actions.csv").unlink()
    assert loaded(tmp_path, quiet(split(4))).data_hash != panel.data_hash


def test_a_listed_split_that_the_prices_do_not_show_is_refused(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text(f"symbol,ex_date,kind,ratio,cash\nKO,{DAYS[3]},split,4,\n")
    with pytest.raises(BadMarketData, match=rf"KO: a split of 4 for 1 is listed for {DAYS[3]}, and the prices do not"):
        loaded(tmp_path, quiet(split(1)))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("KO,2016-01-05,merger,,", "line 2: no kind of action is merger"),
        ("KO,2016-01-05,,4,", "line 2: no kind of action is nothing"),
        ("KO,soon,split,4,", "line 2: ex_on"),
        ("KO,2016-01-05,split,,", "line 2: "),
        ("KO,2016-01-05,split,-4,", "line 2: ratio"),
        ("ko,2016-01-05,split,4,", "line 2: symbol"),
    ],
)
def test_a_list_of_actions_that_cannot_be_read_names_its_line(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "actions.csv").write_text(f"symbol,ex_date,kind,ratio,cash\n{line}\n")
    with pytest.raises(BadMarketData, match=rf"actions\.csv: {sentence}"):
        loaded(tmp_path, CLEAN)


def test_of_a_symbol_whose_bars_are_all_bad_one_hears_though_all_were_asked_for(tmp_path: Path) -> None:
    bad = [row._replace(open=0.0) if row.symbol == "KO" else row for row in CLEAN]
    panel = loaded(tmp_path, bad)
    assert panel.symbols == ("AAPL", "PEP")
    [(symbol, reason)] = told(panel, "no_bars")
    assert (symbol, reason[-24:]) == ("KO", "none of its own is sound")


def test_days_that_no_symbol_has_are_told_where_they_are_more_than_a_long_week_end(tmp_path: Path) -> None:
    days = sessions(30)
    for missing, heard in ((2, 0), (3, 1)):
        rows = [bar("KO", day) for day in (*days[:10], *days[10 + missing :])]
        assert len(told(loaded(tmp_path, rows), "hole")) == heard
    assert told(loaded(tmp_path, rows), "hole")[0][1].startswith(
        f"no symbol has a bar between {days[9]} and {days[13]}"
    )


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    for twice in ("Close", "close"):
        (tmp_path / "bars.csv").write_text(
            f"symbol,date,open,high,low,close,{twice},volume\nKO,2016-01-04,1,1,1,1,2,9\n"
        )
        with pytest.raises(BadMarketData, match="has two columns close, and nobody knows which is meant"):
            load_panel(tmp_path, Wanted())


def test_names_that_are_no_tickers_are_named_where_there_are_no_others(tmp_path: Path) -> None:
    with pytest.raises(
        BadMarketData, match="1 names in the data are no ticker and were left out: ko, and there are no"
    ):
        loaded(tmp_path, [bar("ko", day) for day in DAYS])
