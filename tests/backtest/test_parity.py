"""The same sessions once through Temporal, Postgres and the paper broker, and once replayed: the same desk."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.gate import GateRules
from adapters.paper_broker import PaperTerms
from adapters.postgres.ledger import PostgresLedger
from backtest.cycles.deciders import Deciders
from backtest.cycles.run import live_through
from backtest.cycles.terms import DESK, TESTED, strategy_of
from tests.backtest import panels
from tests.rig import Ports, cycle, findings, request, serving
from tests.workflows.breaking import opened
from trading.audit import Books, audit
from trading.backtest_plan import FillAt, Frictions, Plan
from trading.breaker import CircuitBreaker
from trading.breaker_rules import BreakerLook, BreakerRules
from trading.costs import Costs
from trading.events import Event, EventType, content_hash
from trading.limits import Limits
from trading.precedents import Heed
from trading.steps import Trigger
from trading.strategy import AGENTS, StrategyChange, first_strategy

SYMBOLS = ("AAPL", "CAT", "GE", "JPM", "MSFT", "WMT", "XOM", "BAC")
# Sixty sessions go by in a minute of the live desk: what is counted by the wall's clock must not bind there.
UNHURRIED = Limits(max_orders_per_minute=100_000, max_daily_usd=Decimal("1e12"), max_daily_turnover=Decimal(1000))
# So tight that it halts and goes on within the days. The agents' own drawdown never ends: what is sold gains nothing.
TIGHT = BreakerRules(
    max_drawdown=Decimal("0.006"),
    resume_drawdown=Decimal("0.003"),
    max_daily_loss=Decimal("0.003"),
    max_weekly_loss=Decimal("0.005"),
    max_losing_trades=2,
    wins_to_resume=1,
)
BREAKERS = {"sma-crossover": TIGHT, AGENTS: TIGHT.model_copy(update={"max_drawdown": Decimal("0.2")})}
COSTS = Costs(slippage_bps=Decimal(3), commission_per_order=Decimal(1), commission_bps=Decimal(2))
# Written when a desk is set up, or with the name of the market.
# Nothing halts: a desk that is refused what it wants loses, and this one is to go on.
CALM = BreakerRules(min_sharpe=Decimal(-1000), max_daily_loss=Decimal(1), max_weekly_loss=Decimal(1))
_OF_THE_PLACE = frozenset({EventType.DESK_OPENED, EventType.STRATEGY_CHANGED, EventType.SNAPSHOT_TAKEN})


class AtTheMark(PostgresLedger):
    """Books whose breaker goes by the time that they have come to.

    Live that is the server's, and there sixty sessions are one minute of one day: no loss of a day would ever be over,
    and no resumption a week old. In a replay the market's last moment is the present.
    """

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        """Look at the moment of the newest mark."""
        marked_at = (await self.portfolio(look.desk_id)).marked_at
        return await super().judge(look.model_copy(update={"at": marked_at or look.at}))


def plan(strategy: str, sessions: int, breaker: BreakerRules | None = None, heed: Heed | None = None) -> Plan:
    panel = panels.sample()
    return Plan(
        strategy=strategy,
        parameters={} if strategy == AGENTS else {"fast": 5, "slow": 20, "parts": 4},
        symbols=SYMBOLS,
        cash=Decimal("100000.00"),
        from_on=panels.day(panel, len(panel.days) - sessions),
        to_on=panels.day(panel, len(panel.days) - 1),
        frictions=Frictions(costs=COSTS, volume_share=Decimal("0.1"), ticks=True),
        fill=FillAt.CLOSE,
        intrabar=False,
        limits=UNHURRIED.model_copy(update={"duplicate_minutes": 0}),
        breaker=breaker,
        heed=heed,
    )


async def lived(temporal: WorkflowEnvironment, engine: AsyncEngine, plan: Plan) -> Books:
    """The books of a desk that ran a cycle at each close, all on real servers."""
    assert plan.limits is not None
    terms = PaperTerms(**dict(plan.frictions.costs), opening_cash=plan.cash)
    held_to = plan.breaker or BreakerRules()
    rules = GateRules(limits=plan.limits, shadow=plan.breaker is not None and held_to.shadow, remembers=bool(plan.heed))
    ports = Ports.real(engine, panels.SAMPLE, terms).but(
        rules=rules, breaker=held_to, costs=plan.frictions.costs, ledger=AtTheMark(engine)
    )
    ports = ports.but(shelf=replace(ports.shelf, heed=plan.heed or ports.shelf.heed))
    async with serving(temporal.client, ports):
        await opened(temporal.client, ports, DESK)
        await _given(ports.ledger, plan)
        for session in panels.CALENDAR.sessions(plan.from_on, plan.to_on):
            asked = request(
                *plan.symbols,
                strategy_id=strategy_of(plan).strategy_id,
                trigger=Trigger.SCHEDULED,
                as_of=session.closes_at,
            )
            await cycle(temporal.client, asked, DESK)
        assert await findings(ports, DESK) == ()
        return await ports.ledger.books(DESK)


async def _given(ledger: object, plan: Plan) -> None:
    """The plan's strategy in place of the desk's first."""
    assert isinstance(ledger, PostgresLedger)
    wanted = strategy_of(plan)
    if wanted.strategy_id != TESTED:
        return
    at = panels.CALENDAR.sessions(plan.from_on, plan.to_on)[0].opens_at
    new = StrategyChange(desk_id=DESK, change_id="test", strategy=wanted, is_new=True, by="test", at=at)
    old = {"change_id": "leave", "strategy": first_strategy(), "is_new": False, "removed": True}
    changed = await ledger.change_strategies((new.model_copy(update=old), new), plan.limits or Limits())
    assert isinstance(changed, tuple), changed


def said(books: Books) -> list[list[tuple[str, str, str]]]:
    """What the log says up to the end of each cycle, whenever and under whatever ids it was said.

    The fill of a stop is told before the replay's cycle, and live in its first step: between two ends the order is left
    aside.
    """
    told: list[list[tuple[str, str, str]]] = [[]]
    for event in (one.event for one in books.events if one.event.type not in _OF_THE_PLACE):
        told[-1].append((event.type.value, str(event.data.get("symbol", "")), content_hash(_comparable(event))))
        if event.type is EventType.CYCLE_COMPLETED:
            told.append([])
    return [sorted(cycle) for cycle in told]


def _comparable(event: Event) -> Event:
    """An event without what the wall's day had left, and what the broker last valued its account at.

    The paper broker on Postgres values what is held when an order moves there, the one over bars at each close. No
    limit looks at that.
    """
    data: dict[str, Any] = dict(event.data)
    if "rooms" in data:
        data["rooms"] = [room for room in data["rooms"] if not room["limit"].startswith("max_daily")]
    if data.get("standing"):
        account = {name: value for name, value in data["standing"]["account"].items() if name != "equity"}
        data["standing"] = {**data["standing"], "account": account}
    return event.model_copy(update={"data": data})


def turns(books: Books) -> list[tuple[int, str, str]]:
    """Each change of the trading state: in which cycle, to what, and why."""
    found, cycle = [], 0
    for event in (one.event for one in books.events):
        cycle += event.type is EventType.CYCLE_STARTED
        if event.type is EventType.TRADING_STATE_CHANGED:
            found.append((cycle, str(event.data["state"]), str(event.data["reason"])))
    return found


def accounts(books: Books) -> dict[str, object]:
    """The money and the shares, as the books have them."""
    held = [one.model_dump(exclude={"lots"}) for one in books.portfolio.positions]
    bought = [one.model_dump(include={"symbol", "side", "quantity", "price", "commission"}) for one in books.fills]
    return {"cash": books.portfolio.cash, "held": held, "fills": bought, "peak": books.portfolio.peak_equity}


async def both(temporal: WorkflowEnvironment, engine: AsyncEngine, plan: Plan) -> tuple[Books, Books]:
    live = await lived(temporal, engine, plan)
    desk = (await live_through(panels.sample(), plan, Deciders())).desk
    replayed = await desk.ledger.whole_books(DESK)
    assert audit(replayed, await desk.broker.orders(DESK)) == ()
    return live, replayed


@pytest.mark.parametrize(
    ("strategy", "halts"),
    [
        pytest.param("sma-crossover", True, id="sma-crossover-halted"),
        pytest.param("sma-crossover", False, id="sma-crossover-unhalted", marks=pytest.mark.soak),
        pytest.param(AGENTS, True, id="agents-halted", marks=pytest.mark.soak),
        pytest.param(AGENTS, False, id="agents-unhalted", marks=pytest.mark.soak),
    ],
)
@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_sixty_sessions_lived_and_replayed_are_the_same_desk(
    temporal: WorkflowEnvironment, engine: AsyncEngine, strategy: str, *, halts: bool
) -> None:
    live, replayed = await both(temporal, engine, plan(strategy, 60, BREAKERS[strategy] if halts else None))
    kinds = Counter(stored.event.type for stored in live.events)
    assert kinds[EventType.TRADE_EXECUTED] > 10, kinds
    if halts:
        assert [state for _, state, _ in turns(live)][:2] == ["HALTED", "ACTIVE"]
        assert kinds[EventType.SHADOW_OPENED], kinds
    assert turns(replayed) == turns(live)
    assert accounts(replayed) == accounts(live)
    assert said(replayed) == said(live)


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_a_desk_that_remembers_is_the_same_replayed(temporal: WorkflowEnvironment, engine: AsyncEngine) -> None:
    live, replayed = await both(temporal, engine, plan(AGENTS, 60, CALM, Heed(failed_times=1, similar_distance=3)))
    kinds = Counter(stored.event.type for stored in live.events)
    assert not kinds[EventType.MEMORY_AWAY], kinds
    assert kinds[EventType.LESSON_LEARNED] > 10, kinds
    assert any(stored.event.data.get("limit") == "precedent" for stored in live.events)
    assert accounts(replayed) == accounts(live)
    assert said(replayed) == said(live)
