"""What is typed for a backtest becomes a plan; whatever cannot be read is refused by the name of its option."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.market import SESSIONS
from backtest.columns import can_run
from backtest.cycles.terms import gate_rules_of
from backtest.data.warm_up import LOOKED_BACK, warm_up_of
from console.backtest_wish import MOST_WARM_UP, Wish, wished
from settings import BreakerSettings, MarketSettings, PaperSettings, Settings, StyleSettings, TradingSettings
from trading.backtest_plan import Engine, FillAt, Plan, SizedBy, Sizing
from trading.breaker_rules import BreakerRules
from trading.errors import BadConfiguration
from trading.orders import OrderKind, Style
from wiring.rules import gate_rules

SETTINGS = Settings(
    market=MarketSettings(_env_file=None, data_dir=Path("bars")),
    trading=TradingSettings(_env_file=None, opening_cash=Decimal(5000), max_positions=3),
    breaker=BreakerSettings(_env_file=None, max_losing_trades=3),
    paper=PaperSettings(_env_file=None, slippage_bps=Decimal(7)),
)
DAYS = (date(2016, 1, 4), date(2016, 12, 30))


def wish(**typed: Any) -> Wish:
    return wished({"strategy": "sma_cross", **typed}, SETTINGS)


def plan(**typed: Any) -> Plan:
    return wish(**typed).plan(("KO",), DAYS, None)


def test_what_is_not_said_is_as_the_desk_has_it() -> None:
    made = plan()
    costs, frictions = made.frictions.costs, made.frictions
    assert [str(one) for one in (made.cash, costs.slippage_bps, frictions.spread_bps)] == ["5000", "7", "0"]
    assert made.limits is not None
    assert made.limits.max_positions == 3
    assert made.style == Style()
    assert (made.fill, made.sizing, made.seed, made.frictions.volume_share) == (FillAt.NEXT_OPEN, None, 0, None)
    asked = wish()
    assert (asked.data, asked.engine, asked.wanted.symbols, asked.benchmark) == (Path("bars"), None, None, "SPY")
    assert not asked.needs_benchmark


def test_entries_go_out_as_the_desk_sends_them() -> None:
    own = StyleSettings(_env_file=None, kind="limit", limit_offset=Decimal("0.002"), reprice_seconds=0)
    settings = SETTINGS.model_copy(update={"style": own})
    made = wished({"strategy": "sma_cross"}, settings).plan(("KO",), DAYS, None)
    assert made.style == Style(kind=OrderKind.LIMIT, offset=Decimal("0.002"), reprice_seconds=0)
    assert gate_rules_of(made).style == gate_rules(settings).style
    assert can_run(made) == "entries at a limit (ORDER_KIND) are followed by the cycles engine alone"


def test_what_is_said_is_what_is_run() -> None:
    made = plan(
        parameters=["fast=10", "name=abc", "list=[1, 2]"],
        cash="1_000_000",
        commission_bps="5",
        commission_per_share="0.005",
        commission_per_order="1.25",
        slippage_bps="0",
        spread_bps="2.5",
        volume_share="10%",
        borrow_rate="3%",
        cash_rate="0.02",
        fill="close",
        sizing="equity:15%",
        limits="off",
        seed="7",
    )
    assert made.parameters == {"fast": 10, "name": "abc", "list": [1, 2]}
    costs, frictions = made.frictions.costs, made.frictions
    commissions = (costs.commission_bps, costs.commission_per_share, costs.commission_per_order)
    assert [str(one) for one in commissions] == ["5", "0.005", "1.25"]
    rest = (
        costs.slippage_bps,
        frictions.spread_bps,
        frictions.volume_share,
        frictions.borrow_rate,
        frictions.cash_rate,
    )
    assert [str(one) for one in rest] == ["0", "2.5", "0.1", "0.03", "0.02"]
    assert (made.fill, made.limits, made.seed) == (FillAt.CLOSE, None, 7)
    assert made.cash == Decimal(1_000_000)
    assert made.sizing == Sizing(by=SizedBy.EQUITY, amount=Decimal("0.15"))


def test_symbols_days_and_source_are_asked_of_the_data(tmp_path: Path) -> None:
    universe = tmp_path / "mine.txt"
    universe.write_text("\n".join(f"A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(150)))
    assert len(wish(universe=str(universe)).wanted.symbols or ()) == 150
    asked = wish(symbols="ko, aapl,KO", from_on="2016-02-01", to_on="2016-03-01", benchmark="qqq", data="x.csv")
    assert asked.wanted.symbols == ("KO", "AAPL")
    assert (asked.wanted.from_on, asked.wanted.to_on) == (date(2016, 2, 1), date(2016, 3, 1))
    assert (asked.wanted.beside, asked.needs_benchmark, asked.data) == (("QQQ",), True, Path("x.csv"))
    assert wish(symbols="ALL").wanted.symbols is None
    assert wish(benchmark="none").wanted.beside == ()
    assert (wish(provider="yahoo").provider, wish(provider="yahoo").data) == ("yfinance", None)
    assert wish(provider="file").data == Path("bars")


def test_a_run_is_warmed_up_as_its_engine_needs_it() -> None:
    assert LOOKED_BACK == SESSIONS, "what a live desk looks back on"
    assert warm_up_of("sma_cross", Engine.COLUMNS) == warm_up_of("sma-cross", Engine.COLUMNS) == 0
    assert warm_up_of("sma_cross", Engine.CYCLES) == warm_up_of("breakout", Engine.COLUMNS) == LOOKED_BACK
    assert [wish(warm_up=said).warm_up for said in (None, "0", "30", "all")] == [None, 0, 30, MOST_WARM_UP]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"strategy": " "}, "--strategy: nothing is named"),
        ({"parameters": ["fast"]}, "--set: fast is not NAME=VALUE"),
        ({"parameters": ["=1"]}, "--set: =1 is not NAME=VALUE"),
        ({"parameters": ["a=1", "a=2"]}, "--set: a is named twice"),
        ({"parameters": ["a=NaN"]}, "--set: a=NaN is no number"),
        ({"symbols": "A B"}, "--symbols: not a ticker: 'A B'"),
        ({"symbols": " , "}, "--symbols: none are named"),
        ({"symbols": "KO", "universe": "x"}, "--symbols and --universe both name symbols"),
        ({"data": "x", "provider": "yahoo"}, "--data and --provider are both where bars come from"),
        ({"provider": "bloomberg"}, "--provider: there is no bloomberg"),
        ({"from_on": "yesterday"}, "--from: yesterday is no date"),
        ({"to_on": "2017-02-30"}, "--to: 2017-02-30 is no date"),
        ({"warm_up": "-1"}, "--warm-up: -1 is no number of sessions"),
        ({"warm_up": "1.5"}, "--warm-up: 1.5 is no number of sessions"),
        ({"benchmark": "a b"}, "--benchmark: not a ticker"),
        ({"cash": "ten"}, "--cash: ten is no number"),
        ({"cash": "Infinity"}, "--cash: Infinity is no number"),
        ({"commission_bps": "-1"}, "--commission-bps: Input should be greater than or equal to 0"),
        ({"commission_per_order": "0.001"}, "--commission-per-order: Decimal input should have no more than 2"),
        ({"spread_bps": "-1"}, "--spread-bps: Input should be greater"),
        ({"volume_share": "15"}, "--volume-share: 15 is no part of one"),
        ({"volume_share": "0%"}, "--volume-share: of nothing of a bar nothing is filled"),
        ({"borrow_rate": "x"}, "--borrow-rate: x is no number"),
        ({"fill": "open"}, "--fill: open is none of next_open, close"),
        ({"sizing": "1000"}, "--sizing: 1000 is no size of an entry"),
        ({"sizing": "fixed:0"}, "--sizing: fixed:0 buys nothing"),
        ({"sizing": "fixed:1.5"}, "--sizing: fixed:1.5 is no whole number of shares"),
        ({"strategy": "agents", "sizing": "fixed:7"}, "--sizing: of rules, and the agents say"),
        ({"sizing": "equity:15"}, "--sizing: 15 is no part of one"),
        ({"limits": "maybe"}, "--limits: on or off, not maybe"),
        ({"engine": "fast"}, "--engine: fast is none of auto, cycles, columns"),
        ({"seed": "x"}, "--seed: x is no number"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_option(typed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        wish(**typed)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"cash": "0"}, "--cash: Input should be greater than 0"),
        ({"seed": "1.5"}, "--seed: Input should be a valid integer"),
        ({"seed": "-1"}, "--seed: Input should be greater than or equal to 0"),
    ],
)
def test_what_no_plan_can_be_is_refused_by_its_option(typed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadConfiguration, match=sentence):
        plan(**typed)


@pytest.mark.parametrize(
    ("typed", "in_cycles", "in_columns"),
    [
        ({}, True, False),
        ({"limits": "off"}, False, False),
        ({"breaker": "off"}, False, False),
        ({"breaker": "on"}, True, True),
        ({"limits": "off", "breaker": "on"}, True, True),
    ],
)
def test_whole_cycles_have_the_desks_circuit_breaker_unless_somebody_said_no(
    typed: dict[str, str], *, in_cycles: bool, in_columns: bool
) -> None:
    asked, own = wish(**typed), BreakerRules(max_losing_trades=3)
    made = plan(**typed)
    for engine, has in ((Engine.CYCLES, in_cycles), (Engine.COLUMNS, in_columns)):
        assert asked.plan_in(engine, made).breaker == (own if has else None)
    assert (can_run(made) is None) is not in_columns, "columns are not taken where they would leave it out"
