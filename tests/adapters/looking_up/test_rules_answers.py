"""What the rules say of a desk's real books, look-up by look-up: each answer is held to what was written there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.looking_up.tools import LookingUp
from adapters.postgres.engine import transaction
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from adapters.prompts import read_prompts
from adapters.rules_model import RulesModel
from tests.activities.closing import MONDAY, TUESDAY, a_desk, trade
from tests.adapters.looking_up.looking import LATER, look
from tests.adapters.postgres.desk import CYCLE, DESK, NOON, accepted, booked, buy, event, fill_of, sell
from tests.adapters.postgres.test_journal_and_snapshots import call
from trading.agents import inquirer
from trading.agents.questions import Agent, Asking, ModelCall
from trading.events import EventType
from trading.inquiring import Conclusion, Inquest, Opened, Turn
from trading.inquiry import Caps, Ending, InquiryRequest, Tool
from trading.orders import Leg, OrderKind

PROMPT = read_prompts()[Agent.INQUIRER]
NEXT = f"{DESK}/cycle-2"
SOURCE = {"model": "m", "prompt_version": "p-1", "call_id": "c"}


async def ask(tools: LookingUp, question: str) -> Conclusion:
    """The rules' answer to a question asked of the real tools; every id that it cites is one that they know."""
    request = InquiryRequest(
        desk_id=DESK, inquiry_id="a", trace_id="t", question=question, asked_by="a test", asked_at=LATER, caps=Caps()
    )
    asked = Inquest.begun(request, Opened(timezone="UTC"))
    for _ in range(5):
        posed = inquirer.question(PROMPT, asked.turn, Asking(model="rules-1"))
        said = inquirer.read((await RulesModel().answer(posed)).text)
        if isinstance(said, Conclusion):
            assert await tools.known(DESK, said.citations) == set(said.citations)
            return said
        told = [await look(tools, one.tool, **one.arguments) for one in said]  # type: ignore[arg-type]
        assert [one.error for one in told if "argument" in one.error] == []
        asked = asked.found(Turn(lookups=said), told)
    pytest.fail("still looking things up")


async def say(engine: AsyncEngine, cycle: str, kind: EventType, symbol: str | None, **data: object) -> None:
    """One event of a cycle."""
    of = {} if symbol is None else {"symbol": symbol}
    name = f"{cycle}/{kind}/{symbol}" if symbol else f"{cycle}/{kind}"
    said = event(kind, {**of, "strategy_id": "agents", **data}, name=name, aggregate=cycle)
    later = said.model_copy(update={"event_id": name, "occurred_at": NOON + timedelta(hours=cycle == NEXT)})
    await PostgresLedger(engine).record([later])


async def two_cycles(engine: AsyncEngine) -> None:
    """In the first AAPL is bought and XOM is cut to nothing; in the second nobody wants anything."""
    for symbol in ("AAPL", "XOM"):
        signal = {"action": "buy", "confidence": 0.8, "reasoning": f"{symbol} rises", "source": SOURCE}
        await say(engine, CYCLE, EventType.SIGNAL_GENERATED, symbol, **signal)
        hold = {"action": "hold", "confidence": 0.5, "reasoning": f"{symbol} rests", "source": SOURCE}
        await say(engine, NEXT, EventType.SIGNAL_GENERATED, symbol, **hold)
    cut = {"limit": "cash", "before": "50", "after": "0", "reason": "cash has no room"}
    await say(engine, CYCLE, EventType.CONSTRAINT_APPLIED, "XOM", **cut)
    word = {"verdict": "EXECUTE", "quantity": "100", "rationale": "it is worth it", "source": SOURCE}
    await say(engine, CYCLE, EventType.META_AGENT_DECISION, "AAPL", **word)
    await say(engine, CYCLE, EventType.CYCLE_COMPLETED, None, outcome="traded", reason="")
    await say(engine, NEXT, EventType.CYCLE_COMPLETED, None, outcome="no_signals", reason="")


async def stopped(engine: AsyncEngine) -> None:
    """The stop of AAPL's entry sells it."""
    terms = {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": "90", "parent_id": buy().client_order_id}
    stop, ledger = sell(client_order_id=f"{buy().client_order_id}-stop", **terms), PostgresLedger(engine)
    await ledger.adopt(*accepted(stop))
    await ledger.apply_fill(*booked(stop, fill_of(stop, "100", "90", filled_at=NOON + timedelta(days=1))))


async def test_why_a_symbol_was_bought_is_told_of_the_cycle_that_bought_it(
    engine: AsyncEngine, tools: LookingUp
) -> None:
    await a_desk(engine, sells=False)
    await two_cycles(engine)
    bought = await ask(tools, "why did we buy AAPL?")
    assert f"cycle {CYCLE} " in bought.text
    assert "AAPL rises" in bought.text
    assert "it is worth it" in bought.text
    assert f"{CYCLE}/MetaAgentDecision/AAPL" in bought.citations
    never = await ask(tools, "why did we buy XOM?")
    assert never.text.startswith("XOM was not bought.")
    assert "rests" in never.text


async def test_why_a_symbol_was_not_bought_is_told_with_when_it_was_proposed_and_when_bought(
    engine: AsyncEngine, tools: LookingUp
) -> None:
    await a_desk(engine, sells=False)
    await two_cycles(engine)
    cut = (await ask(tools, "why didn't we buy XOM?")).text
    assert "XOM rests" in cut
    assert f"proposed and not bought in cycle {CYCLE} " in cut
    assert "cash 50 to 0" in cut
    held = (await ask(tools, "why did we not buy AAPL?")).text
    assert "AAPL rests" in held
    assert f"It was bought in cycle {CYCLE} " in held
    assert "not bought in" not in held


async def test_why_a_symbol_was_sold_names_what_sold_it(engine: AsyncEngine, tools: LookingUp) -> None:
    await a_desk(engine, sells=False)
    await two_cycles(engine)
    assert (await ask(tools, "why did we sell AAPL?")).text.startswith("AAPL was not sold.")
    await stopped(engine)
    sold = await ask(tools, "why did we sell AAPL?")
    assert sold.text.startswith("AAPL was sold by its stop: 100 at 90")
    assert f"cycle {CYCLE} " in sold.text
    assert f"{buy().client_order_id}-stop" in sold.citations


async def test_a_sale_that_was_decided_is_told_as_one(engine: AsyncEngine, tools: LookingUp) -> None:
    ledger = await a_desk(engine, sells=False)
    await two_cycles(engine)
    left = sell(quantity="40", client_order_id=f"{NEXT}-AAPL-sell", cycle_id=NEXT)
    await trade(ledger, left, "40", "103", TUESDAY)
    sold = (await ask(tools, "why did we sell AAPL?")).text
    assert sold.startswith("AAPL was sold by a decision: 40 at 103")
    assert f"cycle {NEXT} " in sold


async def test_a_cycle_is_told_from_its_outcome_to_what_became_of_each_symbol(
    engine: AsyncEngine, tools: LookingUp
) -> None:
    await a_desk(engine, sells=False)
    await two_cycles(engine)
    told = (await ask(tools, f"what happened in cycle {CYCLE}?")).text
    assert told.startswith(f"Cycle {CYCLE} completed: outcome=traded.")
    assert "AAPL: the DataAgent said buy 0.8; the MetaAgent EXECUTE 100; the order was filled" in told
    assert "XOM: the DataAgent said buy 0.8; the limits cut cash 50 to 0" in told
    idle = (await ask(tools, f"what happened in cycle {NEXT}?")).text
    assert "2 symbols were left as they are: AAPL, XOM" in idle


async def test_sums_and_means_are_of_all_calls_however_many(engine: AsyncEngine, tools: LookingUp) -> None:
    """Three hundred answers are more than any look-up tells rows of."""
    await a_desk(engine, sells=False)
    for number in range(300):
        await PostgresJournal(engine).keep(answered(number))
    found = await look(tools, Tool.QUERY_VIEW, view="model_calls", total_by="agent")
    head, line = (row.split(" | ") for row in found.text.splitlines())
    totals = dict(zip(head, line, strict=True))
    assert totals["rows"] == "300"
    assert Decimal(totals["sum latency_seconds"]) == sum(range(300))
    assert (Decimal(totals["mean latency_seconds"]), Decimal(totals["most latency_seconds"])) == (
        Decimal("149.5"),
        Decimal(299),
    )
    async with transaction(engine) as connection:
        first = (await connection.execute(text("SELECT min(replied_at)::date FROM model_calls"))).scalar_one()
    slow = (await ask(tools, f"which agent was the slowest on {first}?")).text
    assert "149.50 s over 300 calls" in slow
    assert "took 299.00 s" in slow


def answered(number: int) -> ModelCall:
    made = call("yes", user=f"{number}")
    return made.model_copy(update={"latency_seconds": float(number), "desk_id": DESK, "cycle_id": CYCLE})


async def test_a_time_in_which_only_questions_were_asked_is_told_of_without_a_citation(
    engine: AsyncEngine, tools: LookingUp
) -> None:
    """What an inquiry pays under is no cycle, and nothing to rest on."""
    await a_desk(engine, sells=False)
    await PostgresJournal(engine).keep(answered(3).model_copy(update={"cycle_id": "inquiry-a"}))
    async with transaction(engine) as connection:
        first = (await connection.execute(text("SELECT min(replied_at)::date FROM model_calls"))).scalar_one()
    said = await ask(tools, f"which agent was the slowest on {first}?")
    assert (said.ending, said.citations) == (Ending.ANSWERED, ())
    assert "took 3.00 s" in said.text


async def test_nothing_of_a_later_day_is_told_of_an_earlier_one(engine: AsyncEngine, tools: LookingUp) -> None:
    await a_desk(engine, sells=False)
    await two_cycles(engine)
    said = await ask(tools, f"why did we not buy AAPL on {MONDAY}?")
    assert said.text.startswith(f"Nothing was decided about AAPL on {MONDAY}, and no cycle ended then")
    assert said.ending is Ending.ANSWERED
