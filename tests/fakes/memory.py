"""The journal and the snapshots in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from trading.agents.budget import Choice, Spent, Strain, Tally
from trading.agents.questions import ModelCall
from trading.errors import BooksDisagree
from trading.events import printable
from trading.market import Snapshot
from trading.spending import Attempt, Settlement, SpendAsked, SpendState


@dataclass(frozen=True)
class Reserved:
    """A row of the ledger of spend."""

    asked: SpendAsked
    state: SpendState
    counted: Tally

    def of(self, **known: object) -> bool:
        facts = {
            "cycle_id": self.asked.cycle_id,
            "strategy_id": self.asked.strategy_id,
            "at": self.asked.at.date(),
            "month": self.asked.at.month,
        }
        return all(facts[name] == value for name, value in known.items())


class MemoryJournal:
    """Every reply that arrived, as a database gives it back; `kept` counts how often one was stored."""

    def __init__(self) -> None:
        self.calls: dict[str, ModelCall] = {}
        self.kept = 0
        self.spend: dict[Attempt, Reserved] = {}
        self.strains: list[Strain] = []

    async def find(self, call_id: str) -> ModelCall | None:
        return self.calls.get(call_id)

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        self.kept += 1
        reply = call.reply.model_copy(update={"text": printable(call.reply.text)})
        self.calls.setdefault(call.call_id, call.model_copy(update={"reply": reply}))
        if settled is not None:
            self._end(settled.attempt, SpendState.SETTLED, settled.took)

    async def reserve(self, asked: SpendAsked) -> Choice:
        choice = asked.choose(self._spent(asked, sure=False), self._spent(asked, sure=True))
        if choice.waits:
            return choice
        attempt = asked.tried(choice)
        if attempt is not None and choice.chosen is not None:
            self.spend[attempt] = Reserved(asked, SpendState.RESERVED, asked.offers[choice.chosen].most)
        self.strains.append(choice.strain)
        return choice

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        self._end(attempt, SpendState.LOST if charged else SpendState.RELEASED, self.spend[attempt].counted)

    def _end(self, attempt: Attempt, state: SpendState, counted: Tally) -> None:
        self.spend[attempt] = replace(self.spend[attempt], state=state, counted=counted)

    def _spent(self, asked: SpendAsked, *, sure: bool) -> Spent:
        today = asked.at.date()
        return Spent(
            cycle=self._tally(sure=sure, cycle_id=asked.cycle_id),
            day=self._tally(sure=sure, at=today),
            month=self._tally(sure=sure, month=today.month),
            strategy=self._tally(sure=sure, at=today, strategy_id=asked.strategy_id),
        )

    def _tally(self, *, sure: bool, **known: object) -> Tally:
        rows = [row for row in self.spend.values() if row.state is not SpendState.RELEASED and row.of(**known)]
        taken = [row for row in rows if not (sure and row.state is SpendState.RESERVED)]
        return Tally(
            calls=len(rows),
            tokens=sum(row.counted.tokens for row in taken),
            usd=sum((row.counted.usd for row in taken), Decimal(0)),
            unpriced=sum(row.counted.unpriced for row in rows),
        )


class MemorySnapshots:
    """Snapshots by their hash."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self._snapshots = {snapshot.snapshot_id: snapshot for snapshot in snapshots}

    async def keep(self, desk_id: str, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.snapshot_id] = snapshot

    async def load(self, snapshot_id: str) -> Snapshot:
        if snapshot_id not in self._snapshots:
            raise BooksDisagree(f"no snapshot {snapshot_id} was stored")
        return self._snapshots[snapshot_id]
