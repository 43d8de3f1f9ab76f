"""Whatever a model wants, the code's limits hold: models that ask for the worst, agents that agree to everything."""

from __future__ import annotations

from random import Random

import pytest

from tests.fakes.asking import AskingSteps
from tests.fakes.desk import FakeDesk
from tests.fakes.hostile import HostileModel, rubber_stamps
from tests.fakes.model import ScriptedModel
from tests.fakes.steps import PRICES
from tests.making import cycle
from trading import order_events
from trading.breaches import evidence
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.orders import Order, OrderState
from trading.portfolio import Portfolio
from trading.ports import LanguageModel
from trading.settlement import Denied, IntentAsked

SYMBOLS = tuple(PRICES)
CYCLES = 10


class LimitlessDesk(FakeDesk):
    """The control: a desk that forgets its halt, and whose intents pass without a look at its limits."""

    def portfolio(self) -> Portfolio:
        return super().portfolio().model_copy(update={"trading_state": TradingState.ACTIVE})

    def intend(self, asked: IntentAsked) -> Order | Denied:
        request = asked.request
        self.orders[request.client_order_id] = Order(request=request, state=OrderState.INTENDED)
        self.received_at[request.client_order_id] = asked.intended_at
        self.record([order_events.order_intended(request, evidence(request, self.scene(asked)), asked.intended_at)])
        return self.orders[request.client_order_id]


async def _trade(seed: int, model: LanguageModel, desk: FakeDesk) -> tuple[list[str], int]:
    """Ten cycles of one desk, halted in the midst of some; what the audit found, and how many orders were sent."""
    chance = Random(seed)
    steps = AskingSteps(model, desk)
    found: list[str] = []
    for number in range(1, CYCLES + 1):
        if chance.random() < 0.3:
            desk.change_state(chance.choice([*TradingState, TradingState.ACTIVE]))
        if chance.random() < 0.3:
            # Resting orders take room that the next cycle must not have.
            desk.resting = set(chance.sample(SYMBOLS, 2))
        report = await run_cycle(steps, cycle(*SYMBOLS, number=number))
        found += [f"seed {seed}, cycle {number}: {finding}" for finding in report.findings]
    return found, len(steps.asked("execute"))


async def _desks(first: int, last: int) -> None:
    sent = 0
    for seed in range(first, last):
        found, orders = await _trade(seed, HostileModel(seed), FakeDesk())
        assert found == []
        sent += orders
    assert sent > (last - first) // 2, "a model that never gets an order through shows nothing"


async def test_a_hostile_model_breaks_no_limit() -> None:
    await _desks(0, 10)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("desks", [100, pytest.param(1000, marks=pytest.mark.soak)])
async def test_a_hostile_model_breaks_no_limit_in_ten_cycles_of_each_of_many_desks(desks: int) -> None:
    await _desks(0, desks)


@pytest.mark.faults
async def test_only_code_enforces_limits_when_every_agent_agrees() -> None:
    sent = 0
    for seed in range(6):
        found, orders = await _trade(seed, ScriptedModel(rubber_stamps(seed)), FakeDesk())
        assert found == []
        sent += orders
    assert sent > 6


async def test_without_the_codes_limits_the_same_models_are_caught() -> None:
    found = [line for seed in range(5) for line in (await _trade(seed, HostileModel(seed), LimitlessDesk()))[0]]
    assert {kind for kind in ("I7", "I8") if any(f"'{kind}'" in line for line in found)} == {"I7", "I8"}
