"""The journal and the snapshots in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from trading.agents.budget import Spending, Tally
from trading.agents.questions import ModelCall
from trading.errors import BooksDisagree
from trading.events import printable
from trading.market import Snapshot


class MemoryJournal:
    """Every reply that arrived, as a database gives it back; `kept` counts how often one was stored."""

    def __init__(self) -> None:
        self.calls: dict[str, ModelCall] = {}
        self.kept = 0

    async def find(self, call_id: str) -> ModelCall | None:
        return self.calls.get(call_id)

    async def keep(self, call: ModelCall) -> None:
        self.kept += 1
        reply = call.reply.model_copy(update={"text": printable(call.reply.text)})
        self.calls.setdefault(call.call_id, call.model_copy(update={"reply": reply}))

    async def spent(self, desk_id: str, cycle_id: str, since: datetime) -> Spending:
        own = [call for call in self.calls.values() if call.desk_id == desk_id]
        return Spending(
            cycle=_tally(call for call in own if call.cycle_id == cycle_id),
            day=_tally(call for call in own if call.replied_at >= since),
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


def _tally(calls: Iterable[ModelCall]) -> Tally:
    replies = [call.reply for call in calls]
    used = [reply.usage for reply in replies if reply.usage is not None]
    return Tally(
        calls=len(replies),
        tokens=sum(usage.input_tokens + usage.output_tokens for usage in used),
        usd=sum((reply.cost_usd for reply in replies if reply.cost_usd is not None), Decimal(0)),
        unpriced=sum(reply.cost_usd is None for reply in replies),
    )
