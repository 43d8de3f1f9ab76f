"""Two at once: cycles that overlap although no desk lets them, and halts that come while orders are on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing import AuditActivities
from activities.ledger import LedgerActivities
from activities.opening import OpeningActivities
from activities.orders import OrderActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.snapshots import PostgresSnapshots
from tests.fakes.market import FakeMarket
from tests.fakes.steps import PRICES, FakeSteps
from tests.faults.proving import tell
from tests.making import AT, DESK, TRACE, after, cycle, intent, quote, request, sending, signal
from trading.audit import Finding, audit
from trading.breaker import StateChange, TradingState
from trading.cycle import run_cycle
from trading.desk import DeskOpening
from trading.errors import BooksDisagree
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.orders import Order, OrderRequest, OrderState
from trading.settlement import Denied, IntentAsked
from trading.steps import Cycle, MarkAsked, Marked

SEED = 20261125
ROOMY = Limits(sizing_margin=Decimal(0), max_orders_per_minute=100_000, max_orders_per_day=100_000, duplicate_minutes=0)


class Floor:
    """One desk on the real ledger and the real paper broker, with prices that stand still."""

    def __init__(self, engine: AsyncEngine) -> None:
        market = FakeMarket()
        for symbol, (price, _) in PRICES.items():
            market.quote(symbol, price, price, AT)
        self.broker = PaperBroker(engine, market, PaperTerms(slippage_bps=Decimal(0)))
        self.ledger = PostgresLedger(engine)
        self.orders = OrderActivities(self.broker, self.ledger, market)
        self.books = LedgerActivities(self.ledger, PostgresSnapshots(engine))

    async def open(self, desk_id: str = DESK) -> None:
        opening = DeskOpening(desk_id=desk_id, trace_id=TRACE, at=after(-1))
        await OpeningActivities(self.broker, self.ledger).open_desk(opening)

    async def findings(self, desk_id: str = DESK) -> list[Finding]:
        """What the audit finds, but that cycles overlap: that is the point."""
        found = audit(await self.ledger.books(desk_id), await self.broker.orders(desk_id))
        return [one for one in found if one.invariant != "I10"]


class LedgerSteps(FakeSteps):
    """The agents and the market of a test, with the real books and the real broker behind the intents."""

    def __init__(self, floor: Floor) -> None:
        super().__init__()
        self.floor = floor
        self.limits = ROOMY

    async def record(self, events: Sequence[Event]) -> None:
        await self.floor.ledger.record(events)

    async def mark(self, asked: MarkAsked) -> Marked:
        quotes = {symbol: quote(symbol, price) for symbol, (price, _) in PRICES.items()}
        return Marked(desk=await self.floor.ledger.mark(DESK, quotes, asked.stage.as_of))

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        return await self.floor.ledger.intend(asked)

    async def execute(self, request: OrderRequest) -> Order:
        return await self.floor.orders.submit_order(sending(request))

    async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:
        return ()


@pytest.mark.faults
@pytest.mark.parametrize(
    "pairs", [pytest.param(20, marks=pytest.mark.faults), pytest.param(200, marks=pytest.mark.soak)]
)
async def test_the_limits_hold_over_two_cycles_that_run_at_once(engine: AsyncEngine, pairs: int) -> None:
    chance, floor = Random(SEED), Floor(engine)
    await floor.open()

    def decided(number: int) -> tuple[LedgerSteps, Cycle]:
        steps = LedgerSteps(floor)
        for symbol in PRICES:
            if chance.random() < 0.5:
                steps.signals[symbol] = signal(symbol, "buy", weight=str(chance.choice((0.05, 0.15, 0.2, 0.3))))
            else:
                steps.signals[symbol] = signal(symbol, "sell", quantity=None)
        return steps, cycle(*PRICES, number=number)

    for pair in range(pairs):
        both = [run_cycle(*decided(2 * pair + number)) for number in (1, 2)]
        await asyncio.gather(*both)
        portfolio = await floor.ledger.portfolio(DESK)
        assert portfolio.cash >= 0
        assert all(position.value <= portfolio.equity * Decimal("0.2") for position in portfolio.positions)
    books = await floor.ledger.books(DESK)
    answers = [order.state for order in books.orders]
    filled, denied = answers.count(OrderState.FILLED), answers.count(OrderState.DENIED)
    tell(f"seed {SEED}: {pairs} pairs, {filled} filled, {denied} denied")
    assert {OrderState.FILLED, OrderState.DENIED} <= set(answers)
    assert await floor.findings() == []


@pytest.mark.parametrize(
    "halts", [pytest.param(50, marks=pytest.mark.faults), pytest.param(500, marks=pytest.mark.soak)]
)
async def test_after_a_halt_no_order_goes_out_whenever_it_comes(engine: AsyncEngine, halts: int) -> None:
    chance, floor = Random(SEED), Floor(engine)
    sent = stopped = 0

    async def trade(desk_id: str, number: int, pause: float) -> None:
        await asyncio.sleep(pause)
        asked = request(
            list(PRICES)[number], "10", desk_id=desk_id, cycle_id=f"{desk_id}-c", mark=PRICES[list(PRICES)[number]][0]
        )
        if isinstance(await floor.ledger.intend(intent(asked, ROOMY)), Order):
            await floor.orders.submit_order(sending(asked))

    async def halt(desk_id: str, pause: float) -> None:
        await asyncio.sleep(pause)
        change = StateChange(
            desk_id=desk_id,
            change_id="halt-1",
            state=TradingState.HALTED,
            changed_by="test",
            reason="now",
            trace_id=TRACE,
            at=datetime.now(UTC),
        )
        await floor.books.change_state(change)

    async def one(desk_id: str) -> None:
        nonlocal sent, stopped
        await floor.open(desk_id)
        pauses = [chance.uniform(0, most) for most in (0.05, 0.05, 0.05, 0.05, 0.5)]
        await asyncio.gather(*(trade(desk_id, n, pauses[n]) for n in range(4)), halt(desk_id, pauses[4]))
        books = await floor.ledger.books(desk_id)
        told = [(stored.event.type, stored.event.data) for stored in books.events]
        kinds = [kind for kind, _ in told]
        after_halt = kinds[kinds.index(EventType.TRADING_STATE_CHANGED) :]
        assert EventType.ORDER_INTENDED not in after_halt
        assert EventType.ORDER_SUBMITTED not in after_halt
        submitted = {data["client_order_id"] for kind, data in told if kind is EventType.ORDER_SUBMITTED}
        assert {order.client_order_id for order in await floor.broker.orders(desk_id)} == submitted
        sent, stopped = sent + len(submitted), stopped + 4 - len(submitted)

    for first in range(0, halts, 2):
        await asyncio.gather(*(one(f"halted-{number}") for number in range(first, min(first + 2, halts))))
    tell(f"seed {SEED}: {halts} halts, {sent} orders were out before, {stopped} never went")
    assert sent
    assert stopped


async def test_the_same_id_with_other_fields_is_refused_before_the_wire(engine: AsyncEngine) -> None:
    floor = Floor(engine)
    await floor.open()
    asked = request("AAPL", "10")
    assert isinstance(await floor.ledger.intend(intent(asked)), Order)
    for other in (
        asked.model_copy(update={"quantity": Decimal(11)}),
        asked.model_copy(update={"symbol": "MSFT"}),
        asked.model_copy(update={"side": Side.SELL}),
    ):
        with pytest.raises(BooksDisagree):
            await floor.orders.submit_order(sending(other))
    assert await floor.broker.orders(DESK) == ()


@pytest.mark.faults
@pytest.mark.parametrize(
    "times", [1, pytest.param(3, marks=pytest.mark.faults), pytest.param(20, marks=pytest.mark.soak)]
)
async def test_a_desk_that_runs_away_is_capped_halted_and_told_once(engine: AsyncEngine, times: int) -> None:
    floor = Floor(engine)
    limits = ROOMY.model_copy(update={"max_orders_per_minute": 5})
    for number in range(times):
        desk_id = f"away-{number}"
        await floor.open(desk_id)

        async def decide(nth: int, desk_id: str = desk_id) -> Order | Denied:
            cycle_id = f"{desk_id}-{nth}"
            asked = request("KO", "1", desk_id=desk_id, cycle_id=cycle_id, mark="20")
            return await floor.ledger.intend(intent(asked, limits))

        answers = [await decide(nth) for nth in range(100)]
        told = [stored.event.type for stored in (await floor.ledger.books(desk_id)).events]
        assert [isinstance(answer, Order) for answer in answers].count(True) == 5
        assert (await floor.ledger.breaker(desk_id)).changed_by == "limits"
        assert told.count(EventType.ALERT_RAISED) == told.count(EventType.TRADING_STATE_CHANGED) == 1


@pytest.mark.parametrize("planted", ["a decision without its order", "an order without its decision"])
async def test_orders_that_are_not_as_many_as_decisions_halt_the_desk_within_the_cycle(
    engine: AsyncEngine, planted: str
) -> None:
    floor = Floor(engine)
    await floor.open()

    class Buggy(LedgerSteps):
        async def intend(self, asked: IntentAsked) -> Order | Denied:
            if planted == "a decision without its order":
                return Denied(client_order_id=asked.request.client_order_id, breaches=())
            name = f"{asked.request.client_order_id}-again"
            double = asked.request.model_copy(update={"client_order_id": name})
            await self.floor.ledger.intend(asked.model_copy(update={"request": double}))
            return await super().intend(asked)

        async def audit(self, cycle: Cycle) -> tuple[Finding, ...]:
            return await AuditActivities(self.floor.broker, self.floor.ledger).audit_desk(cycle)

    steps = Buggy(floor)
    steps.signals["KO"] = signal("KO", "buy", quantity="5")
    report = await run_cycle(steps, cycle("KO"))
    assert "I13" in {finding.invariant for finding in report.findings}
    assert (await floor.ledger.breaker(DESK)).state is TradingState.HALTED
