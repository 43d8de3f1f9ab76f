"""A desk of this process: books, market and broker in memory, and the activities over them, opened on a plan's cash."""

from __future__ import annotations

from dataclasses import dataclass

from activities import clock
from activities.agents import AgentActivities
from activities.breaker import BreakerActivities
from activities.closing import NO_BENCHMARK, Exchange
from activities.gate import Gate
from activities.ledger import LedgerActivities
from activities.market import MarketActivities
from activities.memory import MemoryActivities, Shelf
from activities.opening import OpeningActivities
from activities.orders import OrderActivities
from activities.reconciling import ReconcilingActivities
from activities.rules import RuleActivities
from activities.shadow import ShadowActivities
from activities.standing import StandingActivities
from adapters.earnings_file import EarningsFile
from adapters.memory.snapshots import MemorySnapshots
from backtest.cycles.asking import Asking
from backtest.cycles.bar_broker import BarBroker
from backtest.cycles.clock import BarClock
from backtest.cycles.deciders import Deciders
from backtest.cycles.journal import RunJournal
from backtest.cycles.market import PanelMarket
from backtest.cycles.meter import Meter
from backtest.cycles.near import ReplayLedger
from backtest.cycles.ruling import DirectRules
from backtest.cycles.sending import DirectSending
from backtest.cycles.shelf import shelf_of
from backtest.cycles.sizing import SizedRules
from backtest.cycles.steps import DirectSteps, Hands
from backtest.cycles.terms import DESK, gate_rules_of, limits_of, strategy_of
from trading.backtest_plan import Plan
from trading.desk import DeskOpening
from trading.errors import BadConfiguration
from trading.ports import Journal
from trading.strategy import ChangeRefused, StrategyChange, first_strategy


@dataclass(frozen=True, slots=True)
class Desk:
    """What a replay plays with."""

    clock: BarClock
    market: PanelMarket
    ledger: ReplayLedger
    broker: BarBroker
    journal: Journal
    hands: Hands
    steps: DirectSteps
    meter: Meter
    shelf: Shelf | None = None

    @classmethod
    def of(cls, plan: Plan, market: PanelMarket, deciders: Deciders, bell: BarClock) -> Desk:
        """The desk of a plan on a market, by the clock of its bars."""
        calendar, ledger, snapshots = market.calendar, ReplayLedger(bell), MemorySnapshots(most=2)
        broker = BarBroker(DESK, plan, bell, market.listed)
        journal = deciders.journal or RunJournal(deciders.meter)
        rules, limits = gate_rules_of(plan), limits_of(plan)
        sized = deciders.rules if plan.sizing is None else SizedRules(deciders.rules, plan.sizing)
        shelf, costs = shelf_of(plan), plan.frictions.costs
        memory = None if shelf is None else shelf.memory
        exchange = Exchange(market, calendar, plan.benchmark or NO_BENCHMARK)
        hands = Hands(
            gate=Gate(market, calendar, ledger, rules, memory),
            market=MarketActivities(market, calendar, snapshots, rules.max_data_age),
            books=LedgerActivities(ledger, snapshots),
            breaker=None if plan.breaker is None else BreakerActivities(ledger, plan.breaker),
            rules=DirectRules(RuleActivities(snapshots, sized), snapshots, market),
            agents=AgentActivities(deciders.cast, journal, snapshots, deciders.budget, memory),
            asking=Asking(deciders.meter, deciders.pauses),
            standing=StandingActivities(broker, market, calendar, EarningsFile(None), rules.max_data_age),
            shadow=ShadowActivities(ledger, market, calendar, costs),
            reconciling=ReconcilingActivities(broker, ledger, market, calendar, limits),
            sending=DirectSending(OrderActivities(broker, ledger, market)),
            ledger=ledger,
            memory=None if shelf is None else MemoryActivities(shelf, ledger, snapshots, exchange, costs),
        )
        return cls(bell, market, ledger, broker, journal, hands, DirectSteps(hands), deciders.meter, shelf)

    async def idle(self) -> None:
        """Wait until no question is under way."""
        if isinstance(self.journal, RunJournal):
            await self.journal.idle()

    async def open(self, plan: Plan) -> None:
        """Open the books on what the account holds, and give the plan's strategy all of it.

        Raises BadConfiguration for a strategy that no desk would take.
        """
        opening = DeskOpening(desk_id=DESK, trace_id="opening", at=clock.now())
        await OpeningActivities(self.broker, self.ledger).open_desk(opening)
        wanted, first = strategy_of(plan), first_strategy()
        if wanted == first:
            return
        is_new = wanted.strategy_id != first.strategy_id
        change = StrategyChange(
            desk_id=DESK, change_id="test", strategy=wanted, is_new=is_new, by="backtest", at=clock.now()
        )
        leaving = {"change_id": "leave", "strategy": first, "is_new": False, "removed": True}
        changes = (change.model_copy(update=leaving), change) if is_new else (change,)
        changed = await self.ledger.change_strategies(changes, limits_of(plan))
        if isinstance(changed, ChangeRefused):
            raise BadConfiguration(changed.because)
