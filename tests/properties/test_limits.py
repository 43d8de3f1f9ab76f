"""The limits say yes exactly when forty plain lines of exact fractions do, and the cap is the most they say yes to."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction as Exact
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.making import AT, account, asset, order, portfolio, position, request, standing
from trading.breaches import breaches, evidence
from trading.breaker import TradingState
from trading.instruments import Side
from trading.limits import Limit, Limits, Scene, held_to, part_of
from trading.orders import UNANSWERED, Leg, Order, OrderRequest, OrderState
from trading.portfolio import Portfolio
from trading.rooms import cap
from trading.standing import Recent, Standing

SYMBOLS = ("AAPL", "MSFT", "XOM", "CVX", "JPM", "KO", "BRK.B", "A", "B", "C", "D", "E")
SECTORS = dict(zip(SYMBOLS, ("Tech", "Tech", "Energy", "Energy", *("Other", "Unknown") * 4), strict=True))
HELD = "AAPL"  # what is closed, as a rule
PRICES = ("1", "9.99", "10", "33.3333", "100")
# One mark and prices around its collars: at them, a ten-thousandth inside and outside, and nowhere near.
TEN = st.sampled_from(["10"] * 6 + ["9.4999", "9.50", "9.5001", "10.4999", "10.50", "10.5001"])
SIZES = frozenset(
    {
        *(Limit.POSITION, Limit.SECTOR, Limit.POSITIONS, Limit.CASH, Limit.HOLDING, Limit.ORDER, Limit.VOLUME),
        *(Limit.BUYING_POWER, Limit.SETTLED, Limit.DAILY, Limit.TURNOVER),
    }
)
STATES = (*UNANSWERED, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.CANCELLED)
LEGS = st.sampled_from(
    [(Side.BUY, Leg.ENTRY)] * 12 + [(Side.SELL, Leg.EXIT)] * 4 + [(s, leg) for s in Side for leg in Leg]
)

symbols = st.sampled_from(SYMBOLS)
prices = st.sampled_from(PRICES)
shares = st.integers(1, 400).map(str) | st.sampled_from(["0.5", "99.999999999"])
rarely = st.sampled_from([False] * 7 + [True])
mostly = rarely.map(lambda one: not one)


@st.composite
def asked(draw: st.DrawFn) -> OrderRequest:
    """An order of any leg and side, at the market, at a limit or a stop, protected or not."""
    side, leg = draw(LEGS)
    symbol = draw(symbols) if leg is Leg.ENTRY or draw(rarely) else HELD
    kind, mark = draw(st.sampled_from(["market", "market", "limit", "stop"])), draw(st.just("10") | TEN | prices)
    more: dict[str, Any] = {"leg": leg, "kind": kind, "mark": mark, "sector": SECTORS[symbol]}
    more |= {} if kind == "market" else {f"{kind}_price": draw(TEN | TEN | prices)}
    if leg in {Leg.STOP, Leg.TARGET}:
        return request(symbol, draw(shares), side, parent_id="entry", **more)
    protection = {name: draw(TEN) if draw(rarely) else None for name in ("stop", "target")}
    return request(symbol, draw(shares), side, **more, **protection)


@st.composite
def books(draw: st.DrawFn) -> Portfolio:
    """Positions long and short, open and finished orders, protective ones too; cash around nought or plenty."""
    held = {s: draw(st.integers(-200, 200)) for s in draw(st.lists(symbols, unique=True, max_size=6))}
    held |= {HELD: draw(st.sampled_from([-500, 500, 500]))} if draw(st.booleans()) else {}
    resting: list[Order] = []
    for one in draw(st.lists(asked(), max_size=3)):
        state = draw(st.sampled_from(STATES))
        resting.append(order(one, state, "0.5" if state is OrderState.PARTIALLY_FILLED else "0"))
    return portfolio(
        draw(st.just("500000") | st.just("500001") | st.integers(-1000, 60_000).map(str)),
        *(position(s, str(quantity), draw(prices), SECTORS[s]) for s, quantity in held.items()),
        open_orders=tuple(resting),
        trading_state=draw(st.sampled_from([TradingState.ACTIVE] * 8 + [*TradingState])),
    )


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """An account with little or much, a symbol that may be less than fully traded, a price near ten or elsewhere."""
    money = st.sampled_from(["1000000"] * 6) | st.integers(-100, 9000).map(str)
    rights: dict[str, Any] = {"tradable": draw(mostly), "fractionable": draw(mostly), "shortable": draw(mostly)}
    bells: dict[str, Any] = {"opens_at": AT - timedelta(minutes=draw(st.integers(28, 32)))} if draw(rarely) else {}
    bells |= {"closes_at": AT + timedelta(minutes=draw(st.integers(8, 12)))} if draw(rarely) else {}
    return standing(
        account=account(
            settled_cash=draw(money), buying_power=draw(money), blocked="a margin call" if draw(rarely) else None
        ),
        asset=None if draw(rarely) else asset(**rights),
        price=None if draw(rarely) else draw(TEN),
        average_volume=None if draw(rarely) else draw(st.sampled_from(["0", "5000", *["1000000"] * 6])),
        reports_on=AT.date() + timedelta(days=draw(st.integers(-4, 4))) if draw(rarely) else None,
        **bells,
    )


def usually(usual: object, *others: object) -> st.SearchStrategy[Any]:
    """One value as a rule, others in turn: were everything always narrow, nothing would ever pass."""
    return st.sampled_from([usual] * 5 * len(others) + [*others])


limits = st.builds(
    Limits,
    max_position=usually(Decimal("0.2"), Decimal("0.05"), Decimal(1)),
    max_sector=usually(Decimal("0.3"), Decimal(1)),
    max_positions=usually(10, 3, 0),
    collar=usually(Decimal("0.05"), Decimal(0), Decimal(1)),
    max_order_usd=usually(Decimal(50_000), Decimal("999.90")),
    max_daily_usd=usually(Decimal(1_000_000), Decimal(5000)),
    max_daily_turnover=usually(Decimal(4), Decimal("0.05")),
    max_volume_share=usually(Decimal("0.01"), Decimal(1)),
    min_price=usually(Decimal(1), Decimal("9.99"), Decimal(0)),
    restricted_symbols=usually((), ("AAPL", "A")),
    blackout_open_minutes=st.sampled_from([0, 30]),
    blackout_close_minutes=st.sampled_from([0, 10]),
    blackout_earnings_days=st.sampled_from([0, 3]),
    max_orders_per_minute=usually(40, 3),
    max_orders_per_day=usually(500, 5),
    allow_short=mostly,
    fractional=mostly,
)
recents = st.builds(
    Recent,
    last_minute=usually(0, 2, 3, 39, 40),
    today=usually(0, 4, 5, 499, 500),
    usd_today=st.integers(0, 6000).map(Decimal),
    same=usually(None, "another"),
)
scenes = st.builds(
    Scene,
    portfolio=books(),
    limits=limits,
    standing=rarely.flatmap(lambda unasked: st.none() if unasked else standings()),
    recent=recents,
    flattens=rarely,
)


def price_of(asked: OrderRequest) -> Exact:
    return max(Exact(asked.mark), Exact(asked.limit_price or 0), Exact(asked.stop_price or 0))


def refusals(new: OrderRequest, scene: Scene) -> set[Limit]:
    """The oracle: what each part of a position's life must pass, then fill every open entry and this one."""
    book, halted = scene.portfolio, scene.portfolio.trading_state is TradingState.HALTED
    live = [(o.request, Exact(o.request.quantity - o.filled_quantity), o.state) for o in book.open_orders if o.is_open]
    entry = new.leg is Leg.ENTRY
    wrong = {Limit.STATE: halted or (book.trading_state == "REDUCING" and entry)}
    if not entry:
        held = sum(Exact(p.quantity) for p in book.positions if p.symbol == new.symbol)
        same = (r.leg not in {Leg.STOP, Leg.TARGET} and (r.symbol, r.side) == (new.symbol, new.side) for r, *_ in live)
        leaving = sum(n for (_, n, _), so in zip(live, same, strict=True) if so)
        wrong[Limit.HOLDING] = Exact(new.quantity) > (held if new.side is Side.SELL else -held) - leaving
    if new.leg not in {Leg.STOP, Leg.TARGET}:
        wrong |= _at_market(new, scene, entry=entry)
    if entry:
        wrong |= _opening(new, scene) | _too_much(new, scene, live)
    return {limit for limit, so in wrong.items() if so}


def _newest(said: Standing | None) -> Exact | None:
    return Exact(said.price) if said and said.price else None


def _at_market(new: OrderRequest, scene: Scene, *, entry: bool) -> dict[Limit, bool]:
    limits, said, recent = scene.limits, scene.standing, scene.recent or Recent()
    thing, newest, mark = said and said.asset, _newest(said), Exact(new.mark)
    own = [Exact(p) for p in (new.limit_price, new.stop_price) if p is not None]
    own += [newest] if newest and entry and new.kind == "market" else []
    low, high = mark * (1 - Exact(limits.collar)), mark * (1 + Exact(limits.collar))
    whole = (thing and not thing.fractionable) or (entry and (new.side is Side.SELL or not limits.fractional))
    counted = entry or not scene.flattens
    return {
        Limit.ACCOUNT: bool(said.account.blocked) if said else entry,
        Limit.ASSET: bool(said and not (thing and thing.tradable)),
        Limit.FRACTION: bool(Exact(new.quantity).denominator != 1 and whole),
        Limit.COLLAR: not all(low <= price <= high for price in own),
        Limit.PER_MINUTE: counted and recent.last_minute + 1 > limits.max_orders_per_minute,
        Limit.PER_DAY: counted and recent.today + 1 > limits.max_orders_per_day,
        Limit.DUPLICATE: counted and bool(recent.same),
    }


def _opening(new: OrderRequest, scene: Scene) -> dict[Limit, bool]:
    limits, said, short = scene.limits, scene.standing, new.side is Side.SELL
    mark, newest = Exact(new.mark), _newest(scene.standing) or Exact(new.mark)
    low, high = min(mark, Exact(new.limit_price or new.mark), newest), max(price_of(new), newest)
    below, above = (new.target, new.stop) if short else (new.stop, new.target)
    lent = limits.allow_short and not (said and said.asset and not said.asset.shortable)
    return {
        Limit.SHORT: short and not lent,
        Limit.RESTRICTED: new.symbol in limits.restricted_symbols,
        Limit.PRICE: said is not None and said.price is None,
        Limit.MIN_PRICE: min(mark, newest) < limits.min_price,
        Limit.BLACKOUT: said is not None and _untimely(limits, said),
        Limit.PROTECTION: (below is not None and below >= low) or (above is not None and above <= high),
    }


def _untimely(limits: Limits, said: Standing) -> bool:
    days, minute = limits.blackout_earnings_days, timedelta(minutes=1)
    early = said.opens_at is not None and (said.market_at - said.opens_at) / minute < limits.blackout_open_minutes
    late = said.closes_at is not None and (said.closes_at - said.market_at) / minute < limits.blackout_close_minutes
    return early or late or bool(days and said.reports_on and -days <= (said.reports_on - AT.date()).days <= days)


def _too_much(new: OrderRequest, scene: Scene, live: list[tuple[OrderRequest, Exact, OrderState]]) -> dict[Limit, bool]:
    book, limits, said, usd = scene.portfolio, scene.limits, scene.standing, Exact(new.quantity) * price_of(new)
    going = [(r.symbol, r.sector, n * price_of(r), n) for r, n, _ in live if n and r.leg is Leg.ENTRY]
    going.append((new.symbol, new.sector, usd, Exact(new.quantity)))
    owned = [(p.symbol, p.sector, abs(Exact(p.value)), 0) for p in book.positions if p.quantity]
    equity = max(Exact(book.cash) + sum(Exact(p.value) for p in book.positions), Exact(0))
    before = {s for s, *_ in owned + going[:-1]}
    costs = [(n * price_of(r), s) for r, n, s in live if r.leg is Leg.ENTRY or (r.leg, r.side) == (Leg.EXIT, Side.BUY)]
    kept, unheard = sum(d for d, _ in costs) + usd, sum(d for d, s in costs if s in UNANSWERED) + usd
    over = 1 + Exact(limits.collar)
    spent = Exact(scene.recent.usd_today if scene.recent else 0) + usd
    too_much = {
        Limit.POSITION: sum(d for s, _, d, _ in owned + going if s == new.symbol) > Exact(limits.max_position) * equity,
        Limit.SECTOR: sum(d for _, s, d, _ in owned + going if s == new.sector) > Exact(limits.max_sector) * equity,
        Limit.POSITIONS: new.symbol not in before and len(before) >= limits.max_positions,
        Limit.CASH: kept * over > Exact(book.cash),
        Limit.ORDER: usd > limits.max_order_usd,
        Limit.DAILY: spent > limits.max_daily_usd,
        Limit.TURNOVER: spent > Exact(limits.max_daily_turnover) * equity,
    }
    if said:
        wanted = sum(n for s, *_, n in going if s == new.symbol)
        too_much[Limit.VOLUME] = wanted > Exact(limits.max_volume_share) * Exact(said.average_volume or 0)
        too_much[Limit.BUYING_POWER] = unheard * over > Exact(said.account.buying_power)
        too_much[Limit.SETTLED] = unheard * over > Exact(said.account.settled_cash)
    return too_much


def found(new: OrderRequest, scene: Scene) -> set[Limit]:
    return {breach.limit for breach in breaches(new, scene)}


def agree_with_the_oracle(new: OrderRequest, scene: Scene) -> None:
    assert found(new, scene) == refusals(new, scene)
    due = held_to(part_of(new.leg), flattens=scene.flattens, informed=scene.standing is not None)
    seen = evidence(new, scene).looked_at
    assert len(seen) == len(set(seen))
    # An entry without a standing is refused for that; what only the broker could tell is not looked at then.
    assert set(seen) == due or (scene.standing is None and Limit.ACCOUNT in found(new, scene))


def leave_no_share_behind(new: OrderRequest, scene: Scene) -> None:
    most = cap(new, scene).quantity
    step = scene.limits.step
    assert most == most.quantize(step)
    if most > 0:
        capped = new.model_copy(update={"quantity": most})
        assert found(capped, scene) & SIZES == set()
    if most + step <= new.quantity and (scene.standing is None or scene.standing.asset is None):
        one_more = new.model_copy(update={"quantity": most + step})
        assert found(one_more, scene) & SIZES != set()


@given(new=asked(), scene=scenes)
@examples(100, 300)
def test_an_order_is_refused_exactly_when_the_oracle_says(new: OrderRequest, scene: Scene) -> None:
    agree_with_the_oracle(new, scene)
    leave_no_share_behind(new, scene)


@pytest.mark.soak
@given(new=asked(), scene=scenes)
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_orders_are_refused_as_the_oracle_says(new: OrderRequest, scene: Scene) -> None:
    agree_with_the_oracle(new, scene)
    leave_no_share_behind(new, scene)


@given(
    new=asked(),
    cash=st.decimals(min_value=-(10**15), max_value=10**15, places=2),
    price=st.decimals(min_value="0.000001", max_value=10**7, places=6),
)
@settings(max_examples=200, deadline=None)
def test_no_price_and_no_wealth_is_too_extreme_for_the_limits(new: OrderRequest, cash: Decimal, price: Decimal) -> None:
    extreme = new.model_copy(update={"mark": price, "quantity": Decimal(10**9)})
    leave_no_share_behind(extreme, Scene(portfolio=portfolio(str(cash)), limits=Limits()))
