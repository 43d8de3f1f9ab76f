"""How far a strategy may go in an account, and what is its own there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.making import order, portfolio, position, request
from trading.breaker import TradingState as S
from trading.footing import Footing
from trading.limits import OwnLimits
from trading.orders import Order
from trading.strategy import Rung, Strategy


def strategy(rung: Rung = Rung.PAPER, **more: object) -> Strategy:
    return Strategy.model_validate({"strategy_id": "momentum", "rung": rung, "allocation": "0.5", **more})


@pytest.mark.parametrize(
    ("rung", "on_paper", "with_money"),
    [
        (Rung.SHADOW, "only_thinks", "only_thinks"),
        (Rung.PAPER, "", "only_thinks"),
        (Rung.LIVE, "", ""),
        (None, "removed", "removed"),
    ],
)
def test_money_asks_for_both_switches(rung: Rung | None, on_paper: str, with_money: str) -> None:
    footing = Footing(strategy_id="momentum", strategy=strategy(rung) if rung else None)
    assert footing.barred(real_money=False) == on_paper
    assert footing.barred(real_money=True) == with_money
    assert footing.giver(real_money=True).barred == with_money


@pytest.mark.parametrize(
    ("state", "enabled", "in_force", "because"),
    [
        (S.ACTIVE, True, S.ACTIVE, ""),
        (S.REDUCING, True, S.REDUCING, ""),
        (S.HALTED, True, S.HALTED, ""),
        (S.ACTIVE, False, S.REDUCING, "it is disabled"),
        (S.REDUCING, False, S.REDUCING, ""),
        (S.HALTED, False, S.HALTED, ""),
    ],
)
def test_the_strictest_holds(state: S, enabled: object, in_force: S, because: str) -> None:
    footing = Footing(strategy_id="momentum", strategy=strategy(enabled=enabled), state=state)
    giver = footing.giver(real_money=False)
    assert (giver.state, giver.because) == (in_force, because)


MINE, THEIRS = order(request("AAPL", strategy_id="momentum")), order(request("MSFT"))
DESK = portfolio("50000", position(quantity="30"), open_orders=(MINE, THEIRS))
PART = portfolio("20000", position(quantity="10"))


def orders_of(footing: Footing) -> tuple[Order, ...]:
    own = footing.own(DESK)
    assert own is not None
    return own.portfolio.open_orders


def test_a_part_has_its_own_limits_and_open_orders() -> None:
    limits = OwnLimits(max_position=Decimal("0.1"))
    footing = Footing(strategy_id="momentum", strategy=strategy(limits=limits), part=PART)
    own = footing.own(DESK)
    assert own is not None
    assert (own.limits, own.portfolio.cash, own.portfolio.open_orders) == (limits, PART.cash, (MINE,))
    assert footing.holds(DESK) == ("AAPL",)


def test_one_that_was_removed_has_what_it_still_holds() -> None:
    assert orders_of(Footing(strategy_id="momentum", part=PART)) == (MINE,)


def test_all_of_the_equity_is_the_whole_desk_unless_another_still_holds_something() -> None:
    whole = Footing(strategy_id="momentum", strategy=strategy(allocation="1"), part=PART)
    assert orders_of(whole) == (MINE,)
    alone = DESK.model_copy(update={"positions": PART.positions})
    assert whole.own(alone) is None
    assert whole.holds(alone) == ("AAPL",)
    assert Footing(strategy_id="momentum", strategy=strategy(allocation="1")).own(DESK) is None
