"""The desk's memory in a cycle: what has come to an end is resolved, what is like the case is recalled, all is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from temporalio import activity

from activities import clock
from activities.closing import Exchange
from activities.resolving import Resolving
from trading.costs import Costs
from trading.features import features_of
from trading.market import Snapshot
from trading.memory import Precedents, Remembered, Setup
from trading.memory_ports import Embedder, GroundsKept, Memory, NearestAsked, Vector
from trading.orders import Leg
from trading.ports import Calendar, Ledger, Snapshots
from trading.precedents import MOST_SEEN, Heed, precedents_of
from trading.proposals import Proposal
from trading.scores import AgentScore
from trading.scoring import MOST_TOLD, told_scores
from trading.shadow import ShadowDecision, ShadowTrade, drafted
from trading.steps import RecallAsked, Recollection, RememberAsked, ResolveAsked, Resolved, Stage

MOST_LESSONS = 3
"""Resolved memories that one cycle is asked to learn from: each is a call to a model, and there are cycles enough."""
_LOOKED_BACK = 50
"""The newest resolved memories of which one without a lesson is looked for; what is older has been passed over."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where memories and the grounds of decisions lie, who makes words searchable, and which precedents deny."""

    memory: Memory
    grounds: GroundsKept
    embedder: Embedder
    heed: Heed = field(default_factory=Heed)


class MemoryActivities:
    """Nothing here trades: a desk whose memory is away goes on as one that remembers nothing."""

    def __init__(self, shelf: Shelf, ledger: Ledger, snapshots: Snapshots, exchange: Exchange, costs: Costs) -> None:
        self._shelf = shelf
        self._snapshots = snapshots
        self._calendar = exchange.calendar
        self._market = exchange.market
        self._costs = costs
        self._resolving = Resolving(shelf.memory, ledger, exchange, costs)

    @activity.defn
    async def resolve_memories(self, asked: ResolveAsked) -> Resolved:
        """Resolve the memories whose trades have ended, by the books and by every bar since the last look.

        Repeat: a memory is resolved once, and a thought that has met a bar does not meet it again.
        """
        as_of = asked.as_of or await self._market.latest(clock.now())
        await self._resolving.resolve(asked.desk_id, as_of)
        newest = await self._shelf.memory.resolved(asked.desk_id, as_of, _LOOKED_BACK)
        # By what was decided and not by its name, in which cycles are numbered: a replay names them otherwise.
        by_age = sorted(newest, key=_age)
        untold = [one.setup.memory_id for one in by_age if not one.lesson]
        return Resolved(memory_ids=tuple(untold[-MOST_LESSONS:]))

    @activity.defn
    async def recall_precedents(self, asked: RecallAsked) -> Recollection:
        """Look up what came of setups like these, and how good the agents' words were, as far as it was known by then.

        Repeat: reads only; a later answer may know more, but only the recorded one counts.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        entries = [one for one in asked.proposals if one.leg is Leg.ENTRY]
        precedents = [await self._precedents(asked, one, snapshot) for one in entries]
        return Recollection(precedents=tuple(precedents), scores=await self._scores(asked.stage))

    async def _scores(self, stage: Stage) -> tuple[AgentScore, ...]:
        """Of whoever sits there now; what is pending tells who that is."""
        memory, cycle = self._shelf.memory, stage.cycle
        known = await memory.resolved(cycle.desk_id, stage.as_of, MOST_TOLD)
        pending = await memory.pending(cycle.desk_id)
        return told_scores((*known, *pending), cycle.request.strategy_id, stage.as_of)

    async def _precedents(self, asked: RecallAsked, proposal: Proposal, snapshot: Snapshot) -> Precedents:
        cycle = asked.stage.cycle
        facts, trigger = snapshot.facts(proposal.symbol), cycle.request.trigger.value
        near = NearestAsked(
            desk_id=cycle.desk_id,
            side=proposal.side,
            as_of=asked.stage.as_of,
            features=features_of(facts, proposal.side, trigger, proposal.sector),
            most=MOST_SEEN,
        )
        wins, losses = [await self._shelf.memory.nearest(near.model_copy(update={"won": won})) for won in (True, False)]
        return precedents_of((proposal.symbol, proposal.side), wins, losses, self._shelf.heed)

    @activity.defn
    async def remember_decisions(self, asked: RememberAsked) -> None:
        """Keep what was decided, and from what.

        Repeat: a memory that is there is left, and so are grounds.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        memories = [self._remembered(setup, snapshot) for setup in asked.setups]
        if memories:
            vectors, name = await self._vectors([one.setup.reasoning for one in memories])
            await self._shelf.memory.remember(memories, vectors, name)
        await self._shelf.grounds.keep(asked.grounds)

    def _remembered(self, setup: Setup, snapshot: Snapshot) -> Remembered:
        facts = snapshot.facts(setup.symbol)
        return Remembered(
            setup=setup,
            features=features_of(facts, setup.side, setup.trigger, setup.sector),
            thought=_thought(setup, snapshot, self._calendar, self._costs),
        )

    async def _vectors(self, texts: Sequence[str]) -> tuple[list[Vector], str]:
        embedder = self._shelf.embedder
        return await embedder.embed(texts), embedder.name


def _age(memory: Remembered) -> tuple[datetime, datetime, str, str]:
    setup, outcome = memory.setup, memory.outcome
    return outcome.resolved_at if outcome else setup.decided_at, setup.decided_at, setup.symbol, setup.leg


def _thought(setup: Setup, snapshot: Snapshot, calendar: Calendar, costs: Costs) -> ShadowTrade:
    """The trade as if it had been made: of what was decided, of a veto what the limits let pass."""
    shared = set(ShadowDecision.model_fields) & set(Setup.model_fields)
    decision = ShadowDecision(
        quantity=setup.decided or setup.allowed,
        quote=snapshot.facts(setup.symbol).quote,
        as_of=setup.decided_at,
        **{name: getattr(setup, name) for name in shared},
    )
    return drafted(decision, calendar.last_session(setup.decided_at), costs)
