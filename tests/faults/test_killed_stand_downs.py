"""Kill -9 of the worker while a desk leaves the market: it is out in the end, and each share was sold once."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from tests.fakes.faulty import KILLED
from tests.faults.doom import Death, Moment
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import BOUGHT, PATIENCE_SECONDS, asked, at_rest, ended, sent, tell, wrongs
from tests.rig import desk_of, request, until
from trading.breaker import TradingState
from trading.desk import HaltAsked
from trading.orders import Leg, OrderState
from workflows.trading_desk import TradingDesk

STEPS = ("cancel_resting", "intend_exits", "submit_order", "change_state")
MOMENTS: tuple[Moment, ...] = ("before", "after", "returned")
DEATHS = [Death(step, moment) for step in STEPS for moment in MOMENTS]
# The second exit, and the state that follows the first.
DEATHS += [Death(step, moment, 2) for step in ("submit_order", "change_state") for moment in MOMENTS]
DEATHS += [Death("StandDown", "task"), Death("OrderExecution", "task")]
# One of each step, each at another moment, and the workflow itself.
FEW = [Death(step, MOMENTS[number % 3]) for number, step in enumerate(STEPS)] + [Death("StandDown", "task")]
_numbers = count(1)


async def leave(lane: Lane, death: Death) -> list[str]:
    """Trade, then have the desk flattened with one death of its worker; what was wrong in the end."""
    desk_id = f"leaving-{next(_numbers)}"
    if not lane.lives.is_alive:
        await lane.lives.begin()
    report = await ended(lane.client, await asked(lane.client, request(*BOUGHT), desk_id))
    await sent(lane.client, report)
    held = sorted(position.symbol for position in (await lane.ports.ledger.portfolio(desk_id)).positions)
    lane.lives.arm(death)
    await desk_of(lane.client, desk_id).signal(TradingDesk.halt, HaltAsked(reason="leave", flatten=True))
    code = await lane.lives.end()
    await lane.lives.begin()

    async def is_out() -> bool:
        books = await lane.ports.ledger.portfolio(desk_id)
        is_flat = not any(position.quantity for position in books.positions) and not books.open_orders
        return is_flat and books.trading_state is TradingState.HALTED

    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(is_out)
    await at_rest(lane.client, desk_id)
    found = await wrongs(lane.ports, desk_id)
    orders = (await lane.ports.ledger.books(desk_id)).orders
    exits = sorted((o.request.symbol, o.state) for o in orders if o.request.leg is Leg.EXIT)
    if exits != [(symbol, OrderState.FILLED) for symbol in held] or not held:
        found.append(f"{held} were held, and the exits are {exits}")
    if code != KILLED:
        found.append(f"the worker ended with {code}")
    return [f"{death}: {wrong}" for wrong in found]


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("deaths", [FEW, pytest.param(DEATHS, marks=pytest.mark.soak)], ids=["few", "all"])
async def test_a_worker_killed_while_its_desk_leaves_the_market_sells_each_share_once(
    ground: Ground, deaths: list[Death]
) -> None:
    async with ground.lane("lane-1") as one, ground.lane("lane-2") as other:

        async def work(lane: Lane, deaths: list[Death]) -> list[str]:
            return [wrong for death in deaths for wrong in await leave(lane, death)]

        found = await asyncio.gather(work(one, deaths[::2]), work(other, deaths[1::2]))
    tell(f"leaving: {len(deaths)} kills, {len([*found[0], *found[1]])} things wrong")
    assert [*found[0], *found[1]] == []
