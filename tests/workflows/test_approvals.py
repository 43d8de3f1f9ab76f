"""Entries that wait for a person, on real servers: every way to answer, and every answer that does not count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType as HistoryEventType
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.gate import GateRules
from tests.fakes import model
from tests.fakes.model import ScriptedModel, Words
from tests.rig import Ports, ask, cycle, findings, outcome, request, serving, until
from tests.servers import temporal_cli
from trading.agents.questions import Agent, Question
from trading.answering import Answer
from trading.approvals import Approval, ApprovalAsked, ApprovalEnd, ApprovalMode, ApprovalTerms
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType
from trading.market import Quote
from trading.ports import Market
from workflows.trading_cycle import TradingCycle

ALWAYS = GateRules(approval=ApprovalTerms(mode=ApprovalMode.ALWAYS))
Handle = WorkflowHandle[TradingCycle, CycleReport]


@dataclass
class Waiting:
    """A cycle that wants ten AAPL and ten MSFT, and waits for a person."""

    client: Client
    handle: Handle
    asked: ApprovalAsked

    def answer(self, **changes: Any) -> Answer:
        return Answer.model_validate(
            {"cycle_id": self.asked.cycle_id, "hash": self.asked.hash[:8], "by": "ann"} | changes
        )

    async def refused(self, update: Any = TradingCycle.approve, **changes: Any) -> str:
        """The sentence with which an answer is refused."""
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await self.handle.execute_update(update, self.answer(**changes))
        assert isinstance(failed.value.cause, ApplicationError)
        return failed.value.cause.message

    async def states(self) -> dict[str, str | None]:
        """How the cycle's orders ended."""
        report = await self.handle.result()
        assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ()), report.reason
        return {row.symbol: row.order_state for row in report.rows if row.order_state}


async def begun(client: Client, *symbols: str) -> Waiting:
    """A cycle that has come as far as its question."""
    ticket = await ask(client, request(*(symbols or ("AAPL", "MSFT"))))
    handle: Handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    found: list[ApprovalAsked] = []

    async def waits() -> bool:
        try:
            known = await handle.query(TradingCycle.pending_approval)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False  # its turn has not come
        found.extend([known] if known else [])
        return bool(found)

    await until(waits)
    return Waiting(client, handle, found[0])


@pytest.fixture
def ports(engine: AsyncEngine, sample_data: Path) -> Ports:
    return Ports.real(engine, sample_data).but(model=ScriptedModel(), rules=ALWAYS)


async def ended(ports: Ports) -> list[Mapping[str, Any]]:
    """What the log says of the answers."""
    books = await ports.ledger.books("main")
    return [one.event.data for one in books.events if one.event.type is EventType.APPROVAL_ENDED]


@pytest.mark.faults
async def test_a_yes_by_update_says_what_was_approved_and_the_orders_go(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    async with serving(temporal.client, ports):
        waiting = await begun(temporal.client)
        shown = await _details(waiting)
        assert not await ports.broker.orders("main")
        approval: Approval = await waiting.handle.execute_update(
            TradingCycle.approve, waiting.answer(reason="I looked"), id="answer-1"
        )
        assert (approval.end, approval.approved, approval.by) == (ApprovalEnd.APPROVED, ("AAPL", "MSFT"), "ann")
        again = await waiting.handle.execute_update(TradingCycle.approve, waiting.answer(), id="answer-1")
        assert again == approval
        assert await waiting.states() == {"AAPL": "filled", "MSFT": "filled"}
        assert await waiting.handle.query(TradingCycle.pending_approval) is None
    (told,) = await ended(ports)
    assert (told["end"], told["by"], told["reason"], told["hash"]) == (
        "approved",
        "ann",
        "I looked",
        waiting.asked.hash,
    )
    assert "Waits for your yes until" in shown
    assert f"starter.py approve {waiting.asked.cycle_id} --hash {waiting.asked.hash[:8]}" in shown
    assert "| MSFT | buy | 10 |" in shown
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_the_web_ui_answers_by_signal_and_sees_why_an_answer_did_not_count(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    async with serving(temporal.client, ports):
        waiting = await begun(temporal.client)
        await waiting.handle.signal(TradingCycle.approval_given, waiting.answer(hash="0" * 8))
        assert "**Not taken:** the hash 00000000 is not that of the orders that wait" in await _details(waiting)
        typed = f'{{"cycle_id": "{waiting.asked.cycle_id}", "hash": "{waiting.asked.hash[:8]}", "by": "ann"'
        await temporal_cli(
            temporal.client.service_client.config.target_host,
            *("workflow", "signal", "--workflow-id", waiting.handle.id, "--name", "approval_given"),
            *("--input", f'{typed}, "only": ["MSFT"]}}'),
        )
        assert await waiting.states() == {"AAPL": "denied", "MSFT": "filled"}
    (told,) = await ended(ports)
    assert (told["end"], [order["approved"] for order in told["orders"]]) == ("partly", [False, True])


@pytest.mark.faults
async def test_a_no_by_update_or_signal_lets_nothing_go(temporal: WorkflowEnvironment, ports: Ports) -> None:
    async with serving(temporal.client, ports):
        waiting = await begun(temporal.client)
        approval = await waiting.handle.execute_update(TradingCycle.reject, waiting.answer())
        assert (approval.end, approval.approved) == (ApprovalEnd.REJECTED, ())
        assert await waiting.states() == {"AAPL": "denied", "MSFT": "denied"}
        waiting = await begun(temporal.client)
        await waiting.handle.signal(TradingCycle.approval_refused, waiting.answer())
        assert await waiting.states() == {"AAPL": "denied", "MSFT": "denied"}
    assert not await ports.broker.orders("main")
    assert await findings(ports) == ()


async def told_of(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """What a history tells, but for the tasks of its worker: a busy one may take a look at an update twice."""
    kinds = [HistoryEventType.Name(event.event_type) for event in (await handle.fetch_history()).events]
    return [kind for kind in kinds if "WORKFLOW_TASK" not in kind]


async def sleeps(handle: WorkflowHandle[Any, Any]) -> bool:
    return (await told_of(handle))[-1].endswith("TIMER_STARTED")


@pytest.mark.faults
async def test_what_does_not_count_is_refused_in_a_sentence_and_leaves_no_trace(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    async with serving(temporal.client, ports):
        first = await begun(temporal.client, "AAPL")
        await first.handle.execute_update(TradingCycle.approve, first.answer())
        await first.states()
        waiting = await begun(temporal.client)
        await until(lambda: sleeps(waiting.handle))  # it has told, and waits
        before = await told_of(waiting.handle)
        words = [
            await waiting.refused(hash=first.asked.hash),
            await waiting.refused(cycle_id=first.asked.cycle_id),
            await waiting.refused(hash=waiting.asked.hash[:7]),
            await waiting.refused(only=("AAPL", "IBM")),
            await waiting.refused(by=" "),
            await waiting.refused(TradingCycle.reject, only=("AAPL",)),
        ]
        assert await told_of(waiting.handle) == before
        await waiting.handle.execute_update(TradingCycle.reject, waiting.answer())
        replayed = await waiting.refused()
        await waiting.states()
    assert [one.partition(":")[0] for one in words] == [
        f"the hash {first.asked.hash[:12]} is not that of the orders that wait, {waiting.asked.hash[:12]}",
        f"the answer is for cycle {first.asked.cycle_id}, this is {waiting.asked.cycle_id}",
        "the hash needs at least 8 digits, as the table shows them",
        "IBM does not wait",
        "say who answers, in 1 to 80 characters",
        "a no is for all that waits",
    ]
    assert "rejected by ann" in replayed
    assert len(await ended(ports)) == 2


@pytest.mark.faults
async def test_of_two_answers_at_once_one_counts(temporal: WorkflowEnvironment, ports: Ports) -> None:
    async with serving(temporal.client, ports):
        waiting = await begun(temporal.client)
        words = [(TradingCycle.approve, "ann"), (TradingCycle.reject, "bob")] * 3
        updates = (waiting.handle.execute_update(update, waiting.answer(by=by)) for update, by in words)
        answers = await asyncio.gather(*updates, return_exceptions=True)
        counted = [one for one in answers if isinstance(one, Approval)]
        assert len(counted) == 1
        states = await waiting.states()
    assert set(states.values()) == {"filled" if counted[0].approved else "denied"}
    (told,) = await ended(ports)
    assert told["by"] == counted[0].by


@pytest.mark.faults
async def test_silence_is_no_when_the_time_is_over(skipping: WorkflowEnvironment, ports: Ports) -> None:
    async with serving(skipping.client, ports):
        report = await cycle(skipping.client, request("AAPL", "MSFT"))
        late = Answer(cycle_id=report.cycle_id, hash="0" * 8, by="ann")
        handle = skipping.client.get_workflow_handle_for(TradingCycle.run, f"cycle/{report.cycle_id}")
        with pytest.raises(RPCError) as gone:
            await handle.execute_update(TradingCycle.approve, late)
    assert gone.value.status is RPCStatusCode.NOT_FOUND
    assert {row.order_state for row in report.rows} == {"denied"}
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    (told,) = await ended(ports)
    asked_at, ended_at = datetime.fromisoformat(told["asked_at"]), datetime.fromisoformat(told["expires_at"])
    assert (told["end"], (ended_at - asked_at).total_seconds()) == ("expired", 900)
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_exits_of_the_same_cycle_do_not_wait(temporal: WorkflowEnvironment, ports: Ports) -> None:
    async with serving(temporal.client, ports.but(rules=GateRules())):
        await cycle(temporal.client, request("AAPL"))
    selling = ScriptedModel({Agent.DATA: _sells_apple})
    async with serving(temporal.client, ports.but(model=selling)):
        waiting = await begun(temporal.client)
        held = await ports.ledger.portfolio("main")
        assert (held.held("AAPL"), waiting.asked.symbols) == (Decimal(0), ("MSFT",))
        await waiting.handle.execute_update(TradingCycle.reject, waiting.answer())
        assert await waiting.states() == {"AAPL": "filled", "MSFT": "denied"}
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_price_that_drifts_between_the_yes_and_the_order_is_denied(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    drifting = Drifting(ports.market)
    async with serving(temporal.client, ports.but(market=drifting)):
        waiting = await begun(temporal.client)
        drifting.factors = {"AAPL": Decimal("1.02"), "MSFT": Decimal("1.005")}
        await waiting.handle.execute_update(TradingCycle.approve, waiting.answer())
        assert await waiting.states() == {"AAPL": "denied", "MSFT": "filled"}
        report = await waiting.handle.result()
    assert "that was approved, at most 1.00%" in {row.symbol: row.note for row in report.rows}["AAPL"]


@pytest.mark.faults
async def test_only_large_entries_wait_where_the_strategy_says_so(temporal: WorkflowEnvironment, ports: Ports) -> None:
    large = ApprovalTerms(mode=ApprovalMode.ABOVE_NOTIONAL, above_usd=Decimal(1_000_000))
    async with serving(temporal.client, ports.but(rules=GateRules(approval=large))):
        report = await outcome(temporal.client, await ask(temporal.client, request("AAPL")))
    assert [row.order_state for row in report.rows] == ["filled"]
    assert await ended(ports) == []


class Drifting:
    """A market whose newest prices are so many times what they are, once a test says so."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.factors: dict[str, Decimal] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Any]:
        known = await self._market.quotes(symbols, as_of)
        return {symbol: self._moved(symbol, quote) for symbol, quote in known.items()}

    def _moved(self, symbol: str, quote: object) -> object:
        if symbol not in self.factors or not isinstance(quote, Quote):
            return quote
        price = (quote.last * self.factors[symbol]).quantize(Decimal("0.01"))
        return quote.model_copy(update={"bid": price, "ask": price, "last": price})


def _sells_apple(question: Question) -> Words:
    return (model.sells if question.facts["symbol"] == "AAPL" else model.buys("10"))(question)


async def _details(waiting: Waiting) -> str:
    """What the Web UI shows of the cycle."""
    return str(await waiting.handle.query("__temporal_workflow_metadata"))
