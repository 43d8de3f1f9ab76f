"""The audit after each cycle: every invariant over the books and the broker's, and a halt when money moved wrongly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from temporalio import activity

from activities import clock
from activities.following import Follower
from trading.audit import Books, Finding, audit
from trading.books import GRAVE
from trading.breaker import StateChange, TradingState
from trading.cycle_events import cycle_event
from trading.events import Event, EventType, canonical
from trading.ports import Broker, Ledger
from trading.shared_reads import SharedReads
from trading.steps import Cycle

# Orders that the broker ended longer ago than this were audited in their time.
LOOKED_BACK = timedelta(days=7)
LOOKS_AGAIN = 2


class AuditActivities:
    """One desk's books against the invariants."""

    def __init__(self, broker: Broker, ledger: Ledger) -> None:
        self._broker = broker
        self._ledger = ledger
        self._follower = Follower(broker, ledger)
        self._audits = SharedReads(self._read)

    @activity.defn
    async def audit_desk(self, cycle: Cycle) -> tuple[Finding, ...]:
        """Check the invariants over the books and the broker's; write each finding and halt on a grave one.

        Repeat: a finding's event and the halt have ids that follow from the cycle.
        """
        books, findings = await self._audited(cycle.desk_id)
        for _ in range(LOOKS_AGAIN):
            if not findings:
                break
            # The broker goes on between the two readings, and an order's sender may be at work, of this cycle or of
            # another strategy's: what counts is what stands in every look, the books having caught up.
            for order in books.portfolio.open_orders:
                await self._follower.follow(order.request)
            books, again = await self._audited(cycle.desk_id)
            before = {(one.invariant, one.about) for one in findings}
            findings = tuple(one for one in again if (one.invariant, one.about) in before)
        at = clock.now()
        await self._ledger.record([_finding_event(cycle, finding, at) for finding in findings])
        grave = [finding for finding in findings if finding.invariant in GRAVE]
        if grave and books.portfolio.trading_state is not TradingState.HALTED:
            change = StateChange(
                desk_id=cycle.desk_id,
                change_id=f"{cycle.cycle_id}-audit",
                state=TradingState.HALTED,
                changed_by="audit",
                reason=_sentence(grave),
                trace_id=cycle.trace_id,
                at=at,
            )
            await self._ledger.change_state(change)
        return findings

    async def _audited(self, desk_id: str) -> tuple[Books, tuple[Finding, ...]]:
        """Cycles of different strategies end together: one audit of the desk is enough for all that ask for it."""
        return await self._audits.of(desk_id)

    async def _read(self, desk_id: str) -> tuple[Books, tuple[Finding, ...]]:
        books = await self._ledger.books(desk_id)
        return books, audit(books, await self._broker.orders(desk_id, clock.now() - LOOKED_BACK))


def _sentence(findings: Iterable[Finding]) -> str:
    return "; ".join(f"{finding.invariant} {finding.about}: {finding.found}" for finding in findings)[:4000]


def _finding_event(cycle: Cycle, finding: Finding, at: datetime) -> Event:
    data = finding.model_dump(mode="json")
    key = f"{finding.invariant}/{hashlib.sha256(canonical(data).encode()).hexdigest()[:16]}"
    return cycle_event(cycle, EventType.AUDIT_FINDING, at, data, key)
