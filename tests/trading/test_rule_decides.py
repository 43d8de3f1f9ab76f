"""A cycle that a rule decides: what it writes, what it asks for, and what the audit makes of it."""

from __future__ import annotations

from decimal import Decimal

from tests.fakes.steps import FakeSteps, ordered
from tests.making import AT, cycle, portfolio, position, signal
from tests.trading.planting import without
from tests.trading.telling import data_of, holding, row, steps_of
from trading.audit import audit
from trading.cycle import run_cycle
from trading.cycle_events import signal_by_rule
from trading.events import EventType as E
from trading.footing import Footing
from trading.instruments import Side
from trading.steps import Cycle, SnapshotAsked
from trading.strategy import Rung, Strategy
from workflows.tables import step_summary

RULE = Strategy(strategy_id="trend", source="sma-crossover", allocation=Decimal("0.5"), rung=Rung.PAPER)


def of(*symbols: str, number: int = 1) -> Cycle:
    asked = cycle(*symbols, number=number)
    return asked.model_copy(update={"request": asked.request.model_copy(update={"strategy_id": "trend"})})


def led(steps: FakeSteps, by: Strategy = RULE) -> FakeSteps:
    """These steps for a rule with half of the desk."""
    steps.strategy, steps.own = by, portfolio("50000")
    steps.desk.footing = Footing(strategy_id=by.strategy_id, strategy=by, part=steps.own)
    return steps


async def test_a_rule_writes_its_signals_what_limits_left_of_them_and_what_it_decides() -> None:
    steps = led(FakeSteps())
    steps.signals = {"AAPL": signal("AAPL", quantity="1000"), "XOM": signal("XOM"), "KO": signal("KO", "hold")}
    report = await run_cycle(steps, of("AAPL", "XOM", "KO"))
    assert steps.recorded == [
        [E.CYCLE_STARTED],
        [E.SNAPSHOT_TAKEN],
        [E.SIGNAL_GENERATED, E.SIGNAL_GENERATED, E.SIGNAL_GENERATED],
        [E.CONSTRAINT_APPLIED],
        [E.RULE_DECISION, E.RULE_DECISION],
        [E.CYCLE_COMPLETED],
    ]
    decided = data_of(steps, E.RULE_DECISION, "AAPL")
    assert (decided["rule"], decided["verdict"], decided["rationale"]) == ("a-rule-1", "EXECUTE", "it trends")
    assert Decimal(str(decided["quantity"])) == row(report, "AAPL").decided == row(report, "AAPL").allowed
    assert row(report, "XOM").decided == Decimal(10)
    assert report.findings == ()
    assert not {"ask_data", "ask_risk", "ask_validator", "ask_meta"} & set(steps_of(steps))


async def test_an_order_of_a_rule_that_nobody_decided_is_found() -> None:
    steps = led(FakeSteps())
    steps.signals = {"XOM": signal("XOM")}
    await run_cycle(steps, of("XOM"))
    assert ordered(steps) == [(Side.BUY, "XOM", Decimal(10))]
    found = audit(without(steps.desk.books(), E.RULE_DECISION), steps.desk.broker())
    assert {one.invariant for one in found} == {"I1", "I13"}


async def test_the_snapshot_of_a_rule_keeps_bars_and_that_of_the_agents_does_not() -> None:
    for by, kept in ((RULE, True), (RULE.model_copy(update={"source": "agents"}), False)):
        steps = led(FakeSteps(), by)
        await run_cycle(steps, of("XOM"))
        (asked,) = steps.asked("snapshot")
        assert isinstance(asked, SnapshotAsked)
        assert asked.history is kept


async def test_a_rule_that_only_reduces_sees_what_it_ranks_and_buys_nothing() -> None:
    disabled = RULE.model_copy(update={"enabled": False})
    steps = led(await holding(KO="10"), disabled)
    steps.own = portfolio("50000", position("KO", "10", "20"))
    steps.desk.footing = Footing(strategy_id="trend", strategy=disabled, part=steps.own)
    steps.signals = {"XOM": signal("XOM"), "KO": signal("KO", "sell")}
    report = await run_cycle(steps, of("XOM", "KO", number=2))
    assert ordered(steps) == [(Side.SELL, "KO", Decimal(10))]
    assert row(report, "XOM").allowed == 0


def test_a_step_of_a_rule_says_so_in_the_web_ui() -> None:
    said = [signal("KO"), signal("XOM", "hold")]
    assert step_summary([signal_by_rule(cycle(), one, "a-rule-1", AT) for one in said]) == "Rule: 1 of 2 to trade"
