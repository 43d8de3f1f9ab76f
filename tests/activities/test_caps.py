"""Whole cycles on a budget: they stop at the cap, go on untraded, and ask no more in that cycle or on that day."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from tests.fakes.asking import AskingSteps
from tests.fakes.model import ScriptedModel
from tests.making import DESK, cycle
from trading.agents.budget import Budget
from trading.agents.questions import ModelCall, Question, Reply, Usage
from trading.cycle import run_cycle

CYCLES = (("AAPL", "XOM"), ("MSFT", "AAPL", "XOM"), ("XOM", "MSFT"))
MOST_USD = Decimal("0.04")
KINDS = [(period, name) for period in ("cycle", "day") for name in ("calls", "tokens", "usd")]


class Paid:
    """A model that takes tokens and dollars by chance, and now and then cannot be read."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._model = ScriptedModel()

    async def answer(self, question: Question) -> Reply:
        reply = await self._model.answer(question)
        used = Usage(input_tokens=self._random.randint(200, 2000), output_tokens=self._random.randint(20, 400))
        text = reply.text if self._random.random() > 0.15 else "unreadable"
        cost = Decimal(self._random.randint(1, 400)) / 10_000
        return reply.model_copy(update={"usage": used, "cost_usd": cost, "text": text})


def took(call: ModelCall, name: str) -> Decimal:
    """What the oracle counts of one call."""
    usage, cost = call.reply.usage, call.reply.cost_usd
    assert usage is not None
    assert cost is not None
    counted = {"calls": Decimal(1), "tokens": Decimal(usage.input_tokens + usage.output_tokens), "usd": cost}
    return counted[name]


def cap_of(name: str, random: Random) -> int | Decimal:
    caps: dict[str, int | Decimal] = {
        "calls": random.randint(0, 14),
        "tokens": random.randint(0, 60_000),
        "usd": Decimal(random.randint(0, 4_000)) / 10_000,
    }
    return caps[name]


async def live(seed: int, *, frugal: bool) -> tuple[list[list[Decimal]], int | Decimal, bool]:
    """A day of cycles: what each call took, by period; the cap; whether a call was refused for it."""
    (period, name), random = KINDS[seed % len(KINDS)], Random(seed)
    cap = cap_of(name, random)
    budget = Budget.model_validate({period: {name: cap}}) if frugal else Budget()
    steps, refused = AskingSteps(Paid(random), budget=budget, tariff=lambda _: MOST_USD), False
    for number, symbols in enumerate(CYCLES, 1):
        before = len(steps.journal.calls)
        report = await run_cycle(steps, cycle(*symbols, number=number))
        assert report.findings == ()
        if period == "day" and refused:
            assert len(steps.journal.calls) == before
        refused = refused or "BudgetSpent" in str(steps.desk.events.values())
    calls = list(steps.journal.calls.values())
    by_cycle = [[call for call in calls if call.cycle_id == f"{DESK}/cycle-{number}"] for number in (1, 2, 3)]
    return [[took(c, name) for c in spent] for spent in (by_cycle if period == "cycle" else [calls])], cap, refused


@pytest.mark.parametrize(
    "seed", [seed if seed < len(KINDS) else pytest.param(seed, marks=pytest.mark.soak) for seed in range(60)]
)
async def test_a_day_of_cycles_never_passes_its_cap(seed: int) -> None:
    periods, cap, refused = await live(seed, frugal=True)
    for amounts in periods:
        assert sum(amounts) <= cap
    name = KINDS[seed % len(KINDS)][1]
    roomy = {"calls": cap >= 1, "tokens": cap >= 20_000, "usd": cap >= MOST_USD}
    assert any(periods) or not roomy[name], "there was room, and nobody was asked"
    assert any(periods) or refused


@pytest.mark.faults
async def test_without_a_budget_half_of_such_days_pass_their_cap() -> None:
    passed = 0
    for seed in range(60):
        periods, cap, refused = await live(seed, frugal=False)
        passed += any(sum(amounts) > cap for amounts in periods)
        assert not refused
    assert passed >= 30
