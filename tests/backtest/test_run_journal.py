"""What may be spent is reserved before it is spent, whoever asks together and whatever fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.cycles.journal import RunJournal
from backtest.cycles.meter import Meter
from backtest.cycles.opinions import said_of
from backtest.results.result import StopCause, Verdict
from trading.agents.budget import Budget, Offer, Tally
from trading.agents.questions import Agent, ModelCall, Question, Reply
from trading.docket import Row
from trading.signals import Action
from trading.spending import Settlement, SpendAsked

NOW = datetime(2017, 10, 2, 20, tzinfo=UTC)
CENTS = st.integers(0, 50).map(lambda cents: Decimal(cents) / 100)
VETOED, APPROVED, REDUCED, ABSTAINED = Verdict.VETOED, Verdict.APPROVED, Verdict.REDUCED, Verdict.ABSTAINED


def asked(number: int, most: Decimal) -> SpendAsked:
    return SpendAsked(
        desk_id="backtest",
        cycle_id="cycle-1",
        strategy_id="agents",
        trace_id="cycle-1",
        agent=Agent.DATA,
        offers=(Offer(call_id=f"call-{number}", model="dear-1", most=Tally(calls=1, usd=most)),),
        budget=Budget(),
        at=NOW,
    )


def call(number: int) -> ModelCall:
    question = Question(
        agent=Agent.DATA, model="dear-1", system="s", user="u", answer_schema={}, facts={}, prompt_version="v"
    )
    reply = Reply(text="{}", model="dear-1")
    return ModelCall(call_id=f"call-{number}", question=question, reply=reply, replied_at=NOW, latency_seconds=0)


@given(
    cap=CENTS,
    calls=st.lists(st.tuples(CENTS, CENTS, st.sampled_from(["answered", "charged", "free"]), st.integers(0, 3))),
)
def test_what_is_spent_with_what_is_under_way_never_passes_the_cap(
    cap: Decimal, calls: list[tuple[Decimal, Decimal, str, int]]
) -> None:
    meter = Meter(most_usd=cap)
    journal = RunJournal(meter)
    under_way: dict[int, Decimal] = {}
    refused: list[int] = []
    spent: list[Decimal] = []

    async def ask(number: int, most: Decimal, took: Decimal, end: str, waits: int) -> None:
        request = asked(number, most)
        choice = await journal.reserve(request)
        attempt = request.tried(choice)
        if attempt is None:
            refused.append(number)
            return
        assert not refused, "a call was made after one was refused"
        under_way[number] = most
        assert meter.spent_usd + sum(under_way.values()) <= cap
        for _ in range(waits):
            await asyncio.sleep(0)
        del under_way[number]
        spent.append({"answered": min(took, most), "charged": most, "free": Decimal(0)}[end])
        if end == "answered":
            await journal.keep(call(number), Settlement(attempt=attempt, took=Tally(usd=min(took, most))))
        else:
            await journal.drop(attempt, charged=end == "charged")

    async def run() -> None:
        await asyncio.wait_for(asyncio.gather(*(ask(number, *one) for number, one in enumerate(calls))), 10)
        await journal.idle()

    asyncio.run(run())
    assert meter.spent_usd == sum(spent) <= cap
    assert (meter.stopped is not None) == bool(refused)
    if meter.stopped is not None:
        assert meter.stopped.cause is StopCause.BUDGET


def row(**told: object) -> Row:
    return Row.model_validate({"symbol": "ABC", "price": 10, **told})


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Row(symbol="ABC"), []),
        (row(), [(Agent.DATA, ABSTAINED, 0)]),
        (row(action=Action.HOLD), []),
        (row(action=Action.BUY, asked=9, allowed=0), [(Agent.DATA, Verdict.PROPOSED, 9)]),
        (
            row(action=Action.BUY, asked=9, allowed=8, approved=0),
            [(Agent.DATA, Verdict.PROPOSED, 9), (Agent.RISK, VETOED, 8)],
        ),
        (
            row(action=Action.BUY, asked=9, allowed=8),
            [(Agent.DATA, Verdict.PROPOSED, 9), (Agent.RISK, ABSTAINED, 8)],
        ),
        (
            row(action=Action.SELL, asked=8, allowed=8, approved=4, validated=False),
            [(Agent.DATA, Verdict.PROPOSED, 8), (Agent.RISK, REDUCED, 8), (Agent.VALIDATOR, VETOED, 4)],
        ),
        (
            row(action=Action.BUY, asked=8, allowed=8, approved=8, validated=False, note="Validator: cut off"),
            [(Agent.DATA, Verdict.PROPOSED, 8), (Agent.RISK, APPROVED, 8), (Agent.VALIDATOR, ABSTAINED, 8)],
        ),
        (
            row(action=Action.BUY, asked=8, allowed=8, approved=8, validated=True, decided=0),
            [
                (Agent.DATA, Verdict.PROPOSED, 8),
                (Agent.RISK, APPROVED, 8),
                (Agent.VALIDATOR, APPROVED, 8),
                (Agent.META, VETOED, 8),
            ],
        ),
        (
            row(action=Action.BUY, asked=8, allowed=8, approved=8, decided=8),
            [(Agent.DATA, Verdict.PROPOSED, 8), (Agent.RISK, APPROVED, 8), (Agent.META, APPROVED, 8)],
        ),
    ],
)
def test_each_verdict_is_on_the_order_that_came_to_the_agent(one: Row, said: list[object]) -> None:
    assert list(said_of(one)) == said
