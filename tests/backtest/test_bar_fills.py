"""What holds of every life over bars: prices within them, the volume's share, the same in any order."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.bars import Account
from trading.backtest_plan import Frictions
from trading.costs import Costs
from trading.instruments import Side
from trading.market import Bar
from trading.money import ZERO
from trading.orders import Fill, Leg, OrderState

SYMBOLS = ("AAA", "BBB", "CCC")
SHARE = Decimal("0.1")
CAPPED = Frictions(costs=Costs(slippage_bps=ZERO), volume_share=SHARE)
Days = list[dict[str, Bar]]


def days(draw: random.Random, account: Account) -> Days:
    """A fortnight of bars; now and then a symbol has none, or one without volume."""
    return [{s: _bar(draw) for s in account.symbols if draw.random() < 0.9} for _ in range(12)]


def _bar(draw: random.Random) -> Bar:
    low, *rest, high = sorted(Decimal(draw.randint(8_500, 11_500)) / 100 for _ in range(4))
    draw.shuffle(rest)
    prices = {"open": rest[0], "high": high, "low": low, "close": rest[1]}
    volume = draw.choice([0, 50, 400, 5_000])
    return Bar.model_validate({"session_on": "2017-01-02", "volume": volume, **prices})


async def live(seed: int, *, turned: bool = False) -> tuple[Account, list[tuple[dict[str, Bar], tuple[Fill, ...]]]]:
    """A life at random, the same for a seed; `turned`: the bars come in the opposite order."""
    draw = random.Random(seed)
    account = Account(CAPPED, cash="20000", allow_short=seed % 2 == 0)
    lived = []
    for number, bars in enumerate(days(draw, account)):
        given_in = dict(reversed(bars.items())) if turned else bars
        lived.append((bars, account.next(given_in).fills))
        for _ in range(draw.randint(0, 3)):
            await order(draw, account, f"{number}-{draw.randint(0, 10**6)}")
    return account, lived


async def order(draw: random.Random, account: Account, name: str) -> None:
    side, symbol = draw.choice(list(Side)), draw.choice(account.symbols)
    away = 1 if side is Side.BUY else -1
    price = Decimal(draw.randint(9_000, 11_000)) / 100
    terms: dict[str, object] = draw.choice([{}, {}, {"limit_price": price}, {"stop_price": price}])
    if draw.random() < 0.6:
        protected = {"stop": price - 5 * away, "target": price + 5 * away}
        terms = {"leg": Leg.ENTRY, **terms, **protected}
    request = account.request(name, side, str(draw.randint(1, 80)), symbol=symbol, **terms)
    await account.broker.submit(request)


@settings(max_examples=25)
@given(st.integers(0, 10**9))
async def test_every_fill_is_within_its_bar_and_all_of_them_within_its_share(seed: int) -> None:
    account, lived = await live(seed)
    for bars, fills in lived:
        taken: dict[str, Decimal] = defaultdict(Decimal)
        for fill in fills:
            assert bars[fill.symbol].low <= fill.price <= bars[fill.symbol].high
            taken[fill.symbol] += fill.quantity
        assert all(shares <= bars[symbol].volume * SHARE for symbol, shares in taken.items())
    cash = Decimal(20_000) + sum(fill.cash_change for fill in account.broker.all_fills)
    assert (await account.broker.account("north")).cash == cash
    if not account.allow_short:
        assert cash >= 0


@settings(max_examples=25)
@given(st.integers(0, 10**9))
async def test_a_life_is_the_same_again_and_in_whatever_order_symbols_come(seed: int) -> None:
    (once, _), (again, _), (turned, _) = await live(seed), await live(seed), await live(seed, turned=True)
    assert once.broker.all_fills == again.broker.all_fills == turned.broker.all_fills


@settings(max_examples=25)
@given(st.integers(0, 10**9), st.integers(1, 11))
async def test_what_comes_later_changes_nothing_before(seed: int, cut: int) -> None:
    _, lived = await live(seed)
    draw = random.Random(seed)
    account = Account(CAPPED, cash="20000", allow_short=seed % 2 == 0)
    bars = days(draw, account)
    # The draws of the orders follow those of the bars: other bars after the cut, the same orders.
    other = [*bars[:cut], *days(random.Random(seed + 1), account)[cut:]]
    before = []
    for number, today in enumerate(other):
        before.append(account.next(today).fills)
        for _ in range(draw.randint(0, 3)):
            await order(draw, account, f"{number}-{draw.randint(0, 10**6)}")
    assert before[:cut] == [fills for _, fills in lived[:cut]]


async def test_a_stop_and_a_target_in_one_bar_end_at_the_stop() -> None:
    stopped = 0
    for seed in range(30):
        account, _ = await live(seed)
        orders = {one.client_order_id: one for one in await account.broker.orders("north")}
        for fill in account.broker.all_fills:
            target = orders.get(fill.client_order_id.removesuffix("-stop") + "-target")
            if fill.client_order_id.endswith("-stop") and target is not None:
                stopped += 1
                assert target.state is not OrderState.FILLED
    assert stopped > 10
