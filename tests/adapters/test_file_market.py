"""Folders of bars, sound and broken, read as a market."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from trading.bars import Bars
from trading.errors import BadConfiguration, BadMarketData, UnknownSymbol
from trading.market import Adjustment, Dropped, Quote
from trading.readings import Reading
from trading.snapshots import assemble

SAMPLE = Path(__file__).parents[2] / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
CLOSED_AT = datetime(2017, 11, 10, 21, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER = "Date,Open,High,Low,Close,Volume"


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=date(2026, 11, 22))


@pytest.fixture(scope="module")
def sample(calendar: ExchangeCalendar) -> FileMarket:
    return FileMarket(SAMPLE, calendar)


@pytest.fixture
def shared(calendar: ExchangeCalendar) -> FileMarket:
    if not SHARED.exists():
        pytest.skip("the shared daily bars are not beside the checkout")
    return FileMarket(SHARED, calendar)


@pytest.fixture(scope="module")
def sample_rows() -> pa.Table:
    return pq.read_table(SAMPLE / "sample_daily.parquet")


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n")


def assert_same_bars(one: Mapping[str, Bars], other: Mapping[str, Bars]) -> None:
    assert one.keys() == other.keys()
    for symbol in one:
        for name in ("session_on", "open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(getattr(one[symbol], name), getattr(other[symbol], name), err_msg=symbol)


async def quote(market: FileMarket, symbol: str, at: datetime) -> Quote | Dropped:
    return (await market.quotes([symbol], at))[symbol]


async def test_the_sample_makes_a_snapshot_of_all_its_symbols(sample: FileMarket) -> None:
    symbols = sorted((await sample.catalogue()).files)
    assert len(symbols) == 20
    at = await sample.latest(LATER)
    assert at == CLOSED_AT
    reading = Reading(
        sample.name,
        sample.adjustment,
        sample.synthetic,
        at,
        LATER,
        await sample.instruments(symbols),
        await sample.bars(symbols, at, 320),
        await sample.quotes(symbols, at),
    )
    snapshot = assemble(reading, symbols, completed_on=at.date(), max_quote_age=timedelta(seconds=60))
    assert [facts.instrument.symbol for facts in snapshot.symbols] == symbols
    assert {facts.bars for facts in snapshot.symbols} == {320}
    assert "Unknown" not in {facts.instrument.sector for facts in snapshot.symbols}
    assert snapshot.facts("AAPL").quote.last == Decimal("174.67")


async def test_a_bar_and_its_close_are_seen_from_the_closing_bell_on(sample: FileMarket) -> None:
    just_before = CLOSED_AT - timedelta(microseconds=1)
    assert (await sample.bars(["AAPL"], just_before, 5))["AAPL"].last_session_on == date(2017, 11, 9)
    assert (await sample.bars(["AAPL"], CLOSED_AT, 5))["AAPL"].last_session_on == date(2017, 11, 10)
    before, after = await quote(sample, "AAPL", just_before), await quote(sample, "AAPL", CLOSED_AT)
    assert isinstance(before, Quote)
    assert isinstance(after, Quote)
    assert (before.quoted_at, after.quoted_at) == (CLOSED_AT - timedelta(days=1), CLOSED_AT)


async def test_on_a_half_day_the_bar_is_complete_at_one_o_clock(sample: FileMarket) -> None:
    closed_at = datetime(2016, 11, 25, 18, tzinfo=UTC)
    found = await quote(sample, "KO", closed_at)
    assert isinstance(found, Quote)
    assert found.quoted_at == closed_at
    assert (await sample.bars(["KO"], closed_at, 1))["KO"].last_session_on == date(2016, 11, 25)


@pytest.mark.parametrize("last_on", [date(2016, 8, 8), date(2016, 12, 30), date(2017, 7, 3), date(2017, 11, 9)])
async def test_what_lies_in_the_file_after_the_moment_changes_nothing(
    sample: FileMarket, sample_rows: pa.Table, calendar: ExchangeCalendar, tmp_path: Path, last_on: date
) -> None:
    cut = sample_rows.filter(pc.less_equal(sample_rows["date"], pa.scalar(last_on, pa.date32())))
    pq.write_table(cut, tmp_path / "cut.parquet")
    past = FileMarket(tmp_path, calendar)
    symbols = sorted((await sample.catalogue()).files)
    session = calendar.session(last_on)
    assert session is not None
    assert await past.latest(session.closes_at) == await sample.latest(session.closes_at)
    for at in (session.closes_at, session.closes_at + timedelta(hours=9), session.opens_at):
        assert_same_bars(await past.bars(symbols, at, 400), await sample.bars(symbols, at, 400))
        assert await past.quotes(symbols, at) == await sample.quotes(symbols, at)


async def test_the_newest_moment_is_never_after_now(sample: FileMarket) -> None:
    for now in (CLOSED_AT - timedelta(days=90), CLOSED_AT - timedelta(hours=1), CLOSED_AT):
        assert await sample.latest(now) == now
    assert await sample.latest(CLOSED_AT + timedelta(seconds=1)) == CLOSED_AT


async def test_no_more_bars_come_than_were_asked_and_none_before_the_first(sample: FileMarket) -> None:
    assert len((await sample.bars(["AAPL"], CLOSED_AT, 7))["AAPL"]) == 7
    before = datetime(2016, 8, 8, 19, tzinfo=UTC)
    assert await sample.bars(["AAPL", "KO"], before, 7) == {}
    dropped = await quote(sample, "AAPL", before)
    assert isinstance(dropped, Dropped)
    assert dropped.code == "missing"


async def test_symbols_that_are_not_there_are_all_named(sample: FileMarket) -> None:
    with pytest.raises(UnknownSymbol, match="no bars of NOPE, ZZZ in"):
        await sample.instruments(["ZZZ", "AAPL", "NOPE"])
    assert await sample.bars(["ZZZ"], CLOSED_AT, 7) == {}


@pytest.mark.parametrize("layout", ["long csv", "a csv each", "a parquet each", "text dates", "newest first"])
async def test_every_layout_tells_the_same_prices(
    sample: FileMarket, sample_rows: pa.Table, calendar: ExchangeCalendar, tmp_path: Path, layout: str
) -> None:
    symbols = ["AAPL", "KO"]
    rows = sample_rows.filter(pc.is_in(sample_rows["symbol"], pa.array(symbols)))
    if layout == "text dates":
        text = pc.cast(rows["date"], pa.string())
        pq.write_table(rows.set_column(rows.column_names.index("date"), "date", text), tmp_path / "all.parquet")
    elif layout == "newest first":
        pq.write_table(rows.sort_by([("date", "descending")]), tmp_path / "all.parquet")
    elif layout == "long csv":
        pacsv.write_csv(rows, tmp_path / "all.csv")
    else:
        for symbol in symbols:
            own = rows.filter(pc.equal(rows["symbol"], symbol)).drop_columns(["symbol"])
            own = own.rename_columns(["Date", "OPEN", "High", "low", "Close", "Volume"])
            if layout == "a csv each":
                pacsv.write_csv(own, tmp_path / f"{symbol}.csv")
            else:
                pq.write_table(own, tmp_path / f"{symbol.lower()}.parquet")
    market = FileMarket(tmp_path, calendar)
    assert_same_bars(await market.bars(symbols, CLOSED_AT, 400), await sample.bars(symbols, CLOSED_AT, 400))


async def test_symbols_with_dots_and_symbols_that_read_like_values_are_symbols(
    calendar: ExchangeCalendar, tmp_path: Path
) -> None:
    names = ("BRK.B", "NA", "TRUE", "T")
    for number, name in enumerate(names):
        write(tmp_path, f"{number}.csv", f"symbol,{HEADER}", f"{name},2017-11-10,1,2,0.5,1.5,10")
    write(tmp_path, "BF.B.csv", HEADER, "2017-11-10,1,2,0.5,1.5,10")
    assert set(await FileMarket(tmp_path, calendar).bars([*names, "BF.B"], CLOSED_AT, 1)) == {*names, "BF.B"}


async def test_names_that_are_no_tickers_are_passed_over_and_said(calendar: ExchangeCalendar, tmp_path: Path) -> None:
    row = "2017-11-10,1,2,0.5,1.5,10"
    write(tmp_path, "all.csv", f"symbol,{HEADER}", f"KO,{row}", f"aapl,{row}", f"\u0410APL,{row}", f",{row}")
    write(tmp_path, "^GSPC.csv", HEADER, row)
    catalogue = await FileMarket(tmp_path, calendar).catalogue()
    assert list(catalogue.files) == ["KO"]
    assert set(catalogue.ignored) == {"", "^GSPC", "aapl", "\u0410APL"}


async def test_a_symbol_in_several_files_comes_whole_from_the_longest(
    calendar: ExchangeCalendar, tmp_path: Path
) -> None:
    write(tmp_path, "a.csv", f"symbol,{HEADER}", "KO,2017-11-10,9,9,9,9,9")
    write(tmp_path, "b.csv", f"symbol,{HEADER}", "KO,2017-11-08,1,1,1,1,1", "KO,2017-11-09,1,1,1,1,1")
    write(tmp_path, "c.csv", f"symbol,{HEADER}", "KO,2017-11-09,2,2,2,2,2", "KO,2017-11-10,2,2,2,2,2")
    bars = (await FileMarket(tmp_path, calendar).bars(["KO"], CLOSED_AT, 9))["KO"]
    assert bars.close.tolist() == [1, 1]


async def test_columns_more_than_needed_are_left_alone(calendar: ExchangeCalendar, tmp_path: Path) -> None:
    write(tmp_path, "KO.csv", f"{HEADER},Adj Close,note", "2017-11-10,1,2,0.5,1.5,10,0.7,x")
    found = await quote(FileMarket(tmp_path, calendar), "KO", CLOSED_AT)
    assert isinstance(found, Quote)
    assert found.last == Decimal("1.5")


@pytest.mark.parametrize(
    ("close", "expected"),
    [("10.8", "10.8"), ("174.67", "174.67"), ("0.43286", "0.4329"), ("0.03125", "0.0312"), ("0.09375", "0.0938")],
)
async def test_a_close_becomes_a_price_of_at_most_four_decimals_half_to_even(
    calendar: ExchangeCalendar, tmp_path: Path, close: str, expected: str
) -> None:
    write(tmp_path, "KO.csv", HEADER, f"2017-11-10,1,2,0.01,{close},10")
    found = await quote(FileMarket(tmp_path, calendar), "KO", CLOSED_AT)
    assert isinstance(found, Quote)
    assert found.bid == found.ask == found.last == Decimal(expected)


@pytest.mark.parametrize(
    ("close", "code"), [("", "not_positive"), ("NaN", "not_positive"), ("0", "not_positive"), ("-3", "not_positive")]
)
async def test_a_close_that_is_no_price_drops_the_symbol_and_not_the_folder(
    calendar: ExchangeCalendar, tmp_path: Path, close: str, code: str
) -> None:
    write(tmp_path, "KO.csv", HEADER, f"2017-11-10,1,2,0.5,{close},10")
    write(tmp_path, "PG.csv", HEADER, "2017-11-10,1,2,0.5,1.5,10")
    market = FileMarket(tmp_path, calendar)
    dropped = await quote(market, "KO", CLOSED_AT)
    assert isinstance(dropped, Dropped)
    assert dropped.code == code
    assert isinstance(await quote(market, "PG", CLOSED_AT), Quote)


async def test_without_sectors_every_sector_is_unknown(calendar: ExchangeCalendar, tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "sample_daily.parquet", tmp_path)
    market = FileMarket(tmp_path, calendar, adjustment=Adjustment.SPLIT)
    assert (await market.instruments(["KO"]))["KO"].sector == "Unknown"
    assert market.adjustment is Adjustment.SPLIT


@pytest.mark.parametrize(
    "lines", [["ticker,sector", "KO,Energy"], ["symbol,sector", "not a ticker,Energy"], ['symbol,sector\n"KO']]
)
async def test_sectors_that_cannot_be_read_are_refused_by_name(
    calendar: ExchangeCalendar, tmp_path: Path, lines: list[str]
) -> None:
    shutil.copy(SAMPLE / "sample_daily.parquet", tmp_path)
    write(tmp_path, "sectors.csv", *lines)
    with pytest.raises(BadMarketData, match=r"sectors\.csv: "):
        await FileMarket(tmp_path, calendar).instruments(["KO"])


def damaged_parquet(kept: float) -> bytes:
    whole = (SAMPLE / "sample_daily.parquet").read_bytes()
    return whole[: int(len(whole) * kept)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.parquet", b""),
        ("bad.parquet", b"not a parquet file at all"),
        ("bad.parquet", damaged_parquet(0.5)),
        ("bad.parquet", damaged_parquet(0.999)),
        ("bad.csv", b""),
        ("bad.csv", b"\x00\xff\xfe\x80binary"),
        ("bad.csv", b"some,other,table\n1,2,3\n"),
        ("bad.csv", f"symbol,{HEADER}\nPEP,2017-11-10,1,2,0.5,many,10\n".encode()),
        ("bad.csv", f"symbol,{HEADER}\nPEP,last Friday,1,2,0.5,1.5,10\n".encode()),
        ("bad.csv", f"symbol,{HEADER}\nKO,2017-11-10,1,2,0.5,1.5,10\nKO,,1,2,0.5,1.5,10\n".encode()),
        ("bad.csv", f"symbol,{HEADER}\nKO,2017-11-10,1,2\n".encode()),
        ("BAD.csv", b"Date,Open,High,Low,Close\n2017-11-10,1,2,0.5,1.5\n"),
    ],
)
async def test_a_file_that_cannot_be_read_is_one_line_with_its_name(
    calendar: ExchangeCalendar, tmp_path: Path, name: str, content: bytes
) -> None:
    shutil.copy(SAMPLE / "sample_daily.parquet", tmp_path)
    (tmp_path / name).write_bytes(content)
    market = FileMarket(tmp_path, calendar)
    with pytest.raises(BadMarketData, match=name.replace(".", r"\.")) as refused:
        await market.bars(sorted((await market.catalogue()).files), CLOSED_AT, 300)
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is None, "a cycle reports the innermost error, which must name the file"


async def test_a_file_damaged_in_its_middle_is_found_when_it_is_read(
    calendar: ExchangeCalendar, tmp_path: Path
) -> None:
    content = bytearray((SAMPLE / "sample_daily.parquet").read_bytes())
    content[30_000:60_000] = bytes(30_000)
    (tmp_path / "bad.parquet").write_bytes(content)
    market = FileMarket(tmp_path, calendar)
    with pytest.raises(BadMarketData, match=r"bad\.parquet"):
        await market.bars(sorted((await market.catalogue()).files), CLOSED_AT, 300)


@pytest.mark.parametrize("files", [[], ["README.md", "sectors.csv", ".hidden.csv"]])
async def test_a_folder_without_bars_says_how_to_mend_it(
    calendar: ExchangeCalendar, tmp_path: Path, files: list[str]
) -> None:
    for name in files:
        write(tmp_path, name, "symbol,sector", "KO,Consumer Staples")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadConfiguration, match="set MARKET_DATA_DIR to a folder") as refused:
        await FileMarket(tmp_path, calendar).latest(LATER)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["nowhere", "file"])
async def test_a_folder_that_is_none_says_how_to_mend_it(calendar: ExchangeCalendar, tmp_path: Path, name: str) -> None:
    write(tmp_path, "file", "text")
    with pytest.raises(BadConfiguration, match="set MARKET_DATA_DIR to a folder"):
        await FileMarket(tmp_path / name, calendar).latest(LATER)


async def test_what_it_hands_out_cannot_be_written_on(sample: FileMarket) -> None:
    bars = (await sample.bars(["AAPL"], CLOSED_AT, 10))["AAPL"]
    for column in (bars.session_on, bars.open, bars.high, bars.low, bars.close, bars.volume):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


async def test_twenty_years_of_real_bars_are_sound_and_taken_from_the_longest_file(shared: FileMarket) -> None:
    files = (await shared.catalogue()).files
    assert len(files) == 61
    assert files["AAPL"].name == "us_daily.parquet"
    for symbol, bars in (await shared.bars(sorted(files), CLOSED_AT, 10_000)).items():
        assert bars.defect() is None, symbol


async def test_real_bars_of_1998_are_quoted_at_their_closing_bell(shared: FileMarket) -> None:
    found = await quote(shared, "KO", datetime(1998, 1, 4, 12, tzinfo=UTC))
    assert isinstance(found, Quote)
    assert found.quoted_at == datetime(1998, 1, 2, 21, tzinfo=UTC)
