"""One pass through the pipeline, with what it has learned so far: what each of its parts reads and adds to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading import cycle_events as say
from trading.agents.budget import Strain, most_strained
from trading.agents.facts import Books
from trading.agents.questions import Agent
from trading.breaker import CircuitBreaker, TradingState
from trading.constraints import Case
from trading.docket import Docket
from trading.events import Event
from trading.limits import Own
from trading.market import SnapshotSummary
from trading.orders import Leg
from trading.portfolio import Portfolio
from trading.shadow import ShadowTrade, shadow_portfolio
from trading.steps import Cycle, Heard, MarkAsked, Opening, ScoringAsked, SnapshotAsked, Stage, Steps, Terms


class Run:
    """A running cycle. `portfolio` is the desk's, `own` the strategy's part of it, which is what its decider is told.

    In `shadow` nothing is sent; `shadows` are the strategy's open shadow trades. `strain` is the most that the budget
    for models was strained so far: a cycle that once heard that it is spent opens nothing any more.
    """

    opening: Opening
    snapshot: SnapshotSummary
    portfolio: Portfolio
    own: Portfolio
    breaker: CircuitBreaker

    def __init__(self, steps: Steps, cycle: Cycle) -> None:
        self.steps = steps
        self.cycle = cycle
        self.docket = Docket(cycle.request.symbols)
        self.known: dict[str, object] = {}
        self.code = ""
        self.shadow = False
        self.shadows: tuple[ShadowTrade, ...] = ()
        self.strain = Strain()

    @property
    def stage(self) -> Stage:
        """The cycle at the moment it reasons about."""
        return Stage(cycle=self.cycle, as_of=self.opening.as_of, in_session=self.opening.in_session)

    @property
    def books(self) -> Books:
        """What a decider is told of the books."""
        return Books.of(self.own)

    @property
    def case(self) -> Case:
        """What proposals and orders are held to; in shadow, with what was thought as if it were held."""
        own = shadow_portfolio(self.own, self.shadows) if self.shadow else self.own
        whole = self.opening.strategy.is_whole_desk
        return Case(
            cycle=self.cycle,
            snapshot=self.snapshot,
            portfolio=own if whole else self.portfolio,
            own=None if whole else Own(portfolio=own, limits=self.opening.strategy.limits),
            size=self.breaker.size,
            thought=tuple(one.symbol for one in self.shadows if self.shadow and one.leg is Leg.ENTRY),
            **{name: getattr(self.opening, name) for name in ("limits", "style", "closes_at")},
        )

    async def look(self) -> None:
        """Look at the market once, for all, and value the books at what was seen.

        By then the breaker has the last word on whether the cycle trades: shadow trades are scored first, so that a
        desk which these let go on does so now.
        """
        opening = self.opening
        if opening.shadowed:
            known = {"desk_id": self.cycle.desk_id, "trace_id": self.cycle.trace_id}
            open_trades = await self.steps.score(ScoringAsked(as_of=opening.as_of, **known))
            ours = self.cycle.request.strategy_id
            self.shadows = tuple(one for one in open_trades if one.strategy_id == ours)
        thinks = opening.only_thinks or (opening.shadow and opening.trading_state is TradingState.HALTED)
        thought = {one.symbol for one in self.shadows} if thinks else set()
        symbols = tuple(sorted({*self.cycle.request.symbols, *opening.held, *thought}))
        self.snapshot = await self.steps.snapshot(SnapshotAsked(stage=self.stage, symbols=symbols))
        await self.mark()
        self.shadow = opening.only_thinks or (opening.shadow and self.breaker.state is TradingState.HALTED)
        self.docket.priced(self.snapshot)
        await self.record(say.snapshot_taken(self.cycle, self.opening, self.snapshot, self.steps.now()))

    async def mark(self) -> None:
        """Value the books at the snapshot and judge by that; after the orders once more, for their slippage."""
        marked = await self.steps.mark(MarkAsked(stage=self.stage, snapshot_id=self.snapshot.snapshot_id))
        self.breaker = await self.steps.judge(self.stage)
        state = {"trading_state": self.breaker.state}
        self.portfolio = marked.desk.model_copy(update=state)
        self.own = (marked.own or marked.desk).model_copy(update=state)

    def terms(self, agent: Agent) -> Terms:
        """On what terms the strategy has an agent asked."""
        return Terms.of(self.opening.strategy, agent)

    def hear(self, *heard: Heard[Any]) -> None:
        """Remember how strained the budget was when these agents answered."""
        self.strain = most_strained([self.strain, *(one.strain for one in heard if one.strain is not None)])

    def tell(self, words: str) -> None:
        """Say in a few words where the cycle stands."""
        self.steps.tell(words, self.docket.rows)

    async def record(self, events: Sequence[Event]) -> None:
        """Write the events of one step."""
        if events:
            await self.steps.record([say.in_shadow(event) for event in events] if self.shadow else events)
