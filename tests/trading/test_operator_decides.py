"""A cycle of a trade that a person proposes: nobody else is asked, and every limit holds for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.fakes.steps import FakeSteps, ordered
from tests.making import AT, cycle, portfolio, position
from tests.trading.planting import without
from tests.trading.telling import data_of, holding, row, steps_of
from trading.approval_events import told
from trading.approvals import ApprovalAsked, ApprovalMode, ApprovalTerms
from trading.audit import audit
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.cycle_events import signal_by_operator
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType as E
from trading.footing import Footing
from trading.instruments import Side
from trading.spoken import lines
from trading.steps import Cycle, RememberAsked, Resolved
from trading.strategy import Rung, Strategy
from trading.wanted import OperatorTrade
from workflows.tables import step_summary

ASKED_OF_AGENTS = {"ask_data", "ask_risk", "ask_validator", "ask_meta", "apply_rule", "recall"}


def wanted(side: str = "buy", symbol: str = "XOM", **more: Any) -> OperatorTrade:
    return OperatorTrade.model_validate({"side": side, "symbol": symbol, "reason": "a hunch", "by": "ann", **more})


def of(trade: OperatorTrade, number: int = 1) -> Cycle:
    asked = cycle(trade.symbol, number=number)
    return asked.model_copy(update={"request": asked.request.model_copy(update={"trade": trade})})


async def run(steps: FakeSteps, trade: OperatorTrade, number: int = 1) -> CycleReport:
    return await run_cycle(steps, of(trade, number))


async def test_it_is_written_limited_decided_and_ordered_and_no_agent_is_asked() -> None:
    steps = FakeSteps()
    report = await run(steps, wanted(shares="1000"))
    assert steps.recorded == [
        [E.CYCLE_STARTED],
        [E.SNAPSHOT_TAKEN],
        [E.SIGNAL_GENERATED],
        [E.CONSTRAINT_APPLIED],
        [E.OPERATOR_DECISION],
        [E.CYCLE_COMPLETED],
    ]
    trade = data_of(steps, E.CYCLE_STARTED)["trade"]
    assert isinstance(trade, dict)
    assert (trade["by"], trade["shares"]) == ("ann", "1000")
    decided, ended = data_of(steps, E.OPERATOR_DECISION, "XOM"), row(report, "XOM")
    assert (decided["operator"], decided["verdict"], decided["rationale"]) == ("ann", "EXECUTE", "a hunch")
    assert (ended.asked, Decimal(str(decided["quantity"]))) == (Decimal(1000), ended.allowed)
    assert ordered(steps) == [(Side.BUY, "XOM", ended.allowed)]
    assert Decimal(0) < (ended.allowed or Decimal(0)) < Decimal(1000)
    assert report.findings == ()
    assert not ASKED_OF_AGENTS & set(steps_of(steps))


async def test_a_sale_without_a_size_is_of_all_that_is_held_and_of_nothing_else() -> None:
    steps = await holding(KO="10", XOM="4")
    report = await run(steps, wanted("sell", "KO"), number=2)
    assert ordered(steps) == [(Side.SELL, "KO", Decimal(10))]
    assert [one.symbol for one in report.rows if one.decided] == ["KO"]


async def test_a_desk_that_may_not_open_sells_and_says_why_it_does_not_buy() -> None:
    steps = await holding(KO="10")
    steps.desk.state = TradingState.REDUCING
    refused = await run(steps, wanted(shares="1"), number=2)
    assert (refused.outcome, ordered(steps)) == (CycleOutcome.NONE_ALLOWED, [])
    assert "REDUCING" in refused.reason
    assert refused.reason == row(refused, "XOM").note
    await run(steps, wanted("sell", "KO", shares="4"), number=3)
    assert ordered(steps) == [(Side.SELL, "KO", Decimal(4))]


async def test_a_strategy_of_agents_that_only_reduces_tells_what_denies_a_purchase() -> None:
    disabled = Strategy(strategy_id="agents", allocation=Decimal(1), rung=Rung.PAPER, enabled=False)
    steps = await holding(KO="10")
    steps.strategy, steps.own = disabled, portfolio("50000", position("KO", "10", "20"))
    steps.desk.footing = Footing(strategy_id="agents", strategy=disabled, part=steps.own)
    report = await run(steps, wanted(shares="1"), number=2)
    assert (report.outcome, ordered(steps)) == (CycleOutcome.NONE_ALLOWED, [])
    assert row(report, "XOM").note


async def test_what_has_no_price_that_can_be_trusted_is_not_traded() -> None:
    steps = FakeSteps()
    steps.dropped = ({"symbol": "XOM", "code": "gaps", "reason": "its bars have holes"},)
    report = await run(steps, wanted(shares="1"))
    assert (report.outcome, ordered(steps)) == (CycleOutcome.NO_SIGNALS, [])
    assert "holes" in row(report, "XOM").note


async def test_an_order_that_no_person_decided_is_found() -> None:
    steps = FakeSteps()
    await run(steps, wanted(shares="10"))
    found = audit(without(steps.desk.books(), E.OPERATOR_DECISION), steps.desk.broker())
    assert {one.invariant for one in found} == {"I1", "I13"}


async def test_its_lines_name_the_person() -> None:
    steps = FakeSteps()
    await run(steps, wanted(shares="10"))
    (line,) = lines(stored.event for stored in steps.desk.books().events)
    assert {(word.who, word.model) for word in line.words} == {("operator", "ann")}
    assert (line.decided, line.action) == (Decimal(10), "buy")
    assert step_summary([signal_by_operator(cycle(), wanted(shares="1"), AT)]) == "Operator: 1 of 1 to trade"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "a buy needs a size"),
        ({"shares": "0"}, "a buy needs a size"),
        ({"shares": "1", "weight": "0.1"}, "not both"),
        ({"side": "sell", "shares": "0"}, "a sale of nothing"),
        ({"shares": "-1"}, "greater than or equal to 0"),
        ({"shares": "1", "stop": "0"}, "greater than 0"),
        ({"shares": "1", "reason": " "}, "pattern"),
        ({"side": "hold", "shares": "1"}, "'buy' or 'sell'"),
    ],
)
def test_what_is_no_trade_is_refused(words: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        wanted(**{"side": "buy", **words})


async def test_in_shadow_it_is_not_thought_of_and_says_so() -> None:
    steps = await holding(KO="10")
    steps.shadow, steps.desk.state = True, TradingState.HALTED
    for number, trade in enumerate((wanted(shares="1"), wanted("sell", "KO")), start=2):
        report = await run(steps, trade, number)
        assert (report.outcome, report.shadow, ordered(steps)) == (CycleOutcome.NONE_ALLOWED, True, [])
        assert report.reason
    assert "think" not in steps_of(steps)


@pytest.mark.parametrize("price", [{"stop": "1"}, {"target": "900"}])
async def test_a_sale_with_a_stop_or_a_target_is_not_done_at_once(price: dict[str, str]) -> None:
    steps = await holding(KO="10")
    report = await run(steps, wanted("sell", "KO", **price), number=2)
    assert (report.outcome, ordered(steps)) == (CycleOutcome.NONE_ALLOWED, [])
    assert report.reason == "what closes is done at once: it has no stop and no target"
    assert audit(steps.desk.books(), steps.desk.broker()) == ()


async def test_it_is_no_setup_to_learn_from_and_no_lesson_is_asked_for() -> None:
    steps = FakeSteps()
    steps.remembers = steps.pending = True
    steps.resolved = Resolved(memory_ids=("main-1/XOM/entry",))
    await run(steps, wanted(shares="1"))
    (kept,) = steps.asked("remember")
    assert isinstance(kept, RememberAsked)
    assert (kept.setups, kept.grounds.cycle.request.trade) == ((), wanted(shares="1"))
    assert "reflect" not in steps_of(steps)


async def test_whoever_is_asked_for_a_yes_is_told_whose_trade_it_is() -> None:
    steps = FakeSteps()
    steps.strategy = steps.strategy.model_copy(update={"approval": ApprovalTerms(mode=ApprovalMode.ALWAYS)})
    await run(steps, wanted(shares="1"))
    (asked,) = steps.asked("approve")
    assert isinstance(asked, ApprovalAsked)
    assert asked.proposed_by == "ann"
    assert "strategy agents, proposed by ann. Silence is no." in told(asked)
