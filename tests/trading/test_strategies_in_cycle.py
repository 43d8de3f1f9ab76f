"""A cycle is of one strategy: it sees, sizes and closes its own part, and goes as far as it may."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.steps import FakeSteps, ordered
from tests.making import after, cycle, portfolio, position, signal
from tests.trading.telling import holding, row, steps_of
from trading.cycle import run_cycle
from trading.docket import CycleOutcome
from trading.footing import Footing
from trading.instruments import Side
from trading.limits import OwnLimits
from trading.portfolio import Portfolio
from trading.steps import Cycle, RuleAsked, SignalAsked, SnapshotAsked
from trading.strategy import Rung, Strategy

OUTSIDE = {"inquire", "intend", "execute"}


def strategy(**more: Any) -> Strategy:
    """A rule with a tenth of the desk, on paper."""
    plain = {"strategy_id": "momentum", "source": "momentum", "allocation": "0.1", "rung": Rung.PAPER}
    return Strategy.model_validate(plain | more)


def of(number: int, *symbols: str) -> Cycle:
    """A cycle of that strategy."""
    asked = cycle(*symbols, number=number)
    return asked.model_copy(update={"request": asked.request.model_copy(update={"strategy_id": "momentum"})})


def led_by(steps: FakeSteps, by: Strategy, part: Portfolio | None) -> FakeSteps:
    """These steps for a strategy with this part of the desk."""
    steps.strategy, steps.own = by, part
    steps.desk.footing = Footing(strategy_id=by.strategy_id, strategy=by, part=part)
    return steps


def asked_about(steps: FakeSteps) -> list[str]:
    return [one.symbol for one in steps.asked("ask_data") if isinstance(one, SignalAsked)]


async def test_it_is_asked_about_its_own_and_all_that_is_held_is_marked() -> None:
    steps = led_by(await holding(XOM="10", KO="20"), strategy(source="agents"), portfolio("9000", position("KO", "20")))
    await run_cycle(steps, of(2, "AAPL"))
    (looked,) = steps.asked("snapshot")
    assert isinstance(looked, SnapshotAsked)
    assert looked.symbols == ("AAPL", "KO", "XOM")
    assert asked_about(steps) == ["AAPL", "KO"]


async def test_a_rule_is_told_of_its_own_symbols_and_books() -> None:
    steps = led_by(await holding(XOM="10", KO="20"), strategy(), portfolio("9000", position("KO", "20", "20")))
    await run_cycle(steps, of(2, "AAPL"))
    (asked,) = steps.asked("apply_rule")
    assert isinstance(asked, RuleAsked)
    assert asked.symbols == ("AAPL", "KO")
    assert [one.symbol for one in asked.books.positions] == ["KO"]
    assert asked.books.equity == 9400


async def test_a_weight_is_of_its_own_equity_and_cut_to_its_own_cash() -> None:
    steps = led_by(FakeSteps(), strategy(), portfolio("10000"))
    steps.signals = {"XOM": signal("XOM", weight="0.5"), "KO": signal("KO", weight="0.9", confidence=0.5)}
    report = await run_cycle(steps, of(1, "XOM", "KO"))
    # 5,000 dollars of XOM at 40; of what 9,000 would buy of KO at 20 as much as the rest pays, a collar above.
    assert ordered(steps) == [(Side.BUY, "KO", Decimal(226)), (Side.BUY, "XOM", Decimal(125))]
    assert row(report, "KO").note == "strategy momentum: buy 450 KO: cash has room for 226.19047619"


async def test_its_own_limits_size_its_orders_and_together_they_stay_within() -> None:
    limits = OwnLimits(max_position=Decimal("0.4"), max_sector=Decimal("0.5"))
    steps = led_by(FakeSteps(), strategy(limits=limits), portfolio("10000"))
    steps.signals = {s: signal(s, quantity="500") for s in ("AAPL", "MSFT")}
    await run_cycle(steps, of(1, "AAPL", "MSFT"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(40)), (Side.BUY, "MSFT", Decimal(20))]


async def test_it_sells_what_it_holds_and_not_what_another_does() -> None:
    part = portfolio("9000", position("XOM", "4", "40", "Energy"))
    steps = led_by(await holding(XOM="10", KO="20"), strategy(), part)
    steps.signals = {s: signal(s, "sell", quantity="50") for s in ("XOM", "KO")}
    report = await run_cycle(steps, of(2, "XOM", "KO"))
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(4))]
    assert row(report, "KO").note.endswith("strategy momentum: sell 50 KO: holding has room for 0")


async def test_a_sale_without_a_size_is_all_that_it_holds() -> None:
    part = portfolio("9000", position("XOM", "4", "40", "Energy"))
    steps = led_by(await holding(XOM="10"), strategy(), part)
    steps.signals = {"XOM": signal("XOM", "sell", weight="0")}
    await run_cycle(steps, of(2, "XOM"))
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(4))]


async def test_what_only_another_is_short_of_is_not_bought_back() -> None:
    shorted = FakeSteps()
    shorted.limits = shorted.limits.model_copy(update={"allow_short": True})
    shorted.signals = {"KO": signal("KO", "sell", quantity="50")}
    await run_cycle(shorted, cycle("KO"))
    assert shorted.desk.portfolio().held("KO") == -50
    steps = led_by(FakeSteps(shorted.desk), strategy(), portfolio("10000"))
    steps.signals = {"KO": signal("KO", quantity="10")}
    report = await run_cycle(steps, of(2, "KO"))
    assert report.outcome is CycleOutcome.NONE_ALLOWED
    assert row(report, "KO").note == "strategy momentum: buy 10 KO: other strategies are short 50"


async def test_a_disabled_strategy_looks_only_at_what_it_holds_and_sells_it() -> None:
    part = portfolio("9000", position("XOM", "10", "40", "Energy"))
    steps = led_by(await holding(XOM="10", KO="20"), strategy(source="agents", enabled=False), part)
    steps.signals = {"XOM": signal("XOM", "sell", quantity="10")}
    await run_cycle(steps, of(2, "AAPL", "MSFT"))
    assert asked_about(steps) == ["XOM"]
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(10))]


async def test_a_disabled_strategy_adds_to_nothing() -> None:
    part = portfolio("9000", position("XOM", "10", "40", "Energy"))
    steps = led_by(await holding(XOM="10"), strategy(enabled=False), part)
    steps.signals = {"XOM": signal("XOM", quantity="10")}
    report = await run_cycle(steps, of(2, "XOM"))
    assert report.outcome is CycleOutcome.NONE_ALLOWED
    assert "REDUCING" in row(report, "XOM").note


MAY_NOT = [(Rung.SHADOW, False), (Rung.SHADOW, True), (Rung.PAPER, True)]


@pytest.mark.parametrize(("rung", "real_money"), MAY_NOT)
async def test_a_strategy_that_may_not_trade_here_sends_nothing_and_is_scored(rung: Rung, *, real_money: bool) -> None:
    steps = led_by(FakeSteps(), strategy(rung=rung), portfolio("10000"))
    steps.real_money, steps.desk.only_thinks = real_money, True
    steps.signals = {"KO": signal("KO", quantity="100", stop="18", target="22")}
    report = await run_cycle(steps, of(1, "KO"))
    assert (report.outcome, report.shadow) == (CycleOutcome.SHADOWED, True)
    assert OUTSIDE.isdisjoint(steps_of(steps))
    (thought,) = steps.desk.thought()
    assert (thought.strategy_id, thought.quantity) == ("momentum", 100)
    steps.prices["KO"] = ("23", "Staples")
    steps.signals, steps.as_of = {}, after(0) + timedelta(days=1)
    await run_cycle(steps, of(2, "KO"))
    (scored,) = steps.desk.shadows.values()
    assert (scored.pnl, scored.is_open) == (Decimal(300), False)
    assert (steps.desk.orders, OUTSIDE.isdisjoint(steps_of(steps))) == ({}, True)


async def test_it_knows_what_it_thought_and_may_end_it() -> None:
    steps = led_by(FakeSteps(), strategy(rung=Rung.SHADOW), portfolio("10000"))
    steps.desk.only_thinks = True
    steps.signals = {"KO": signal("KO", quantity="100")}
    await run_cycle(steps, of(1, "KO"))
    steps.signals = {"KO": signal("KO", "sell", weight="0")}
    await run_cycle(steps, of(2, "AAPL"))
    asked = steps.asked("apply_rule")[-1]
    assert isinstance(asked, RuleAsked)
    assert asked.symbols == ("AAPL", "KO")
    assert [(one.symbol, one.shares) for one in asked.books.positions] == [("KO", 100)]
    assert steps.desk.thought() == ()


async def test_one_that_only_thinks_is_sized_as_if_it_were_alone() -> None:
    """Another strategy has spent the desk's cash: what this one is worth must not hang on that."""
    bought = await holding(XOM="300", KO="900", AAPL="150", MSFT="200")
    steps = led_by(bought, strategy(rung=Rung.SHADOW), portfolio("10000"))
    steps.limits = steps.limits.model_copy(update={"max_positions": 4})
    steps.prices["IBM"] = ("50", "Technology")
    steps.signals = {"IBM": signal("IBM", quantity="500")}
    report = await run_cycle(steps, of(2, "IBM"))
    assert row(report, "IBM").allowed == Decimal(190)


async def test_demoted_with_shares_it_sells_them_for_real_and_opens_nothing() -> None:
    part = portfolio("9000", position("XOM", "10", "40", "Energy"))
    steps = led_by(await holding(XOM="10"), strategy(rung=Rung.PAPER), part)
    steps.real_money = True
    steps.signals = {"XOM": signal("XOM", "sell", quantity="10")}
    report = await run_cycle(steps, of(2, "KO"))
    assert (report.outcome, report.shadow) == (CycleOutcome.TRADED, False)
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(10))]


async def test_a_rung_that_falls_between_gate_and_intent_is_seen_by_the_intent() -> None:
    steps = led_by(FakeSteps(), strategy(), portfolio("10000"))
    demoted = strategy(rung=Rung.SHADOW)
    steps.desk.footing = Footing(strategy_id="momentum", strategy=demoted, part=portfolio("10000"))
    steps.signals = {"KO": signal("KO", quantity="100")}
    report = await run_cycle(steps, of(1, "KO"))
    assert row(report, "KO").note == "strategy momentum: it only thinks in this account: promote it first"
    assert ordered(steps) == []
