"""Each rule on prices made by hand, and on the sample's last session against sums of their own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from activities.market import look_back
from adapters.file_market import FileMarket
from tests.rig import CALENDAR
from tests.trading.rules.views import EQUITY, bars, drift, level, view
from trading import rules
from trading.agents.facts import Books
from trading.indicators import rsi
from trading.rules import RULES
from trading.rules.breakout import Breakout
from trading.rules.buy_and_hold import BuyAndHold
from trading.rules.momentum_ranking import MomentumRanking
from trading.rules.rsi_reversion import RsiReversion
from trading.rules.sma_crossover import SmaCrossover
from trading.rules.view import View
from trading.rules.volatility_target import VolatilityTarget
from trading.signals import Action, Signal
from trading.snapshots import last_completed

RISING, FALLING, STILL = drift(50, 100), drift(100, 50), level(100)


def said(signals: Iterable[Signal]) -> Mapping[str, str]:
    """Symbol → action."""
    found = {one.symbol: one.action.value for one in signals}
    assert len(found) == len(list(signals))
    return found


def weights(signals: Iterable[Signal]) -> Mapping[str, float]:
    return {one.symbol: float(one.weight or 0) for one in signals if one.action is Action.BUY}


def test_what_trends_up_is_bought_and_what_is_held_is_sold_when_it_trends_down() -> None:
    seen = view({"UP": RISING, "DOWN": FALLING, "HELD": FALLING, "KEPT": RISING}, held={"HELD": 0.1, "KEPT": 0.1})
    found = SmaCrossover().signals(seen)
    assert said(found) == {"HELD": "sell", "UP": "buy"}
    assert weights(found) == {"UP": 0.1}
    assert found[0].weight is None, "a sale without a size is of all that is held"


def test_within_the_band_nothing_is_bought_and_nothing_sold() -> None:
    seen = view({"UP": drift(99, 100), "HELD": drift(100, 99)}, held={"HELD": 0.1})
    assert said(SmaCrossover().signals(seen)) == {"HELD": "sell", "UP": "buy"}
    assert SmaCrossover(band=0.02).signals(seen) == []


def test_a_history_that_is_too_short_for_the_averages_is_left_alone() -> None:
    seen = view({"YOUNG": drift(50, 100, 199), "HELD": drift(100, 50, 199)}, held={"HELD": 0.1})
    assert SmaCrossover().signals(seen) == []
    assert said(SmaCrossover(slow=199).signals(seen)) == {"YOUNG": "buy", "HELD": "sell"}


def test_no_more_is_bought_than_there_are_parts_free_the_widest_gap_first_and_surest() -> None:
    closes = {"A": drift(90, 100), "B": drift(50, 100), "C": drift(70, 100), "HELD": RISING, "COMING": RISING}
    seen = view(closes, held={"HELD": 0.25}, buying=["COMING"])
    found = SmaCrossover(parts=4).signals(seen)
    assert [one.symbol for one in found] == ["B", "C"]
    assert weights(found) == {"B": 0.25, "C": 0.25}
    assert found[0].confidence > found[1].confidence


def test_a_part_that_a_sale_frees_is_spent_in_the_same_look() -> None:
    seen = view({"UP": RISING, "HELD": FALLING}, held={"HELD": 1.0})
    assert said(SmaCrossover(parts=1).signals(seen)) == {"HELD": "sell", "UP": "buy"}


def test_the_winners_of_the_year_before_the_last_month_are_held() -> None:
    jumped = [*level(100, 245), *drift(100, 300, 15)]
    closes = {"BEST": drift(50, 100), "GOOD": drift(80, 100), "FLAT": STILL, "WORST": FALLING, "JUMPED": jumped}
    seen = view(closes, held={"WORST": 0.5})
    found = MomentumRanking(top=2).signals(seen)
    assert said(found) == {"WORST": "sell", "BEST": "buy", "GOOD": "buy"}
    assert weights(found) == {"BEST": 0.5, "GOOD": 0.5}
    assert "JUMPED" in said(MomentumRanking(top=2, skip=0).signals(seen))


def test_momentum_goes_as_far_back_as_the_shortest_history() -> None:
    closes = {"OLD": [*drift(200, 50, 130), *drift(50, 100, 130)], "YOUNG": drift(90, 100, 140), "FLAT": STILL}
    found = MomentumRanking(top=1).signals(view(closes))
    assert said(found) == {"OLD": "buy"}
    assert "over 139 sessions" in found[0].reasoning
    assert said(MomentumRanking(top=1).signals(view(closes | {"YOUNG": drift(90, 100, 120)}))) == {"FLAT": "buy"}


def test_a_look_at_one_symbol_that_moved_is_no_ranking() -> None:
    assert MomentumRanking(top=2).signals(view({"MOVED": RISING, "HELD": FALLING}, held={"HELD": 0.5})) == []


def test_what_fell_too_fast_is_bought_the_lowest_first_and_sold_once_it_has_recovered() -> None:
    wave = [100 + (i % 2) for i in range(250)]
    closes = {
        "DROP": [*wave, *drift(100, 80, 10)],
        "DIP": [*wave, *drift(100, 90, 10)],
        "HELD": [*wave, *drift(100, 120, 10)],
        "STILL": STILL,
    }
    found = RsiReversion(parts=5).signals(view(closes, held={"HELD": 0.2}))
    assert [one.symbol for one in found] == ["HELD", "DROP", "DIP"]
    assert said(found) == {"HELD": "sell", "DROP": "buy", "DIP": "buy"}


def test_a_close_beyond_the_channel_is_bought_with_a_stop_and_one_below_the_shorter_is_sold() -> None:
    wave = [100 + 2 * (i % 2) for i in range(259)]
    closes = {"OUT": [*wave, 103.0], "EQUAL": [*wave, 102.0], "HELD": [*wave, 99.0], "KEPT": [*wave, 100.0]}
    seen = view(closes, held={"HELD": 0.1, "KEPT": 0.1})
    found = Breakout().signals(seen)
    assert said(found) == {"HELD": "sell", "OUT": "buy"}
    stop = found[1].stop
    assert stop is not None
    assert float(stop) == pytest.approx(103 - 2 * seen.symbols["OUT"].indicators.atr_14, abs=0.01)
    assert Breakout(stop_ranges=0).signals(seen)[1].stop is None


def test_the_more_a_symbol_moves_the_less_of_it_is_held() -> None:
    calm = [100 * (1.001 if i % 2 else 1.0) for i in range(260)]
    wild = [100 * (1.03 if i % 2 else 1.0) for i in range(260)]
    closes = {"CALM": calm, "WILD": wild, "FULL": wild, "RIGHT": calm, "ELSE": calm}
    seen = view(closes, held={"FULL": 0.2, "RIGHT": 0.19, "ELSE": 0.01}, watched=["CALM", "WILD", "FULL", "RIGHT"])
    found = VolatilityTarget(parts=5).signals(seen)
    assert said(found) == {"FULL": "sell", "CALM": "buy", "WILD": "buy"}
    assert weights(found)["CALM"] == 0.2
    risk = float(np.std(np.diff(np.log(wild[-21:])), ddof=1) * np.sqrt(252))
    assert weights(found)["WILD"] == pytest.approx(0.15 / risk / 5, abs=1e-6)
    assert float(found[0].weight or 0) == pytest.approx(0.2 - 0.15 / risk / 5, abs=1e-6)


def test_what_is_held_short_is_no_reason_to_buy_more_than_a_part() -> None:
    calm = [100 * (1.001 if i % 2 else 1.0) for i in range(260)]
    seen = view({"A": calm, "B": calm, "C": calm}, held={"A": -0.3, "B": -0.3, "C": -0.3})
    assert weights(VolatilityTarget(parts=3).signals(seen)) == dict.fromkeys("ABC", 0.33333333)


def test_everything_is_bought_once_and_kept() -> None:
    seen = view({"A": RISING, "B": FALLING, "C": STILL}, held={"A": 0.05})
    assert weights(BuyAndHold(parts=2).signals(seen)) == {"B": 0.5}
    assert BuyAndHold(parts=1).signals(seen) == []


def test_a_view_of_nothing_gives_nothing() -> None:
    for kind in RULES.values():
        assert list(kind().signals(view({}))) == []


async def test_each_rule_says_of_the_sample_what_its_definition_does(sample_data: Path) -> None:
    at = datetime(2017, 11, 10, 21, tzinfo=UTC)
    market = FileMarket(sample_data, CALENDAR)
    symbols = sorted((await market.catalogue()).files)
    snapshot = await look_back(market, CALENDAR, symbols, at, max_age=timedelta(days=5))
    seen = View.of(snapshot, symbols, Books(equity=EQUITY, cash=EQUITY, positions=(), open_orders=()))
    history = await market.bars(symbols, at, 300)
    close = {symbol: history[symbol].close for symbol in symbols}

    def bought(source: str, **parameters: Any) -> set[str]:
        return set(weights(list(RULES[source](**parameters).signals(seen))))

    assert bought("sma-crossover", parts=20) == {s for s in symbols if close[s][-50:].mean() > close[s][-200:].mean()}
    year = {s: close[s][-22] / close[s][-253] for s in symbols}
    assert bought("momentum-ranking") == set(sorted(symbols, key=lambda s: -year[s])[:5])
    # Wilder's average forgets where it began: 260 bars say of the sample what 300 do.
    assert bought("rsi-reversion") == {s for s in symbols if rsi(close[s], 14)[-1] < 30} == {"MRK"}
    assert bought("breakout") == {s for s in symbols if close[s][-1] > history[s].high[-21:-1].max()} == {"WMT"}
    assert bought("buy-and-hold") == set(symbols[:10])
    assert bought("volatility-target", parts=20) == set(symbols)


async def test_nothing_after_the_moment_of_the_view_is_in_it(sample_data: Path) -> None:
    market = FileMarket(sample_data, CALENDAR)
    for at in (datetime(2017, 11, 8, 20, 59, tzinfo=UTC), datetime(2017, 11, 8, 21, tzinfo=UTC)):
        snapshot = await look_back(market, CALENDAR, ["AAPL", "KO"], at, max_age=timedelta(days=5))
        seen = View.of(snapshot, ["AAPL"], Books(equity=1, cash=1, positions=(), open_orders=()))
        assert list(seen.symbols) == ["AAPL"]
        assert seen.symbols["AAPL"].bars.last_session_on == last_completed(CALENDAR, at).session_on
        assert seen.symbols["AAPL"].quote.quoted_at <= at


async def test_what_comes_later_changes_nothing_that_a_rule_says(sample_data: Path, tmp_path: Path) -> None:
    day, at = date(2017, 9, 1), datetime(2017, 9, 1, 20, tzinfo=UTC)
    table = pq.read_table(sample_data / "sample_daily.parquet")
    later = pc.greater(table["date"], pa.scalar(day))
    for name in ("open", "high", "low", "close"):
        column = table.column_names.index(name)
        wild = pc.if_else(later, pc.multiply(table[name], 1.4), table[name])
        table = table.set_column(column, name, wild)
    pq.write_table(table, tmp_path / "altered.parquet")

    async def answers(folder: Path, at: datetime) -> list[list[Signal]]:
        market = FileMarket(folder, CALENDAR)
        symbols = sorted((await market.catalogue()).files)
        snapshot = await look_back(market, CALENDAR, symbols, at, max_age=timedelta(days=5))
        seen = View.of(snapshot, symbols, Books(equity=EQUITY, cash=EQUITY, positions=(), open_orders=()))
        return [list(kind().signals(seen)) for kind in RULES.values()]

    assert await answers(tmp_path, at) == await answers(sample_data, at)
    a_week_later = at + timedelta(days=7)
    assert await answers(tmp_path, a_week_later) != await answers(sample_data, a_week_later)


def test_nothing_in_a_view_can_be_changed() -> None:
    seen = view({"UP": RISING}, held={"UP": 0.1})
    with pytest.raises(ValueError, match="read-only"):
        seen.symbols["UP"].bars.close[0] = 1.0
    with pytest.raises(TypeError, match="item assignment"):
        seen.symbols["X"] = seen.symbols["UP"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        seen.cash = 0.0  # type: ignore[misc]


def test_bars_come_back_from_a_snapshot_as_they_were() -> None:
    closes = (np.random.default_rng(1).lognormal(0, 0.02, 300).cumprod() * 100).tolist()
    seen = view({"A": closes}).symbols["A"].bars
    assert seen.close.tolist() == closes[-260:]
    assert (seen.session_on == bars(closes).session_on[-260:]).all()


def test_each_rule_is_short_enough_to_be_read_at_once() -> None:
    folder = Path(rules.__file__).parent
    nodes = [n for path in folder.glob("*.py") for n in ast.parse(path.read_text()).body if isinstance(n, ast.ClassDef)]
    lengths = {n.name: (n.end_lineno or 0) - n.lineno + 1 for n in nodes}
    assert {kind.__name__ for kind in RULES.values()} <= lengths.keys()
    assert {name for name, length in lengths.items() if length > 40 and name != "View"} == set()
