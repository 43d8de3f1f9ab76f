"""A split between a decision and its outcome: what it came to is the same as without one, in the shares of its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from backtest.cycles.market import PanelMarket
from backtest.data.panel import Panel
from tests.activities.test_memory import Desk, sent, trade
from tests.backtest import panels
from tests.backtest.replaying import WARM
from tests.making import AT
from tests.trading.remembered import memory, setup
from trading.bars import Bars
from trading.corporate_actions import CorporateAction, effective_at
from trading.fates import Fate
from trading.market import Adjustment
from trading.memory import Course, Outcome
from trading.orders import Leg
from trading.outcomes import Path, of_trade
from trading.readings import Reading

DAY_OF_SPLIT = 2


class Adjusting(PanelMarket):
    """A provider that tells prices in the shares of the moment that it is asked about, and lists the split since."""

    def __init__(self, panel: Panel, ratio: int) -> None:
        super().__init__(panel, panels.CALENDAR)
        self.adjustment = Adjustment.SPLIT
        new = {name: getattr(panel, name) / ratio for name in ("open", "high", "low", "close")}
        self.restated = PanelMarket(replace(panel, **new), panels.CALENDAR)
        ex_on = panels.day(panel, WARM + DAY_OF_SPLIT)
        self.split = CorporateAction.model_validate(
            {"symbol": "AAA", "kind": "split", "ex_on": ex_on, "ratio": f"{ratio}"}
        )

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        if as_of < effective_at(self.split.ex_on):
            return await super().bars(symbols, as_of, sessions)
        return await self.restated.bars(symbols, as_of, sessions)

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        known = as_of >= effective_at(self.split.ex_on)
        asked = self.restated.look if known else super().look
        seen = await asked(symbols, as_of, sessions)
        return replace(seen, actions={"AAA": (self.split,)} if known else {})

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        return {"AAA": (self.split,)} if since < effective_at(self.split.ex_on) <= until else {}


def splitting(*closes: float, benchmark: str = "none") -> Desk:
    """A desk whose AAA splits 2 for 1 on the morning of day 2; closes in the shares of day 0."""
    return Desk(*closes, benchmark=benchmark, of=lambda panel: Adjusting(panel, 2))


def same(one: Outcome | None, other: Outcome | None) -> None:
    assert one is not None
    assert other is not None
    numbers = "return_fraction", "best", "worst", "benchmark_return"
    first, second = [[getattr(each, name) for name in numbers] for each in (one, other)]
    assert first == pytest.approx(second)
    left_out = {*numbers, "resolved_at"}
    assert one.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)


@pytest.mark.parametrize("closes", [(52, 49, 56, 60), (56, 50, 50, 50), (51, 48, 46, 60), (51, 48, 52, 51)])
@pytest.mark.parametrize("looks", [(1, 2, 3, 4), (1, 4), (4,)])
async def test_a_veto_comes_to_the_same_with_a_split_as_without(
    closes: tuple[float, ...], looks: tuple[int, ...]
) -> None:
    found: list[Outcome | None] = []
    for desk in (splitting(*closes, benchmark="AAA"), Desk(*closes, benchmark="AAA")):
        await desk.remember(horizon_days=4)
        for day in looks:
            await desk.resolve(day)
        found.append(await desk.outcome())
    same(*found)


async def test_a_trade_is_told_in_the_shares_of_its_end() -> None:
    desk = splitting(52, 49, 54, 54)
    one = await desk.remember(course=Course.TRADED, decided="100", order_id="cycle-m-1-AAA-buy-entry")
    ended = {"closed_at": desk.bell(4), "closed_quantity": "200", "exit_price": "27", "realised_pnl": "400"}
    whole = trade(opened_at=desk.bell(0), quantity="200", entry_price="25", **ended)
    desk.books.said["m-1"] = Fate(orders=(sent(one),), trade=whole, exit_leg=Leg.EXIT)
    await desk.resolve(4)
    got = await desk.outcome()
    assert got is not None
    assert (got.pnl, got.sessions) == (Decimal(400), 4)
    assert [got.return_fraction, got.best, got.worst] == pytest.approx([0.08, 0.08, -0.02])


async def test_a_trade_that_closed_before_a_split_is_told_in_its_old_shares() -> None:
    desk = splitting(54, 51, 51, 51)
    one = await desk.remember(course=Course.TRADED, decided="100", order_id="cycle-m-1-AAA-buy-entry")
    ended = {"closed_at": desk.bell(1), "closed_quantity": "100", "exit_price": "54", "realised_pnl": "400"}
    desk.books.said["m-1"] = Fate(orders=(sent(one),), trade=trade(opened_at=desk.bell(0), **ended))
    await desk.resolve(4)
    got = await desk.outcome()
    assert got is not None
    assert [got.return_fraction, got.best, got.worst] == pytest.approx([0.08, 0.08, 0.0])


def test_two_orders_of_one_trade_share_what_it_made_after_a_reverse_split_too() -> None:
    """100 and 100 shares at 50 became 20 at 500; by shares alone each of the orders were all of it."""
    ended = {"closed_at": AT, "closed_quantity": "20", "exit_price": "550", "realised_pnl": "1000"}
    whole = trade(opened_at=AT, quantity="20", entry_price="500", **ended)
    parts: list[Decimal] = []
    for name in ("m-1", "m-2"):
        one = setup(name, symbol="AAA", price=Decimal(50))
        fate = Fate(orders=(sent(memory(name, symbol="AAA")),), trade=whole)
        got = of_trade(one, fate, Path(None, None, AT.date()), AT)
        assert got is not None
        parts.append(got.pnl)
    assert parts == [Decimal(500), Decimal(500)]
