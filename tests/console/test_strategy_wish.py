"""What is typed of a strategy: each option one field, `none` unsets it, and what cannot be read is one line."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from console.strategy_wish import Usual, allocations_of, wished
from trading.agents.questions import Agent
from trading.approvals import ApprovalMode, ApprovalTerms
from trading.errors import BadConfiguration
from trading.strategy import Strategy
from trading.strategy_rules import StrategyRules

MOMENTUM = Strategy(strategy_id="momentum", source="momentum", parameters={"days": 60}, allocation=Decimal("0.4"))
AGENTS = Strategy(strategy_id="agents", models={Agent.DATA: "rules"}, scan_times=(time(11),))


def test_what_is_not_typed_stays() -> None:
    assert wished(MOMENTUM, {"source": None, "param": None, "model": []}) == MOMENTUM
    changed = wished(MOMENTUM, {"param": ["days=20", "fast=true"], "max_order_usd": "500.00"})
    assert changed.parameters == {"days": 20, "fast": True}
    assert changed.limits.max_order_usd == 500
    assert changed.allocation == MOMENTUM.allocation


def test_none_unsets() -> None:
    assert wished(MOMENTUM, {"param": ["days=none"]}).parameters == {}
    changed = wished(AGENTS, {"model": ["data=none", "META=big"], "scan_times": "none", "symbols": "none"})
    assert changed.models == {Agent.META: "big"}
    assert (changed.scan_times, changed.universe.symbols) == (None, ())


def test_terms_that_are_not_typed_are_the_desks() -> None:
    usual = Usual(ApprovalTerms(valid_minutes=3, max_drift=Decimal("0.001")), StrategyRules(max_losing_trades=4))
    changed = wished(MOMENTUM, {"approval": "always", "rule": "min_trades=5"}, usual)
    assert changed.approval == usual.approval.model_copy(update={"mode": ApprovalMode.ALWAYS})
    assert changed.rules == usual.rules.model_copy(update={"min_trades": 5})
    own = wished(MOMENTUM, {"approval": "above_notional,valid_minutes=9"}, usual)
    assert own.approval is not None
    assert (own.approval.valid_minutes, own.approval.max_drift) == (9, Decimal("0.001"))
    unset = wished(changed, {"approval": "none", "rule": "none"}, usual)
    assert (unset.approval, unset.rules) == (None, None)


def test_a_debate_and_what_memory_is_for_are_typed_and_unset() -> None:
    changed = wished(AGENTS, {"debate_rounds": "2", "heed_memory": "no"})
    assert (changed.debate_rounds, changed.heeds_memory) == (2, False)
    assert wished(changed, {"heed_memory": "yes"}).heeds_memory is True
    assert wished(changed, {"debate_rounds": "none", "heed_memory": "default"}) == AGENTS


def test_what_belongs_to_a_source_goes_with_it() -> None:
    assert wished(MOMENTUM, {"source": "rsi", "param": ["low=30"]}).parameters == {"low": 30}
    assert wished(AGENTS, {"source": "rsi"}).models == {}
    assert wished(MOMENTUM, {"source": "momentum"}).parameters == {"days": 60}


def test_percentages_and_parts_are_one_and_the_same() -> None:
    assert wished(MOMENTUM, {"allocation": "12.5%"}).allocation == wished(MOMENTUM, {"allocation": "0.125"}).allocation
    assert wished(MOMENTUM, {"rule": "min_trades=5,min_profit_factor=80%"}).rules is not None
    assert allocations_of(["a", "40%"]) == {"a": Decimal("0.4")}
    assert allocations_of(["a=40%", "b=0.6"]) == {"a": Decimal("0.4"), "b": Decimal("0.6")}


def test_a_file_of_symbols_has_lines_and_remarks(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("aapl\nmsft\nKO  # a remark, with words\n\nAAPL\n")
    assert wished(MOMENTUM, {"universe": str(tmp_path / "list.txt")}).universe.symbols == ("AAPL", "MSFT", "KO")


@pytest.mark.parametrize("content", [b"", b"# nothing", b"\xff\xfe\x00", b"A " * 60_000, b"AA/PL"])
def test_a_file_of_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(BadConfiguration):
        wished(MOMENTUM, {"universe": str(tmp_path / "list.txt")})


@pytest.mark.parametrize(
    ("option", "said", "complaint"),
    [
        ("debate_rounds", "4", "--debate-rounds: 4 (one writes a whole number from 0 to 3)"),
        ("debate_rounds", "-1", "--debate-rounds: -1 (one writes a whole number"),
        ("debate_rounds", "1.5", "--debate-rounds: 1.5 (one writes a whole number"),
        ("heed_memory", "maybe", "--heed-memory: maybe (one writes yes, no or default)"),
        ("allocation", "-10%", "not a part of the equity: -10%"),
        ("allocation", "NaN", "not a part of the equity: NaN"),
        ("allocation", "40", "not a part of the equity: 40"),
        ("allocation", "101%", "not a part of the equity: 101%"),
        ("allocation", "0.123456789", "momentum: allocation: "),
        ("symbols", "", "--symbols: none are named"),
        ("symbols", " , ", "--symbols: none are named"),
        ("budget", "", "momentum: budget_usd_per_day: "),
        ("symbols", "AA/PL", "not a ticker: 'AA/PL'"),
        ("universe", "/nowhere.txt", "/nowhere.txt: cannot be read: No such file or directory"),
        ("screen", "most=0", "--screen: most: "),
        ("screen", "most", "--screen: most is not NAME=VALUE"),
        ("screen", "colour=red", "--screen: colour: Extra inputs are not permitted"),
        ("max_positions", "-1", "momentum: limits.max_positions: "),
        ("max_position", "-5%", "momentum: limits.max_position: "),
        ("max_position", "Infinity", "momentum: limits.max_position: "),
        ("max_order_usd", "0.001", "momentum: limits.max_order_usd: "),
        ("param", ["days=NaN"], "--param days: NaN is no number"),
        ("param", ['days={"a": [1e999]}'], "is no number"),
        ("param", ["days"], "--param: days is not NAME=VALUE"),
        ("source", "no spaces", "momentum: source: "),
        ("scan_times", "noon", "--scan-times: not times: noon"),
        ("scan_times", "11:00+02:00", "--scan-times: not times: 11:00+02:00"),
        ("approval", "perhaps", "--approval: mode: Input should be 'auto'"),
        ("approval", "always,above_usd=-1", "--approval: above_usd: "),
        ("rule", "min_trades=0", "--rule: min_trades:"),
        ("model", ["boss=rules"], "--model: there is no agent boss (there are data, risk, validator, meta)"),
    ],
)
def test_what_cannot_be_read_is_one_line(option: str, said: object, complaint: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        wished(MOMENTUM, {option: said})
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("words", [["agents"], ["a=1", "a=2"], ["a=1", "a=0.5"], ["a", "b", "c"], ["a", "40"]])
def test_what_is_no_allocation_is_refused(words: list[str]) -> None:
    with pytest.raises(BadConfiguration):
        allocations_of(words)
