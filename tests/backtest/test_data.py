"""Bars become a panel: the same whatever file they came in, of just the symbols and days that were asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.exchange_calendar import ExchangeCalendar
from adapters.simulated_market import SimulatedMarket
from backtest.data.loading import Wanted, ask_panel, load_panel
from backtest.data.panel import Panel
from tests.backtest.files import Row, bar, sessions, walk, write
from trading.errors import BadConfiguration, BadMarketData, UnknownSymbol

SHARED = Path(__file__).parents[3] / "shared" / "data" / "panel20_daily.parquet"
SAMPLE = Path(__file__).parents[2] / "data"


def codes(panel: Panel) -> list[str]:
    return [caution.code for caution in panel.cautions]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    rows = [*walk("KO", 10, 40.0), *walk("AAPL", 10)]
    return write(tmp_path / "bars.parquet", rows)


def test_bars_lie_side_by_side(two: Path) -> None:
    panel = load_panel(two, Wanted())
    assert panel.symbols == ("AAPL", "KO")
    assert panel.days.tolist() == sessions(10)
    assert panel.close[:, 1].tolist() == [40.5 + n * 0.25 for n in range(10)]
    assert panel.open[3].tolist() == [100.75, 40.75]
    assert panel.volume.sum() == 20 * 1000
    assert codes(panel) == ["unknown_sector"]
    with pytest.raises(ValueError, match="read-only"):
        panel.close[0, 0] = 1.0


def test_parquet_and_csv_a_file_a_symbol_and_one_for_all_are_the_same(tmp_path: Path, two: Path) -> None:
    every = [*walk("AAPL", 10), *walk("KO", 10, 40.0)]
    write(tmp_path / "csv" / "all.csv", every)
    for symbol in ("AAPL", "KO"):
        write(tmp_path / "each" / f"{symbol}.csv", [row for row in every if row.symbol == symbol])
    hashes = {load_panel(source, Wanted()).data_hash for source in (two, tmp_path / "csv", tmp_path / "each")}
    assert len(hashes) == 1
    assert load_panel(two, Wanted(symbols=("KO",))).data_hash not in hashes


def test_a_number_more_or_less_is_another_hash(tmp_path: Path) -> None:
    rows = walk("KO", 5)
    before = load_panel(write(tmp_path / "a.parquet", rows), Wanted()).data_hash
    rows[2] = rows[2]._replace(volume=1001.0)
    assert load_panel(write(tmp_path / "b.parquet", rows), Wanted()).data_hash != before


def test_a_symbol_in_two_files_comes_from_the_one_with_more(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", walk("KO", 5, 10.0))
    write(tmp_path / "b.csv", walk("KO", 6, 20.0))
    assert load_panel(tmp_path, Wanted()).open[0, 0] == 20.0


def test_sectors_lie_beside_the_bars(tmp_path: Path, two: Path) -> None:
    (tmp_path / "sectors.csv").write_text("symbol,sector,name\nKO,Staples,Coca-Cola\nAAPL,IT,Apple\n")
    panel = load_panel(two, Wanted())
    assert panel.sectors == ("IT", "Staples")
    assert codes(panel) == []


def test_days_and_warm_up_are_those_that_were_asked_for(two: Path) -> None:
    days = sessions(10)
    panel = load_panel(two, Wanted(from_on=days[5], to_on=days[7], warm_up=2))
    assert panel.days.tolist() == days[3:8]
    assert load_panel(two, Wanted(from_on=days[5], warm_up=99)).days.tolist() == days
    cold = load_panel(two, Wanted(from_on=days[5]))
    assert cold.days.tolist() == days[5:]
    assert codes(cold)[0] == "cold_start"


def test_a_saturday_begins_on_monday(two: Path) -> None:
    assert load_panel(two, Wanted(from_on=date(2016, 1, 9))).days[0] == np.datetime64("2016-01-11")


def test_what_stands_beside_makes_no_day_and_need_not_be_there(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", [*walk("KO", 5), *walk("SPY", 8, 200.0)])
    panel = load_panel(path, Wanted(symbols=("KO",), beside=("SPY", "QQQ")))
    assert (panel.symbols, len(panel.days)) == (("KO", "SPY"), 5)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted(from_on=date(2016, 1, 8), to_on=date(2016, 1, 7)), "from 2016-01-08 is after to 2016-01-07"),
        (
            Wanted(from_on=date(2020, 1, 2)),
            "has no bars from 2020-01-02: it has 2016-01-04 to 2016-01-15",
        ),
        (Wanted(to_on=date(2010, 1, 4)), "has no bars to 2010-01-04: it has 2016-01-04 to 2016-01-15"),
        (Wanted(from_on=date(2016, 1, 9), to_on=date(2016, 1, 10)), "has no bars from 2016-01-09 to 2016-01-10"),
    ],
)
def test_days_that_cannot_be_are_refused(two: Path, wanted: Wanted, sentence: str) -> None:
    with pytest.raises(BadConfiguration, match=sentence):
        load_panel(two, wanted)


def test_an_unknown_symbol_is_told_with_those_near_it(two: Path) -> None:
    with pytest.raises(UnknownSymbol, match=r"no bars of AAPLE \(near: AAPL\), ZZZ in .*bars\.parquet"):
        load_panel(two, Wanted(symbols=("KO", "ZZZ", "AAPLE")))


def test_a_place_without_bars_is_refused(tmp_path: Path) -> None:
    for source, sentence in ((tmp_path, "no daily bars in"), (tmp_path / "no.csv", "there is no")):
        with pytest.raises(BadConfiguration, match=sentence):
            load_panel(source, Wanted())
    (tmp_path / "bars.txt").write_text("x")
    with pytest.raises(BadConfiguration, match=r"bars\.txt: is neither \.parquet nor \.csv"):
        load_panel(tmp_path / "bars.txt", Wanted())


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(BadMarketData, match=r"bad\.parquet: cannot be read as daily bars"):
        load_panel(tmp_path, Wanted())


def test_a_file_of_another_symbol_is_not_looked_into(tmp_path: Path) -> None:
    write(tmp_path / "KO.csv", walk("KO", 5))
    (tmp_path / "KO.csv").write_text((tmp_path / "KO.csv").read_text().replace('"KO",', "").replace('"symbol",', ""))
    (tmp_path / "PEP.csv").write_text("date,open,high,low,close,volume\n2016-01-04,torn,1,1,1,1\n")
    assert load_panel(tmp_path, Wanted(symbols=("KO",))).symbols == ("KO",)
    with pytest.raises(BadMarketData, match=r"PEP\.csv"):
        load_panel(tmp_path, Wanted())


@pytest.mark.parametrize(
    "stamps",
    [
        pa.array([datetime(2016, 1, 4, 5, tzinfo=UTC), datetime(2016, 7, 5, 4, tzinfo=UTC)]),
        pa.array([datetime(2016, 1, 4, tzinfo=UTC), datetime(2016, 7, 5, tzinfo=UTC)]),
        pa.array([datetime(2016, 1, 4, 21, tzinfo=UTC), datetime(2016, 7, 5, 20, tzinfo=UTC)]),
        pa.array([datetime(2016, 1, 4, 5, tzinfo=UTC), datetime(2016, 7, 5, 4, tzinfo=UTC)]).cast(
            pa.timestamp("us", "America/New_York")
        ),
        pa.array([datetime(2016, 1, 4), datetime(2016, 7, 5)]),  # noqa: DTZ001  as a file without zones has them
        pa.array(["2016-01-04", "2016-07-05"]),
        pa.array(["2016-01-04 00:00:00", "2016-07-05 00:00:00"]),
        pa.array([20160104, 20160705]),
    ],
)
def test_every_way_to_write_a_session_is_the_same_day(tmp_path: Path, stamps: pa.Array) -> None:
    prices = {name: [10.0, 10.0] for name in Row._fields[2:]}
    pq.write_table(pa.table({"symbol": ["KO", "KO"], "date": stamps, **prices}), tmp_path / "bars.parquet")
    assert load_panel(tmp_path, Wanted()).days.tolist() == [date(2016, 1, 4), date(2016, 7, 5)]


def test_seconds_since_1970_are_no_date(tmp_path: Path) -> None:
    rows = [bar("KO", 1451865600)]  # type: ignore[arg-type]
    with pytest.raises(BadMarketData, match=r"bars\.csv: cannot be read as daily bars"):
        load_panel(write(tmp_path / "bars.csv", rows), Wanted())


async def test_a_provider_tells_the_same_kind_of_panel() -> None:
    calendar = ExchangeCalendar("XNYS", until=date(2017, 12, 1))
    wanted = Wanted(("AAPL", "KO"), date(2017, 10, 2), date(2017, 10, 31), warm_up=5)
    panel = await ask_panel(SimulatedMarket(1, calendar), calendar, wanted)
    assert panel.symbols == ("AAPL", "KO")
    assert (str(panel.days[0]), str(panel.days[5]), str(panel.days[-1])) == ("2017-09-25", "2017-10-02", "2017-10-31")
    assert codes(panel) == ["synthetic"]
    assert panel.sectors[0] == "Information Technology"
    with pytest.raises(BadConfiguration, match="is asked for symbols from one day to another"):
        await ask_panel(SimulatedMarket(1, calendar), calendar, Wanted(("KO",)))


def test_the_sample_is_sound() -> None:
    panel = load_panel(SAMPLE, Wanted())
    assert panel.close.shape == (320, 20)
    assert codes(panel) == []


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared panel of 20 symbols beside the repository")
def test_twenty_symbols_over_ten_years_are_dense_and_warned_of_the_day_without_volume() -> None:
    panel = load_panel(SHARED, Wanted())
    assert panel.close.shape == (2736, 20)
    assert panel.present.all()
    assert codes(panel) == ["zero_volume"]
