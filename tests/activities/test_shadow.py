"""Shadow trades between the gate and the market: who goes on in shadow, and what is seen of the prices since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.gate import Gate, GateRules
from activities.opening import OpeningActivities
from activities.shadow import ShadowActivities
from adapters.paper_broker import PaperBroker
from adapters.postgres.ledger import PostgresLedger
from settings import Settings
from tests.fakes.market import FakeMarket
from tests.making import DESK, TRACE, cycle, quote, these
from tests.rig import CALENDAR
from trading.bars import Bars
from trading.breaker import StateChange
from trading.corporate_actions import ActionKind, CorporateAction
from trading.costs import Costs
from trading.desk import DeskOpening
from trading.errors import UnknownSymbol
from trading.instruments import Instrument, Side
from trading.orders import Leg
from trading.readings import Reading
from trading.shadow import Ending, ShadowDecision
from trading.steps import ScoringAsked
from wiring.rules import gate_rules

# A Tuesday and the Wednesday after it, an hour after the opening bell.
TUESDAY, WEDNESDAY = datetime(2026, 11, 17, 15, 30, tzinfo=UTC), datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
COSTS = Costs(slippage_bps=Decimal(0))


class ListingMarket(FakeMarket):
    """A market that tells actions with its prices, forgets companies, restates its bars, and counts looks."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: set[str] = set()
        self.looks = 0
        self.level = 1.0

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> dict[str, Bars]:
        found = await super().bars(symbols, as_of, sessions)
        return {symbol: self._restated(bars) for symbol, bars in found.items()}

    def _restated(self, bars: Bars) -> Bars:
        prices = bars.close * self.level
        return Bars(bars.session_on, prices, prices, prices, prices, bars.volume)

    async def instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        if self.gone & set(symbols):
            raise UnknownSymbol("gone")
        return dict(await super().instruments(symbols))

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        self.looks += 1
        reading = await super().look(symbols, as_of, sessions)
        return replace(reading, actions=await self.actions(symbols, as_of - timedelta(days=30), as_of))


class Halted:
    """A halted desk, its market, and the activities that think for it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.market, self.ledger = ListingMarket(), PostgresLedger(engine)
        self.shadow = ShadowActivities(self.ledger, self.market, CALENDAR, COSTS)
        self.opening = OpeningActivities(PaperBroker(engine, self.market), self.ledger)

    async def open(self) -> Halted:
        for symbol in ("AAPL", "XOM"):
            self.market.quote(symbol, "100", "100", TUESDAY)
        await self.opening.open_desk(DeskOpening(desk_id=DESK, trace_id=TRACE, at=TUESDAY))
        words = {"desk_id": DESK, "change_id": "h", "state": "HALTED", "changed_by": "ann", "reason": "lunch"}
        await self.ledger.change_state(StateChange.model_validate({**words, "at": TUESDAY}))
        return self

    async def buy(self, symbol: str = "AAPL", target: str = "120") -> None:
        decided = ShadowDecision(
            cycle_id="paper/cycle-1",
            desk_id=DESK,
            strategy_id="agents",
            trace_id=TRACE,
            symbol=symbol,
            side=Side.BUY,
            leg=Leg.ENTRY,
            quantity=Decimal(10),
            target=Decimal(target),
            quote=quote(symbol, "100", quoted_at=TUESDAY),
            as_of=TUESDAY,
        )
        await ActivityEnvironment().run(self.shadow.decide_in_shadow, decided)

    async def score(self, at: datetime = WEDNESDAY) -> tuple[str, ...]:
        asked = ScoringAsked(desk_id=DESK, as_of=at, trace_id=TRACE)
        left = await ActivityEnvironment().run(self.shadow.score_shadow, asked)
        return tuple(one.symbol for one in left)


@pytest.fixture
async def desk(engine: AsyncEngine) -> Halted:
    return await Halted(engine).open()


async def test_a_trade_of_the_session_knows_that_only_its_close_comes_later(desk: Halted) -> None:
    await desk.buy()
    (trade,) = await desk.ledger.shadow_trades(DESK)
    assert (trade.opened_in, trade.seen_on) == (date(2026, 11, 17), date(2026, 11, 16))


async def test_prices_since_the_last_look_score_what_is_open(desk: Halted) -> None:
    await desk.buy()
    await desk.buy("XOM")
    desk.market.quote("AAPL", "121", "122", WEDNESDAY)
    assert await desk.score() == ("XOM",)
    assert await desk.score() == ("XOM",)
    (aapl, xom) = (await desk.ledger.books(DESK)).shadows
    assert these(aapl.ending, aapl.pnl) == (Ending.TARGET, 210)
    # The constant bar of Tuesday: of its own session, the close.
    assert these(xom.sessions, xom.seen_on) == (1, date(2026, 11, 17))


async def test_without_shadow_trades_no_market_is_asked(desk: Halted) -> None:
    assert await desk.score() == ()
    assert desk.market.looks == 0


async def test_a_company_that_is_listed_no_longer_holds_up_none_of_the_others(desk: Halted) -> None:
    await desk.buy()
    await desk.buy("XOM")
    desk.market.gone = {"XOM"}
    desk.market.quote("AAPL", "121", "122", WEDNESDAY)
    assert await desk.score() == ("XOM",)


async def test_a_price_that_nobody_can_trust_scores_nothing(desk: Halted) -> None:
    await desk.buy()
    desk.market.quote("AAPL", "500", "501", WEDNESDAY)
    assert await desk.score() == ("AAPL",)


async def test_a_split_between_two_looks_is_no_gain_and_no_loss(desk: Halted) -> None:
    await desk.buy(target="220")
    split = CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=date(2026, 11, 18), ratio=Decimal("0.5"))
    desk.market.listed, desk.market.level = [split], 2.0
    desk.market.quote("AAPL", "149", "149", WEDNESDAY)
    assert await desk.score() == ("AAPL",)
    (trade,) = await desk.ledger.shadow_trades(DESK)
    assert these(trade.quantity, trade.entry_price, trade.target, trade.gain) == (5, 200, 440, -255)


@pytest.mark.parametrize("shadow", [True, False])
async def test_the_gate_lets_a_halted_desk_think_only_when_the_rules_say_so(desk: Halted, *, shadow: bool) -> None:
    await desk.buy("XOM")
    gate = Gate(desk.market, CALENDAR, desk.ledger, GateRules(shadow=shadow))
    asked = cycle("AAPL")
    request = asked.request.model_copy(update={"as_of": WEDNESDAY})
    opening = await gate.open_cycle(asked.model_copy(update={"request": request}))
    assert (opening.shadow, opening.shadowed) == (shadow, ("XOM",))
    assert (opening.skip.code if opening.skip else None) == (None if shadow else "halted")


@pytest.mark.parametrize("shadow", [True, False])
def test_the_owners_word_on_shadow_reaches_the_gate(monkeypatch: pytest.MonkeyPatch, *, shadow: bool) -> None:
    monkeypatch.setenv("BREAKER_SHADOW", str(shadow))
    assert gate_rules(Settings()).shadow is shadow
