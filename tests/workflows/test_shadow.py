"""A halted desk on real servers: it loses, stops, thinks, is proved right, and goes on by itself at half size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.gate import GateRules
from adapters.file_market import FileMarket
from adapters.paper_broker import PaperBroker, PaperTerms
from tests.fakes import model
from tests.fakes.model import Says, ScriptedModel, Words
from tests.rig import CALENDAR, Ports, cycle, desk_of, findings, in_state, request, serving
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent, Question
from trading.breaker import Rule, TradingState
from trading.desk import HaltAsked
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType
from trading.shadow import Ending
from workflows.trading_desk import TradingDesk

SYMBOLS = ("AA", "BB", "CC", "DD", "EE")
SESSIONS = CALENDAR.sessions(date(2025, 6, 2), date(2026, 10, 30))
Day = tuple[float, float, float, float]
# Open, low, high, close of the last days: bought, sold at a loss, thought of, the target met between two looks, after.
SCRIPT: Sequence[Day] = (
    (100, 99, 101, 100),
    (97, 91, 98, 92),
    (92, 91, 93, 92),
    (92, 91, 99, 93),
    (93, 92, 94, 93),
)


def market(folder: Path) -> FileMarket:
    """Five symbols that do the same: a long calm, then the script."""
    calm = [(99.5 + (n % 5) / 4, 99, 101, 100 + (n % 3) / 4) for n in range(len(SESSIONS) - len(SCRIPT))]
    days = [
        f"{session.session_on},{first},{high},{low},{close},1000000"
        for session, (first, low, high, close) in zip(SESSIONS, [*calm, *SCRIPT], strict=True)
    ]
    for symbol in SYMBOLS:
        (folder / f"{symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *days]) + "\n")
    return FileMarket(folder, CALENDAR)


class Swayed(ScriptedModel):
    """A model whose DataAgent says what it is told to say today."""

    def __init__(self) -> None:
        super().__init__({Agent.DATA: self._today})
        self.says: Says = model.holds

    def _today(self, question: Question) -> Words:
        return self.says(question)


def ports_of(engine: AsyncEngine, folder: Path, said: Swayed, *, shadow: bool = True) -> Ports:
    prices = market(folder)
    real = Ports.real(engine, folder).but(market=prices, model=said, rules=GateRules(shadow=shadow))
    return real.but(broker=PaperBroker(engine, prices, PaperTerms()))


async def day(environment: WorkflowEnvironment, number: int) -> CycleReport:
    """A cycle at the close of one of the script's days."""
    at = SESSIONS[len(SESSIONS) - len(SCRIPT) + number].closes_at
    return await cycle(environment.client, request(*SYMBOLS, as_of=at))


def filled(report: CycleReport) -> list[int]:
    return [int(row.filled or 0) for row in report.rows]


@pytest.mark.faults
async def test_a_desk_halted_by_losing_trades_thinks_until_it_wins_and_goes_on_at_half_size(
    temporal: WorkflowEnvironment, engine: AsyncEngine, tmp_path: Path, keep: Keep
) -> None:
    said = Swayed()
    ports = ports_of(engine, tmp_path, said)
    async with serving(temporal.client, ports):
        said.says = model.buys("10")
        bought = await day(temporal, 0)
        said.says = model.sells
        sold = await day(temporal, 1)
        await in_state(desk_of(temporal.client), TradingState.HALTED)
        before = await ports.ledger.portfolio("main")
        said.says = model.buys("10", stop=80, target=98)
        thought = await day(temporal, 2)
        sent = await ports.broker.orders("main")
        after_thoughts = (await ports.ledger.portfolio("main")).model_copy(update={"marked_at": before.marked_at})
        resumed = await day(temporal, 3)
        await in_state(desk_of(temporal.client), TradingState.ACTIVE)
        breaker = await desk_of(temporal.client).query(TradingDesk.circuit_breaker)
        said.says = model.buys("12")
        later = await day(temporal, 4)
        await keep("cycle-shadowed", temporal.client.get_workflow_handle(f"cycle/{thought.cycle_id}"))
        await keep("cycle-resumed-by-wins", temporal.client.get_workflow_handle(f"cycle/{resumed.cycle_id}"))
    books = await ports.ledger.books("main")
    trips = [e.event for e in books.events if e.event.type is EventType.TRADING_STATE_CHANGED]
    assert [filled(report) for report in (bought, sold)] == [[10] * 5] * 2
    assert (thought.outcome, thought.shadow) == (CycleOutcome.SHADOWED, True)
    assert {row.order_state for row in thought.rows} == {"shadow"}
    assert [order for order in sent if thought.cycle_id in order.client_order_id] == []
    assert after_thoughts == before
    assert [(one.ending, one.pnl is not None and one.pnl > 0) for one in books.shadows] == [(Ending.TARGET, True)] * 5
    assert [event.data["state"] for event in trips] == [TradingState.HALTED, TradingState.ACTIVE]
    assert trips[1].data["changed_by"] == "breaker"
    assert str(Rule.LOSING_TRADES) in str(trips[0].data["breaker"])
    assert (resumed.outcome, filled(resumed)) == (CycleOutcome.TRADED, [5] * 5)
    assert (breaker.state, breaker.probation_left, len(breaker.resumes)) == (TradingState.ACTIVE, 0, 1)
    assert filled(later) == [12] * 5
    assert await findings(ports) == ()


@pytest.mark.faults  # three cycles more on real servers; the rules behind it are held by the tests of the breaker
async def test_a_desk_halted_by_a_person_thinks_too_and_is_not_let_go_by_its_wins(
    temporal: WorkflowEnvironment, engine: AsyncEngine, tmp_path: Path
) -> None:
    said = Swayed()
    ports = ports_of(engine, tmp_path, said)
    async with serving(temporal.client, ports):
        first = await day(temporal, 1)
        await desk_of(temporal.client).signal(TradingDesk.halt, HaltAsked(reason="lunch", by="ann"))
        said.says = model.buys("10", target=98)
        thought = await day(temporal, 2)
        again = await day(temporal, 3)
    assert first.outcome is CycleOutcome.NO_SIGNALS
    assert [report.outcome for report in (thought, again)] == [CycleOutcome.SHADOWED] * 2
    shadows = (await ports.ledger.books("main")).shadows
    assert [one.ending for one in shadows] == [Ending.TARGET] * 5 + [None] * 5
    assert (await ports.ledger.portfolio("main")).trading_state is TradingState.HALTED
    assert await ports.broker.orders("main") == ()
    assert await findings(ports) == ()


@pytest.mark.faults  # the quick tier sees the skip by the pipeline's own tests
async def test_without_shadow_a_halted_desk_skips(
    temporal: WorkflowEnvironment, engine: AsyncEngine, tmp_path: Path
) -> None:
    ports = ports_of(engine, tmp_path, Swayed(), shadow=False)
    async with serving(temporal.client, ports):
        await day(temporal, 1)
        await desk_of(temporal.client).signal(TradingDesk.halt, HaltAsked(reason="lunch", by="ann"))
        skipped = await day(temporal, 2)
    assert (skipped.outcome, skipped.shadow) == (CycleOutcome.SKIPPED, False)
    assert "HALTED" in skipped.reason
