"""A halted desk decides as ever and sends nothing: what it would have done is kept, scored, and counted as held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.fakes.asking import AskingSteps
from tests.fakes.desk import FakeDesk
from tests.fakes.hostile import HostileModel
from tests.fakes.steps import PRICES, FakeSteps, ordered
from tests.making import after, cycle, signal, these
from tests.trading.planting import edited, inserted, numbers, said, stated, without
from tests.trading.telling import data_of, holding, row, steps_of
from trading.audit import Books, audit
from trading.breaker import CircuitBreaker, TradingState
from trading.cycle import run_cycle
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType as E
from trading.shadow import Ending, ShadowTrade
from trading.steps import Stage

OUTSIDE = {"inquire", "intend", "execute"}


def halted(desk: FakeDesk | None = None) -> FakeSteps:
    steps = FakeSteps(desk)
    steps.shadow = True
    if steps.desk.state is not TradingState.HALTED:
        steps.desk.change_state(TradingState.HALTED)
    return steps


async def later(steps: FakeSteps, number: int, *symbols: str, **prices: str) -> CycleReport:
    """One more cycle of these steps, a day later for each, at other prices."""
    steps.prices |= {symbol: (price, PRICES[symbol][1]) for symbol, price in prices.items()}
    steps.desk.prices = {symbol: (Decimal(price), sector) for symbol, (price, sector) in steps.prices.items()}
    steps.as_of = after(0) + timedelta(days=number)
    return await run_cycle(steps, cycle(*(symbols or ("AAPL",)), number=number))


def thoughts(steps: FakeSteps) -> list[ShadowTrade]:
    return list(steps.desk.shadows.values())


async def test_a_halted_desk_decides_in_full_and_sends_nothing() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL", stop="90", target="120"), "XOM": signal("XOM", quantity="9000")}
    report = await run_cycle(steps, cycle("AAPL", "XOM"))
    assert (report.outcome, report.shadow, report.findings) == (CycleOutcome.SHADOWED, True, ())
    assert {"ask_data", "ask_risk", "ask_validator", "ask_meta", "think"} <= set(steps_of(steps))
    assert OUTSIDE.isdisjoint(steps_of(steps))
    assert (steps.desk.orders, steps.desk.fills, steps.desk.portfolio().cash) == ({}, [], Decimal(100000))
    thought = row(report, "AAPL")
    assert (thought.order_state, thought.note) == ("shadow", "would have bought 10 at 100.00")
    assert row(report, "XOM").allowed == 500
    first, _ = thoughts(steps)
    assert (first.shadow_id, first.stop, first.target) == ("paper/cycle-1-AAPL-shadow", Decimal(90), Decimal(120))


async def test_every_event_from_the_prices_on_says_that_it_is_in_shadow() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL")}
    await run_cycle(steps, cycle("AAPL"))
    own = [event for event in steps.desk.events.values() if event.aggregate_id == "paper/cycle-1"]
    assert {event.type for event in own if "shadow" not in event.data} == {E.CYCLE_STARTED}
    assert all(event.data["shadow"] is True for event in own if event.type is not E.CYCLE_STARTED)
    ended = {"outcome": "shadowed", "reason": "", "strategy_id": "agents", "shadow": True}
    assert data_of(steps, E.CYCLE_COMPLETED) == ended


async def test_a_desk_that_its_breaker_halts_at_the_first_mark_goes_on_in_shadow() -> None:
    class Tripping(FakeSteps):
        async def judge(self, stage: Stage) -> CircuitBreaker:
            self.desk.state = TradingState.HALTED
            return await super().judge(stage)

    steps = Tripping()
    steps.shadow = True
    steps.signals = {"AAPL": signal("AAPL")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert report.outcome is CycleOutcome.SHADOWED
    assert OUTSIDE.isdisjoint(steps_of(steps))


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.ACTIVE])
async def test_a_desk_that_is_not_halted_trades_whatever_the_rule_for_shadow_is(state: TradingState) -> None:
    steps = await holding(AAPL="10")
    steps.shadow = True
    steps.desk.change_state(state)
    steps.signals = {"AAPL": signal("AAPL", "sell", quantity="4")}
    report = await run_cycle(steps, cycle("AAPL", number=2))
    assert (report.outcome, report.shadow) == (CycleOutcome.TRADED, False)
    assert [quantity for _, _, quantity in ordered(steps)] == [Decimal(4)]


async def test_without_the_rule_the_books_deny_what_a_halt_forbids() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL", "sell")}
    steps.desk.change_state(TradingState.HALTED)
    report = await run_cycle(steps, cycle("AAPL"))
    assert (report.outcome, report.shadow) == (CycleOutcome.NONE_ALLOWED, False)


async def test_what_was_thought_of_is_held_for_the_next_limits() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL", weight="0.15"), "MSFT": signal("MSFT", weight="0.2")}
    await run_cycle(steps, cycle("AAPL"))
    second = await later(steps, 2, "AAPL", "MSFT")
    assert these(row(second, "AAPL").allowed, row(second, "MSFT").allowed) == (0, 300)
    assert row(second, "AAPL").note == "buy AAPL: it was entered in shadow already"
    assert row(second, "MSFT").order_state == "shadow"
    third = await later(steps, 3, "AAPL", "MSFT")
    assert third.outcome is CycleOutcome.NONE_ALLOWED
    assert [(one.symbol, one.quantity) for one in thoughts(steps)] == [("AAPL", Decimal(150)), ("MSFT", Decimal(300))]
    assert (second.findings, third.findings) == ((), ())


async def test_a_target_that_was_reached_makes_what_the_trade_would_have_made() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL", stop="90", target="120")}
    await run_cycle(steps, cycle("AAPL"))
    steps.signals = {}
    report = await later(steps, 2, AAPL="121")
    (trade,) = thoughts(steps)
    assert these(trade.ending, trade.exit_price, trade.pnl) == (Ending.TARGET, 121, 210)
    told = data_of(steps, E.SHADOW_CLOSED)
    assert (told["pnl"], told["shadow_id"]) == ("210.00", "paper/cycle-1-AAPL-shadow")
    assert report.findings == ()


async def test_a_later_exit_ends_the_trade_and_makes_no_other() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL")}
    await run_cycle(steps, cycle("AAPL"))
    steps.signals = {"AAPL": signal("AAPL", "sell", quantity=None)}
    report = await later(steps, 2, AAPL="97")
    (trade,) = thoughts(steps)
    assert these(trade.ending, trade.pnl, trade.closing_cycle_id) == (Ending.EXIT, -30, "paper/cycle-2")
    assert row(report, "AAPL").note == "would have closed 10 at 97.00, making -30.00"
    assert (report.outcome, report.findings) == (CycleOutcome.SHADOWED, ())


async def test_an_exit_of_what_is_really_held_makes_what_the_holder_is_spared() -> None:
    steps = halted((await holding(AAPL="20")).desk)
    steps.minutes = 50
    steps.signals = {"AAPL": signal("AAPL", "sell", quantity=None)}
    first = await later(steps, 2, AAPL="95")
    second = await later(steps, 3, AAPL="95")
    assert (first.outcome, second.outcome) == (CycleOutcome.SHADOWED, CycleOutcome.NONE_ALLOWED)
    assert steps.desk.portfolio().held("AAPL") == 20
    steps.signals = {}
    steps.desk.change_state(TradingState.ACTIVE)
    report = await later(steps, 4, AAPL="88")
    (trade,) = thoughts(steps)
    assert these(trade.ending, trade.quantity, trade.pnl) == (Ending.RESUMED, 20, 140)
    assert report.findings == ()


async def test_a_desk_that_goes_on_ends_what_it_thought_of_at_the_next_mark_and_trades() -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL", target="120")}
    await run_cycle(steps, cycle("AAPL"))
    steps.desk.change_state(TradingState.ACTIVE)
    steps.signals = {"XOM": signal("XOM")}
    report = await later(steps, 2, "XOM", AAPL="104")
    (trade,) = thoughts(steps)
    assert these(trade.ending, trade.pnl) == (Ending.RESUMED, 40)
    assert (report.outcome, report.shadow) == (CycleOutcome.TRADED, False)
    assert [symbol for _, symbol, _ in ordered(steps)] == ["XOM"]
    assert [one.symbol for one in report.rows] == ["XOM"]
    assert report.findings == ()


async def test_nothing_is_looked_up_while_nothing_is_thought_of() -> None:
    steps = halted()
    await run_cycle(steps, cycle("AAPL"))
    assert "score" not in steps_of(steps)


@pytest.mark.parametrize("step", ["score", "think"])
async def test_a_step_of_the_shadow_that_cannot_be_done_fails_the_cycle_and_sends_nothing(step: str) -> None:
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL")}
    await run_cycle(steps, cycle("AAPL"))
    steps.failing = {step}
    steps.signals = {"AAPL": signal("AAPL", "sell")}
    report = await later(steps, 2)
    assert (report.outcome, report.reason) == (CycleOutcome.FAILED, f"planned: {step}")
    assert OUTSIDE.isdisjoint(steps_of(steps))


async def rehearse(steps: FakeSteps, seed: int, cycles: int) -> int:
    """Cycles of one halted desk at prices that jump; how much it thought of. Whoever would send is a spy."""
    steps.shadow = True
    steps.desk.change_state(TradingState.HALTED)
    chance = Random(seed)
    for number in range(1, cycles + 1):
        wanted = {
            s: chance.choice([{"quantity": "7"}, {"weight": "0.9"}, {"stop": "1", "target": "9"}]) for s in PRICES
        }
        steps.signals = {s: signal(s, chance.choice(["buy", "sell"]), **more) for s, more in wanted.items()}
        moved = {s: f"{Decimal(price) * chance.randint(80, 125) / 100:.2f}" for s, (price, _) in PRICES.items()}
        report = await later(steps, number, *PRICES, **moved)
        assert report.findings == ()
        assert report.outcome is not CycleOutcome.TRADED
    assert OUTSIDE.isdisjoint(steps_of(steps)), seed
    assert (steps.desk.orders, steps.desk.fills, steps.desk.broker()) == ({}, [], ())
    return len(steps.desk.shadows)


async def test_two_hundred_shadow_cycles_send_nothing() -> None:
    thought = sum([await rehearse(FakeSteps(), seed, 5) for seed in range(40)])
    assert thought > 100, "agents that get nothing through show nothing"


@pytest.mark.faults  # seconds: thousands of questions of real agents
async def test_hostile_models_send_nothing_in_shadow() -> None:
    thought = sum([await rehearse(AskingSteps(HostileModel(seed), FakeDesk()), seed, 10) for seed in range(20)])
    assert thought > 50


@pytest.fixture
async def life() -> Books:
    """Two cycles in shadow: one bought ten shares of AAPL and of XOM, the next sold AAPL."""
    steps = halted()
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM")}
    await run_cycle(steps, cycle("AAPL", "XOM"))
    steps.signals = {"AAPL": signal("AAPL", "sell", quantity=None)}
    assert (await later(steps, 2, AAPL="97")).findings == ()
    return steps.desk.books()


PLANTED: list[tuple[str, set[str], Callable[[Books], Books]]] = [
    ("a decision is not marked", {"I1", "I13"}, lambda b: edited(b, E.META_AGENT_DECISION, shadow=False)),
    ("a decision left nothing", {"I6", "I13"}, lambda b: without(b, E.SHADOW_OPENED)),
    ("nobody decided it", {"I1"}, lambda b: without(b, E.META_AGENT_DECISION)),
    ("a trade is larger than its decision", {"I1"}, lambda b: edited(b, E.SHADOW_OPENED, quantity="11")),
    ("a row made something else", {"I6"}, lambda b: edited(b, E.SHADOW_CLOSED, pnl="30.00")),
    ("a row is gone", {"I6"}, lambda b: stated(b, shadows=b.shadows[1:])),
    ("the log does not know of an end", {"I6", "I13"}, lambda b: without(b, E.SHADOW_CLOSED)),
    (
        "an intent was denied in shadow",
        {"I13", "I6"},
        lambda b: inserted(
            b, said(E.ORDER_DENIED, "paper/cycle-1", client_order_id="x", leg="entry"), E.CYCLE_COMPLETED
        ),
    ),
]


@pytest.mark.parametrize(("invariants", "plant"), [one[1:] for one in PLANTED], ids=[one[0] for one in PLANTED])
def test_what_is_planted_in_a_life_in_shadow_is_found(
    life: Books, invariants: set[str], plant: Callable[[Books], Books]
) -> None:
    assert audit(life) == ()
    assert numbers(audit(plant(life))) == invariants


async def test_a_shadow_decision_that_is_sent_is_found() -> None:
    """The planted bug: a cycle that says it is in shadow, and sends."""

    class Leaking(FakeSteps):
        async def think(self, decided: object) -> tuple[ShadowTrade, ...]:
            real = FakeSteps()
            real.signals = self.signals
            await run_cycle(real, cycle("AAPL"))
            self.desk.orders |= real.desk.orders
            self.desk.fills += real.desk.fills
            self.desk.received_at |= real.desk.received_at
            kinds = {E.ORDER_INTENDED, E.ORDER_ACCEPTED, E.TRADE_EXECUTED}
            self.desk.record(event for event in real.desk.events.values() if event.type in kinds)
            return ()

    steps = Leaking()
    steps.shadow = True
    steps.desk.change_state(TradingState.HALTED)
    steps.signals = {"AAPL": signal("AAPL")}
    report = await run_cycle(steps, cycle("AAPL"))
    assert {"I1", "I8", "I13"} <= {finding.invariant for finding in report.findings}


def test_an_end_during_two_cycles_at_once_is_of_both(life: Books) -> None:
    beside = said(E.CYCLE_STARTED, "paper/cycle-3", trigger="manual")
    assert "I13" not in numbers(audit(inserted(life, beside, E.SHADOW_CLOSED)))
