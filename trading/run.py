"""One pass through the pipeline, with what it has learned so far: what each of its parts reads and adds to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading import cycle_events as say
from trading.agents.budget import Strain, most_strained
from trading.agents.facts import Books
from trading.agents.questions import Agent
from trading.breaker import CircuitBreaker, TradingState, strictest
from trading.constraints import Case
from trading.cycle_ports import Steps
from trading.docket import Docket
from trading.events import Event
from trading.footing import Footing
from trading.instruments import Symbol
from trading.limits import Giver
from trading.market import SnapshotSummary
from trading.memory import Voice
from trading.orders import Leg
from trading.portfolio import Portfolio
from trading.proposals import Proposal
from trading.shadow import ShadowTrade, shadow_portfolio
from trading.steps import (
    Cycle,
    Heard,
    MarkAsked,
    Marked,
    Opening,
    Recollection,
    ScoringAsked,
    SnapshotAsked,
    Stage,
    Terms,
)


class Run:
    """A running cycle. `portfolio` is the desk's, `own` the strategy's part of it, which is what its decider is told.

    In `shadow` nothing is sent; `shadows` are the strategy's open shadow trades. `strain` is the most that the budget
    for models was strained so far: a cycle that once heard that it is spent opens nothing any more. `proposed` is what
    the limits let pass, `voices` what was said of it by symbol, `recollection` what memory told; of `untold` memories
    nobody has said what they teach.
    """

    opening: Opening
    marked: Marked
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
        self.recollection = Recollection()
        self.untold: tuple[str, ...] = ()
        self.proposed: tuple[Proposal, ...] = ()
        self.voices: dict[str, list[Voice]] = {}

    @property
    def stage(self) -> Stage:
        """The cycle at the moment it reasons about."""
        return Stage(cycle=self.cycle, as_of=self.opening.as_of, in_session=self.opening.in_session)

    @property
    def books(self) -> Books:
        """What a decider is told of the books."""
        return Books.of(self.mine)

    @property
    def mine(self) -> Portfolio:
        """What the strategy has. One that only thinks has nothing else than what it thought: it must know of that."""
        return shadow_portfolio(self.own, self.shadows) if self.opening.only_thinks else self.own

    @property
    def subjects(self) -> tuple[Symbol, ...]:
        """What is decided about: what the cycle was asked to look at, and what the strategy holds.

        Of one that only reduces there is nothing to ask the agents but what to do with what it holds. A rule still
        sees the others: what falls out of a ranking it can only tell beside those. A person is told what denies him.
        """
        opening, request = self.opening, self.cycle.request
        asked = () if opening.reduces and opening.strategy.asks_agents and request.trade is None else request.symbols
        thought = {one.symbol for one in self.shadows} if self._thinks else set()
        return tuple(sorted({*asked, *self.opening.holds, *thought}))

    @property
    def priced(self) -> tuple[Symbol, ...]:
        """Those of its subjects that the snapshot has a price of."""
        return tuple(p.instrument.symbol for p in self.snapshot.symbols if p.instrument.symbol in self.subjects)

    @property
    def case(self) -> Case:
        """What proposals and orders are held to; in shadow, with what was thought as if it were held."""
        strategy, desk, part = self.opening.strategy, self.portfolio, self.own
        if self.shadow:
            desk, part = shadow_portfolio(self._stage_desk, self.shadows), shadow_portfolio(part, self.shadows)
        footing = Footing(strategy_id=strategy.strategy_id, strategy=strategy, part=part)
        return Case(
            cycle=self.cycle,
            snapshot=self.snapshot,
            portfolio=desk,
            own=footing.own(desk),
            giver=Giver(strategy_id=strategy.strategy_id, state=self._least),
            size=self.breaker.size,
            thought=tuple(one.symbol for one in self.shadows if self.shadow and one.leg is Leg.ENTRY),
            **{name: getattr(self.opening, name) for name in ("limits", "style", "closes_at")},
        )

    @property
    def _stage_desk(self) -> Portfolio:
        """The desk that a thought is held to: of one that is not on it yet, with all of its equity and nobody else."""
        if not self.opening.only_thinks:
            return self.portfolio
        alone = {"cash": self.portfolio.equity, "positions": (), "open_orders": ()}
        return self.portfolio.model_copy(update=alone)

    @property
    def _thinks(self) -> bool:
        """Whether it will send nothing, as far as the gate could tell."""
        opening = self.opening
        return opening.only_thinks or (opening.shadow and opening.trading_state is TradingState.HALTED)

    @property
    def _least(self) -> TradingState:
        return TradingState.REDUCING if self.opening.reduces else TradingState.ACTIVE

    async def look(self) -> None:
        """Look at the market once, for all, and value the books at what was seen.

        By then the breaker has the last word on whether the cycle trades: shadow trades are scored first, so that a
        desk which these let go on does so now.
        """
        opening = self.opening
        if opening.shadowed:
            known = {"desk_id": self.cycle.desk_id, "trace_id": self.cycle.trace_id}
            asked = ScoringAsked(as_of=opening.as_of, real_money=opening.real_money, **known)
            ours = self.cycle.request.strategy_id
            self.shadows = tuple(one for one in await self.steps.score(asked) if one.strategy_id == ours)
        symbols = tuple(sorted({*self.subjects, *opening.held}))
        self.snapshot = await self.steps.snapshot(self._asked(symbols))
        await self.mark()
        self.shadow = opening.only_thinks or (opening.shadow and self.breaker.state is TradingState.HALTED)
        self.docket.priced(self.snapshot)
        await self.record(say.snapshot_taken(self.cycle, self.opening, self.snapshot, self.steps.now()))

    def _asked(self, symbols: tuple[str, ...]) -> SnapshotAsked:
        rule = not self.opening.strategy.asks_agents
        return SnapshotAsked(stage=self.stage, symbols=symbols, history=rule)

    async def mark(self) -> None:
        """Value the books at the snapshot and judge by that; after the orders once more, for their slippage."""
        marked = await self.steps.mark(MarkAsked(stage=self.stage, snapshot_id=self.snapshot.snapshot_id))
        self.marked, self.breaker = marked, await self.steps.judge(self.stage)
        state = {"trading_state": strictest(self.breaker.state, self._least)}
        self.portfolio = marked.desk.model_copy(update=state)
        self.own = (marked.own or marked.desk).model_copy(update=state)

    def terms(self, agent: Agent) -> Terms:
        """On what terms the strategy has an agent asked."""
        return Terms.of(self.opening.strategy, agent)

    def hear(self, *heard: Heard[Any]) -> None:
        """Remember how strained the budget was when these agents answered."""
        self.strain = most_strained([self.strain, *(one.strain for one in heard if one.strain is not None)])

    def spoke(self, symbol: str, voice: Voice) -> None:
        """Remember what an agent said of a setup."""
        self.voices.setdefault(symbol, []).append(voice)

    def tell(self, words: str) -> None:
        """Say in a few words where the cycle stands."""
        self.steps.tell(words, self.docket.rows)

    async def record(self, events: Sequence[Event]) -> None:
        """Write the events of one step."""
        if events:
            await self.steps.record([say.in_shadow(event) for event in events] if self.shadow else events)
