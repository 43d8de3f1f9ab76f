"""Replays for tests: plans over made-up panels, and a journal that remembers what was asked."""

from __future__ import annotations

from typing import Any

from backtest.cycles.run import Lived, live_through
from backtest.cycles.terms import DESK
from backtest.data.panel import Panel
from tests.backtest import panels
from trading.agents.budget import Choice
from trading.agents.questions import ModelCall
from trading.audit import Books, audit
from trading.backtest_plan import Plan
from trading.spending import Attempt, Settlement, SpendAsked

WARM = 255
"""Rows that only warm up: a symbol with fewer bars than 250 is not looked at."""


class Asked:
    """A journal that keeps the ids of the calls, by cycle, and no reply."""

    def __init__(self) -> None:
        self.calls: dict[str, set[str]] = {}

    async def find(self, call_id: str) -> ModelCall | None:
        del call_id
        return None

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        assert settled is None
        self.calls.setdefault(str(call.cycle_id), set()).add(call.call_id)

    async def reserve(self, asked: SpendAsked) -> Choice:
        raise AssertionError(f"the rules model is free: {asked}")

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        raise AssertionError(f"the rules model does not fail: {attempt}, {charged}")


def plan(panel: Panel, strategy: str = "sma-crossover", **changes: Any) -> Plan:
    """A plan over all that is behind the warm-up of a panel."""
    known = {"strategy": strategy, "symbols": panel.symbols, "from_on": panels.day(panel, WARM)}
    return Plan.model_validate({**known, "to_on": panels.day(panel, -1), **changes})


async def books_of(lived: Lived) -> Books:
    """All that the desk wrote, once the audit has found nothing in it."""
    books = await lived.desk.ledger.whole_books(DESK)
    assert audit(books, await lived.desk.broker.orders(DESK)) == ()
    return books


async def lived(panel: Panel, plan: Plan, **others: Any) -> Lived:
    """A desk after its last day."""
    return await live_through(panel, plan, others.pop("deciders", None), **others)
