"""What the gate lets the cycle of one of several strategies do, and what it says of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.gate import Gate, GateRules
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import NOON, opening
from tests.adapters.postgres.parted import changed, holds, shared, stopped
from tests.fakes.market import FakeMarket
from tests.making import DESK, cycle
from tests.rig import CALENDAR
from trading.breaker import StateChange, TradingState
from trading.steps import Opening
from trading.strategy import Rung


@pytest.fixture
async def ledger(engine: AsyncEngine) -> PostgresLedger:
    ledger = PostgresLedger(engine)
    opened, cash = opening(DESK)
    await ledger.open_desk(opened, cash=cash)
    await shared(ledger, "momentum")
    return ledger


async def opened(ledger: PostgresLedger, by: str = "momentum", **rules: Any) -> Opening:
    one = cycle("AAPL")
    asked = one.request.model_copy(update={"strategy_id": by, "as_of": NOON, "anytime": True})
    gate = Gate(FakeMarket(unquoted=["AAPL"]), CALENDAR, ledger, GateRules(**rules))
    return await gate.open_cycle(one.model_copy(update={"request": asked}))


def code(opening: Opening) -> str | None:
    return None if opening.skip is None else opening.skip.code


async def test_it_says_what_the_desk_holds_and_what_of_that_is_the_strategys(ledger: PostgresLedger) -> None:
    await holds(ledger, "agents", "10", "KO")
    await holds(ledger, "momentum", "10", "XOM")
    found = await opened(ledger)
    assert (found.held, found.holds) == (("KO", "XOM"), ("XOM",))
    assert (found.strategy.strategy_id, found.only_thinks, found.reduces) == ("momentum", False, False)


async def test_a_disabled_strategy_is_skipped_unless_it_holds_something(ledger: PostgresLedger) -> None:
    await changed(ledger, "momentum", enabled=False)
    nothing = await opened(ledger)
    assert code(nothing) == "strategy_disabled"
    await holds(ledger, "momentum", "10", "XOM")
    something = await opened(ledger)
    assert (code(something), something.reduces, something.trading_state) == (None, True, TradingState.REDUCING)
    assert code(await opened(ledger, "agents")) is None


@pytest.mark.parametrize(
    ("rung", "real_money", "thinks"),
    [
        (Rung.SHADOW, False, True),
        (Rung.PAPER, False, False),
        (Rung.PAPER, True, True),
        (Rung.LIVE, True, False),
        (Rung.LIVE, False, False),
    ],
)
async def test_the_rung_says_who_only_thinks(
    ledger: PostgresLedger, rung: Rung, *, real_money: bool, thinks: bool
) -> None:
    await changed(ledger, "momentum", rung=rung)
    found = await opened(ledger, real_money=real_money)
    assert (found.only_thinks, found.reduces, found.real_money, code(found)) == (thinks, False, real_money, None)


async def test_one_that_was_demoted_closes_what_it_holds_first(ledger: PostgresLedger) -> None:
    await holds(ledger, "momentum", "10", "XOM")
    await changed(ledger, "momentum", rung=Rung.SHADOW)
    found = await opened(ledger)
    assert (found.only_thinks, found.reduces, found.holds) == (False, True, ("XOM",))


async def test_the_state_is_the_stricter_of_the_desks_and_its_own(ledger: PostgresLedger) -> None:
    await stopped(ledger, "momentum", TradingState.HALTED)
    halted = await opened(ledger)
    assert halted.skip is not None
    assert (halted.skip.code, halted.skip.reason) == ("halted", "strategy momentum is HALTED: resume it first")
    assert code(await opened(ledger, shadow=True)) is None
    assert (await opened(ledger, "agents")).trading_state is TradingState.ACTIVE
    change = {"desk_id": DESK, "change_id": "h", "state": "HALTED", "changed_by": "ann", "reason": "lunch", "at": NOON}
    await ledger.change_state(StateChange.model_validate(change))
    everybody = await opened(ledger, "agents")
    assert everybody.skip is not None
    assert everybody.skip.reason == "the desk is HALTED: resume it first"


async def test_a_strategy_that_is_not_there_is_skipped(ledger: PostgresLedger) -> None:
    assert code(await opened(ledger, "nobody")) == "unknown_strategy"
