"""The pipeline has one way through, an exit at every step, and never more than code allows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.desk import FakeDesk
from tests.fakes.steps import PRICES, FakeSteps, ordered
from tests.making import asset, cycle, signal, standing
from tests.trading.telling import assess, data_of, decide, holding, row, steps_of
from trading.audit import Finding
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.docket import CycleOutcome
from trading.errors import Final
from trading.events import EventType as E
from trading.instruments import Side
from trading.limits import Limits
from trading.orders import Order
from trading.settlement import Denied, IntentAsked
from trading.signals import Abstention, Validation, Verdict
from trading.steps import InquiryAsked, Skip, SnapshotAsked

ABSTENTION = Abstention(cause="UnreadableAnswer", reason="not JSON")
NOTHING_SENT = {"intend", "execute"}


async def test_a_signal_that_everyone_agrees_to_becomes_an_order() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", stop="90", target="120")}
    report = await run_cycle(steps, cycle("AAPL", "MSFT"))
    assert report.outcome is CycleOutcome.TRADED
    assert report.findings == ()
    assert (report.market, report.synthetic, report.in_session) == ("fake", True, True)
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(10))]
    (intent,) = steps.asked("intend")
    assert isinstance(intent, IntentAsked)
    assert intent.request.client_order_id == "paper/cycle-1-AAPL-buy-entry"
    assert (intent.request.stop, intent.request.target) == (Decimal(90), Decimal(120))
    assert intent.request.scores == {"signal_confidence": 0.7, "risk_score": 0.2, "validation_confidence": 0.8}


async def test_each_step_writes_its_events_in_one_insert() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", quantity="1000"), "XOM": signal("XOM")}
    steps.dropped = ({"symbol": "KO", "code": "stale", "reason": "an hour old"},)
    await run_cycle(steps, cycle("AAPL", "XOM", "KO"))
    assert steps.recorded == [
        [E.CYCLE_STARTED],
        [E.SNAPSHOT_TAKEN, E.SYMBOL_DROPPED],
        [E.SIGNAL_GENERATED, E.SIGNAL_GENERATED],
        [E.CONSTRAINT_APPLIED],
        [E.RISK_ASSESSED, E.RISK_ASSESSED],
        [E.VALIDATION_COMPLETE, E.VALIDATION_COMPLETE],
        [E.META_AGENT_DECISION, E.META_AGENT_DECISION],
        [E.CYCLE_COMPLETED],
    ]


async def test_the_gate_ends_the_cycle_before_any_question() -> None:
    steps = FakeSteps()
    steps.skip = Skip(code="closed", reason="the exchange is closed")
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.SKIPPED, "the exchange is closed")
    assert steps_of(steps) == ["record", "open", "record", "reconcile", "audit"]
    assert steps.recorded == [[E.CYCLE_STARTED], [E.CYCLE_SKIPPED]]
    assert report.findings == ()


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        (CycleOutcome.NO_SIGNALS, "ask_data"),
        (CycleOutcome.NONE_ALLOWED, "ask_data"),
        (CycleOutcome.NONE_APPROVED, "ask_risk"),
        (CycleOutcome.NONE_VALIDATED, "ask_validator"),
        (CycleOutcome.NONE_DECIDED, "ask_meta"),
    ],
)
async def test_each_exit_is_taken_where_nothing_is_left(outcome: CycleOutcome, last: str) -> None:
    steps = FakeSteps()
    steps.signals = {} if outcome is CycleOutcome.NO_SIGNALS else {"AAPL": signal("AAPL")}
    if outcome is CycleOutcome.NONE_ALLOWED:
        steps.signals = {"AAPL": signal("AAPL", "sell")}
    if outcome is CycleOutcome.NONE_APPROVED:
        steps.risk = {"AAPL": assess("AAPL", "0", approved=False)}
    if outcome is CycleOutcome.NONE_VALIDATED:
        steps.validation = {"AAPL": Validation(symbol="AAPL", approved=False, confidence=0.1)}
    if outcome is CycleOutcome.NONE_DECIDED:
        steps.decision = {"AAPL": decide("AAPL", "10", Verdict.DO_NOT_EXECUTE)}
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.findings) == (outcome, ())
    assert [name for name in steps_of(steps) if name.startswith("ask")][-1] == last
    assert NOTHING_SENT.isdisjoint(steps_of(steps))
    assert data_of(steps, E.CYCLE_COMPLETED) == {"outcome": outcome, "reason": "", "strategy_id": "agents"}


STEPS_THAT_FAIL = [
    *("open", "snapshot", "mark", "ask_data", "ask_risk", "ask_validator", "ask_meta"),
    *("inquire", "intend", "execute"),
]


@pytest.mark.parametrize("step", STEPS_THAT_FAIL)
async def test_a_step_that_cannot_be_done_fails_the_cycle_and_nothing_more_is_sent(step: str) -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM")}
    steps.failing = {step}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert (report.outcome, report.reason) == (CycleOutcome.FAILED, f"planned: {step}")
    assert report.findings == ()
    assert len(ordered(steps)) == (1 if step == "execute" else 0)
    assert steps.recorded[-1] == [E.CYCLE_FAILED]
    assert len(steps.asked(step)) == (2 if step in {"ask_data", "ask_validator"} else 1)


async def test_a_cycle_that_cannot_write_its_end_says_so_to_its_driver() -> None:
    steps = FakeSteps()
    steps.failing = {"record"}
    with pytest.raises(Final, match="planned: record"):
        await run_cycle(steps, cycle("AAPL"))
    assert "audit" not in steps_of(steps)


@pytest.mark.parametrize("skipped", [True, False])
async def test_an_audit_that_cannot_be_done_is_a_finding_and_the_cycle_ends_once(*, skipped: bool) -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL")}
    steps.skip = Skip(code="halted", reason="the desk is halted") if skipped else None
    steps.failing = {"audit"}
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.outcome is (CycleOutcome.SKIPPED if skipped else CycleOutcome.TRADED)
    assert report.findings == (Finding(invariant="audit", about="paper/cycle-1", found="not done: planned: audit"),)
    ends = {E.CYCLE_COMPLETED, E.CYCLE_SKIPPED, E.CYCLE_FAILED}
    assert sum(kind in ends for kinds in steps.recorded for kind in kinds) == 1


async def test_findings_of_the_audit_are_in_the_report() -> None:
    steps = FakeSteps()
    steps.findings = (Finding(invariant="I5", about="cash", found="a cent is missing"),)
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.findings == steps.findings


async def test_the_dataagents_abstention_costs_one_symbol_only() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": ABSTENTION.model_copy(update={"symbol": "AAPL"}), "XOM": signal("XOM")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert ordered(steps) == [(Side.BUY, "XOM", Decimal(10))]
    assert row(report, "AAPL").note == "abstained: not JSON"
    assert data_of(steps, E.AGENT_ABSTAINED)["agent"] == "DataAgent"
    assert report.findings == ()


async def test_the_validators_abstention_costs_one_symbol_only() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM")}
    steps.validation = {"AAPL": ABSTENTION.model_copy(update={"symbol": "AAPL"})}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert ordered(steps) == [(Side.BUY, "XOM", Decimal(10))]
    assert (row(report, "AAPL").validated, row(report, "AAPL").note) == (False, "Validator: not JSON")
    assert data_of(steps, E.AGENT_ABSTAINED)["agent"] == "Validator"


@pytest.mark.parametrize(
    ("agent", "outcome"), [("RiskManager", CycleOutcome.NONE_APPROVED), ("MetaAgent", CycleOutcome.NONE_DECIDED)]
)
async def test_an_abstention_of_the_batch_ends_the_cycle_untraded(agent: str, outcome: CycleOutcome) -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM")}
    steps.abstaining = {agent: ABSTENTION}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert (report.outcome, report.findings) == (outcome, ())
    assert NOTHING_SENT.isdisjoint(steps_of(steps))
    assert data_of(steps, E.AGENT_ABSTAINED)["agent"] == agent


async def test_sales_come_before_buys() -> None:
    steps = await holding(MSFT="20", XOM="20")
    steps.signals = {
        "AAPL": signal("AAPL", confidence=0.9),
        "XOM": signal("XOM", "sell", quantity="20"),
        "KO": signal("KO"),
        "MSFT": signal("MSFT", "sell", quantity="5"),
    }
    report = await run_cycle(steps, cycle("AAPL", "XOM", "KO", "MSFT", number=2))
    assert [(side, symbol) for side, symbol, _ in ordered(steps)] == [
        (Side.SELL, "MSFT"),
        (Side.SELL, "XOM"),
        (Side.BUY, "AAPL"),
        (Side.BUY, "KO"),
    ]
    assert report.findings == ()


async def test_what_is_held_is_looked_at_too() -> None:
    steps = await holding(XOM="20")
    steps.signals = {"XOM": signal("XOM", "sell", quantity=None)}
    report = await run_cycle(steps, cycle("AAPL", "AAPL", number=2))
    (looked,) = steps.asked("snapshot")
    assert isinstance(looked, SnapshotAsked)
    assert looked.symbols == ("AAPL", "XOM")
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(20))]
    assert [one.symbol for one in report.rows] == ["AAPL", "XOM"]
    assert report.findings == ()


async def test_each_agent_can_only_ask_for_less() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", weight="0.5")}
    steps.risk = {"AAPL": assess("AAPL", "150")}
    steps.decision = {"AAPL": decide("AAPL", "99")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(99))]
    quantities = [row(report, "AAPL").model_dump()[step] for step in ("asked", "allowed", "approved", "decided")]
    assert quantities == [500, 200, 150, 99]
    assert report.findings == ()


async def test_an_answer_that_asks_for_more_is_cut_and_found() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", quantity="10"), "XOM": signal("XOM", quantity="10")}
    steps.risk = {"AAPL": assess("AAPL", "5000")}
    steps.decision = {"AAPL": decide("AAPL", "6000"), "XOM": decide("XOM", "11")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(10)), (Side.BUY, "XOM", Decimal(10))]
    assert {(finding.invariant, finding.about) for finding in report.findings} == {
        ("I12", "paper/cycle-1/AAPL"),
        ("I12", "paper/cycle-1/XOM"),
    }


@pytest.mark.parametrize("less", ["risk", "meta"])
async def test_an_approval_of_nothing_is_no_order(less: str) -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL")}
    if less == "risk":
        steps.risk = {"AAPL": assess("AAPL", "0")}
    else:
        steps.decision = {"AAPL": decide("AAPL", "0")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.outcome is (CycleOutcome.NONE_APPROVED if less == "risk" else CycleOutcome.NONE_DECIDED)
    assert ordered(steps) == []


async def test_buys_that_fit_alone_but_not_together_are_clamped_the_less_sure_one() -> None:
    steps = FakeSteps()
    steps.signals = {
        "AAPL": signal("AAPL", weight="0.2", confidence=0.6),
        "MSFT": signal("MSFT", weight="0.2", confidence=0.9),
    }
    report = await run_cycle(steps, cycle("AAPL", "MSFT"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(100)), (Side.BUY, "MSFT", Decimal(400))]
    assert data_of(steps, E.CONSTRAINT_APPLIED) | {"reason": ""} == {
        "symbol": "AAPL",
        "limit": "max_sector",
        "before": "200",
        "after": "100",
        "denied": False,
        "reason": "",
        "strategy_id": "agents",
    }
    assert row(report, "AAPL").allowed == 100
    assert report.findings == ()


async def test_a_later_order_at_its_limit_is_denied_once_an_earlier_one_has_cost_something() -> None:
    steps = FakeSteps()
    steps.desk.commission = "1.00"
    steps.signals = {symbol: signal(symbol, weight="0.2") for symbol in ("AAPL", "XOM")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert [row(report, symbol).order_state for symbol in ("AAPL", "XOM")] == ["filled", "denied"]
    assert row(report, "XOM").note == "buy 500 XOM: max_position has room for 499.995"
    assert report.findings == ()


async def test_orders_sized_inside_their_limit_survive_the_cost_of_those_before_them() -> None:
    steps = FakeSteps()
    steps.limits = Limits()
    steps.desk.commission = "1.00"
    steps.signals = {symbol: signal(symbol, weight="0.2") for symbol in ("AAPL", "XOM")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert [row(report, symbol).allowed for symbol in ("AAPL", "XOM")] == [199, 497]
    assert [row(report, symbol).order_state for symbol in ("AAPL", "XOM")] == ["filled", "filled"]


async def test_what_code_denies_never_reaches_the_model() -> None:
    steps = FakeSteps(FakeDesk(cash="60"))
    steps.signals = {"AAPL": signal("AAPL"), "KO": signal("KO", weight="0.01")}
    report = await run_cycle(steps, cycle("AAPL", "KO"))
    assert report.outcome is CycleOutcome.NONE_ALLOWED
    assert steps.asked("ask_risk") == []
    assert row(report, "AAPL").note.startswith("buy 10 AAPL: max_position has room for 0.12")
    assert row(report, "KO").note == "buy KO: less than one share"


async def test_an_intent_is_denied_when_the_books_have_changed_meanwhile() -> None:
    class HaltedMeanwhile(FakeDesk):
        def intend(self, asked: IntentAsked) -> Order | Denied:
            self.change_state(TradingState.HALTED)
            return super().intend(asked)

    steps = FakeSteps(HaltedMeanwhile())
    steps.signals = {"AAPL": signal("AAPL")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert ordered(steps) == []
    assert report.outcome is CycleOutcome.TRADED
    assert report.reason == "all 1 orders were denied: AAPL: the desk is HALTED"
    denied = row(report, "AAPL")
    assert (denied.order_state, denied.filled, denied.note) == ("denied", None, "the desk is HALTED")
    assert report.findings == ()


async def test_an_order_that_rests_is_reported_and_counts_in_the_next_cycle() -> None:
    steps = FakeSteps()
    steps.desk.resting = {"AAPL"}
    steps.signals = {"AAPL": signal("AAPL", quantity="150")}
    first = await run_cycle(steps, cycle("AAPL"))
    assert (row(first, "AAPL").order_state, row(first, "AAPL").filled) == ("accepted", Decimal(0))
    second = await run_cycle(steps, cycle("AAPL", number=2))
    assert row(second, "AAPL").allowed == 50
    assert second.findings == ()


async def test_the_same_cycle_run_twice_says_the_same_under_the_same_ids() -> None:
    told = []
    for _ in range(2):
        steps = FakeSteps()
        steps.signals = {"AAPL": signal(quantity="1000"), "MSFT": ABSTENTION.model_copy(update={"symbol": "MSFT"})}
        await run_cycle(steps, cycle("AAPL", "MSFT"))
        told.append([(stored.event.event_id, stored.hash) for stored in steps.desk.books().events])
    assert told[0] == told[1]
    assert len({name for name, _ in told[0]}) == len(told[0])


async def test_the_broker_is_asked_just_before_each_order_and_the_intent_carries_its_word() -> None:
    steps = FakeSteps()
    steps.signals = {symbol: signal(symbol) for symbol in ("AAPL", "XOM")}
    await run_cycle(steps, cycle("AAPL", "XOM"))
    trading = [name for name, _ in steps.calls if name in {"inquire", "intend", "execute"}]
    assert trading == ["inquire", "intend", "execute"] * 2
    assert [one.symbol for one in steps.asked("inquire") if isinstance(one, InquiryAsked)] == ["AAPL", "XOM"]
    carried = [one.standing for one in steps.asked("intend") if isinstance(one, IntentAsked)]
    assert carried == [standing("AAPL", "100"), standing("XOM", "40")]


async def test_nothing_is_intended_on_a_price_that_nobody_could_ask() -> None:
    steps = FakeSteps()
    steps.failing = {"inquire"}
    steps.signals = {"AAPL": signal("AAPL")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.reason) == (CycleOutcome.FAILED, "planned: inquire")
    assert steps.asked("intend") == []


async def test_a_price_that_has_left_the_mark_denies_a_buy_and_the_cycle_goes_on() -> None:
    steps = FakeSteps()
    steps.signals = {symbol: signal(symbol) for symbol in ("AAPL", "XOM")}
    steps.standings = {"AAPL": standing("AAPL", "105.01")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert [row(report, symbol).order_state for symbol in ("AAPL", "XOM")] == ["denied", "filled"]
    assert "newest price 105.01 is 5.01 % off the mark 100" in row(report, "AAPL").note
    assert report.findings == ()


async def test_a_runaway_is_denied_by_its_number_and_halts_the_desk_and_the_cycle_goes_on() -> None:
    steps = FakeSteps()
    steps.limits = Limits(max_orders_per_day=1)
    steps.signals = {symbol: signal(symbol) for symbol in ("AAPL", "XOM", "KO")}
    report = await run_cycle(steps, cycle("AAPL", "XOM", "KO"))
    states = [row(report, symbol).order_state for symbol in ("AAPL", "KO", "XOM")]
    assert states == ["filled", "denied", "denied"]
    assert "the desk is HALTED" not in row(report, "KO").note
    assert row(report, "XOM").note.startswith("the desk is HALTED")
    assert steps.desk.state is TradingState.HALTED
    assert report.outcome is CycleOutcome.TRADED
    assert report.findings == ()


async def test_what_the_broker_does_not_divide_is_ordered_whole_and_less_than_one_is_denied() -> None:
    steps = FakeSteps()
    steps.limits = Limits(fractional=True)
    wanted = {"AAPL": "1.5", "XOM": "0.5", "KO": "2.5"}
    steps.signals = {symbol: signal(symbol, quantity=quantity) for symbol, quantity in wanted.items()}
    for symbol in ("AAPL", "XOM"):
        steps.standings[symbol] = standing(symbol, PRICES[symbol][0], asset=asset(symbol, fractionable=False))
    report = await run_cycle(steps, cycle("AAPL", "XOM", "KO"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(1)), (Side.BUY, "KO", Decimal("2.5"))]
    assert row(report, "XOM").note == "buy 0.5 XOM: the broker trades it in whole shares"
    assert report.findings == ()
