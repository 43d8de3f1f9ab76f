"""Whether an order passes its limits: the rooms that they leave, and what is a plain yes or no."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from trading.breaker import forbids
from trading.instruments import Side
from trading.limits import OF_OWN, Breach, Giver, Limit, Part, Room, Scene, held_to, part_of
from trading.money import ZERO, Record
from trading.opposing import opposing_orders, opposing_shares
from trading.orders import Leg, OrderKind, OrderRequest
from trading.rooms import price_of, rooms
from trading.standing import Recent, Standing

Found = Iterable[Breach]


class Evidence(Record):
    """What an intent was held to, kept with its event: every limit looked at, and what they were looked at with.

    `own` says whether the strategy had only a part of the books, and limits of its own.
    """

    rooms: tuple[Room, ...]
    looked_at: tuple[Limit, ...]
    standing: Standing | None = None
    recent: Recent | None = None
    flattens: bool = False
    own: bool = False
    giver: Giver | None = None


def breaches(request: OrderRequest, scene: Scene) -> tuple[Breach, ...]:
    """Every limit that this order would pass in the worst case; empty means it may be sent."""
    return looked_at(request, scene)[0]


def runaway(found: Iterable[Breach]) -> bool:
    """Whether an order was refused because there were too many of them: more than any day of trading asks for."""
    return any(breach.limit in {Limit.PER_MINUTE, Limit.PER_DAY} for breach in found)


def evidence(request: OrderRequest, scene: Scene) -> Evidence:
    """What is kept of the look at an order's limits."""
    return looked_at(request, scene)[1]


def looked_at(request: OrderRequest, scene: Scene) -> tuple[tuple[Breach, ...], Evidence]:
    """Every limit that this order would pass, and what is kept of the look at them."""
    room = rooms(request, scene)
    judged = [(limit, tuple(found)) for limit, found in _judged(request, scene, room)]
    seen = Evidence(
        rooms=room,
        looked_at=tuple(limit for limit, _ in judged),
        standing=scene.standing,
        recent=scene.recent,
        flattens=scene.flattens,
        own=scene.own is not None,
        giver=scene.giver,
    )
    return tuple(breach for _, found in judged for breach in found), seen


def _judged(request: OrderRequest, scene: Scene, room: Iterable[Room]) -> Iterator[tuple[Limit, Found]]:
    """Each limit that applies and can be looked at, with what it finds."""
    known = {"informed": scene.standing is not None, "own": scene.own is not None}
    applying = held_to(part_of(request.leg), flattens=scene.flattens, **known)
    yield Limit.STATE, _state(request, scene)
    for one in room:
        yield one.limit, _beyond(one, request)
    sizing = scene.recent is None
    for limit, rule in _RULES.items():
        if limit in applying and not (sizing and limit in _AT_INTENT):
            yield limit, rule(request, scene)


def _state(request: OrderRequest, scene: Scene) -> Found:
    state = scene.portfolio.trading_state
    refused = forbids(state, reduces_exposure=part_of(request.leg) is not Part.ENTRY)
    if refused:
        yield Breach(limit=Limit.STATE, code=refused, reason=f"the desk is {state}")
    refused = forbidden_to(scene.giver, part_of(request.leg))
    if scene.giver is not None and refused:
        said = scene.giver.because or f"it is {scene.giver.state}"
        yield Breach(limit=Limit.STATE, code=refused, reason=f"{_whose(request)}{said}")


def forbidden_to(giver: Giver | None, part: Part) -> str | None:
    """The code of what the strategy's own state refuses; what protects its shares is no decision of it, and passes."""
    if giver is None or part is Part.PROTECTIVE:
        return None
    return forbids(giver.state, reduces_exposure=part is not Part.ENTRY)


def _whose(request: OrderRequest) -> str:
    return f"strategy {request.strategy_id}: "


def _beyond(room: Room, request: OrderRequest) -> Found:
    if request.quantity > room.quantity:
        own = room.limit in OF_OWN
        limit = room.limit.removeprefix("strategy_") if own else room.limit
        said = f"{request.side} {request.quantity:f} {request.symbol}: {limit} has room for {_plain(room.quantity)}"
        reason = f"{_whose(request)}{said}" if own else said
        yield Breach(limit=room.limit, code=f"{room.limit}_exceeded", reason=reason)


def _barred(request: OrderRequest, scene: Scene) -> Found:
    """How far the strategy may go in this account; what it holds it may close all the same."""
    if scene.giver is None or not scene.giver.barred:
        return
    why = _BARRED.get(scene.giver.barred, scene.giver.barred)
    yield Breach(limit=Limit.STRATEGY, code=scene.giver.barred, reason=f"{_whose(request)}{why}")


def _opposed(request: OrderRequest, scene: Scene) -> Found:
    """Two strategies are never on both sides of one symbol at once: the later one waits, unless it closes."""
    said = f"{_whose(request)}{request.side} {request.quantity:f} {request.symbol}"
    others = opposing_orders(request, scene.portfolio)
    if others:
        other = others[0].request
        what = f"{other.side} {other.quantity:f} of strategy {other.strategy_id}, {other.client_order_id}, is open"
        yield Breach(limit=Limit.OPPOSED, code="opposed", reason=f"{said}: {what}")
    own = None if scene.own is None else scene.own.portfolio
    shares = opposing_shares(request, scene.portfolio, own)
    if shares:
        way = "short" if shares < ZERO else "long"
        what = f"other strategies are {way} {_plain(abs(shares))}"
        yield Breach(limit=Limit.OPPOSED, code="opposed", reason=f"{said}: {what}")


def _misplaced(request: OrderRequest, scene: Scene) -> Found:
    """A stop or target on the wrong side of a price that an entry may fill at would trade at once."""
    newest = (scene.standing and scene.standing.price) or request.mark
    least = min(request.mark, request.limit_price or request.mark, newest)
    most = max(price_of(request), newest)
    below, above = (request.stop, request.target) if request.side is Side.BUY else (request.target, request.stop)
    names = ("stop", "target") if request.side is Side.BUY else ("target", "stop")
    if below is not None and below >= least:
        reason = f"{names[0]} {below} is not below the price {least}"
        yield Breach(limit=Limit.PROTECTION, code=f"{names[0]}_on_wrong_side", reason=reason)
    if above is not None and above <= most:
        reason = f"{names[1]} {above} is not above the price {most}"
        yield Breach(limit=Limit.PROTECTION, code=f"{names[1]}_on_wrong_side", reason=reason)


def _account(_: OrderRequest, scene: Scene) -> Found:
    if scene.standing is None:
        reason = "nobody has asked the broker for the account and the symbol"
        yield Breach(limit=Limit.ACCOUNT, code="standing_unknown", reason=reason)
    elif scene.standing.account.blocked is not None:
        reason = f"account {scene.standing.account.account_id} may not trade: {scene.standing.account.blocked}"
        yield Breach(limit=Limit.ACCOUNT, code="account_blocked", reason=reason)


def _asset(request: OrderRequest, scene: Scene) -> Found:
    if scene.standing is None:
        return
    if scene.standing.asset is None:
        yield Breach(limit=Limit.ASSET, code="unknown_symbol", reason=f"the broker has no {request.symbol}")
    elif not scene.standing.asset.tradable:
        yield Breach(limit=Limit.ASSET, code="untradable", reason=f"{request.symbol} is not traded at the broker now")


def _fraction(request: OrderRequest, scene: Scene) -> Found:
    """A part of a share; the rest of what is held may be sold although new parts are not to be bought."""
    if request.quantity == request.quantity.to_integral_value():
        return
    asset, entry = scene.standing and scene.standing.asset, request.leg is Leg.ENTRY
    why = None
    if entry and not scene.limits.fractional:
        why = "this desk trades whole shares"
    elif asset and not asset.fractionable:
        why = "the broker trades it in whole shares"
    elif entry and request.side is Side.SELL:
        why = "parts of a share cannot be sold short"
    if why is not None:
        reason = f"{request.side} {request.quantity:f} {request.symbol}: {why}"
        yield Breach(limit=Limit.FRACTION, code="fraction_not_allowed", reason=reason)


def _short(request: OrderRequest, scene: Scene) -> Found:
    if request.side is Side.BUY:
        return
    asset = scene.standing and scene.standing.asset
    said = (
        f"sell {request.quantity:f} {request.symbol}, of which {_plain(scene.portfolio.held(request.symbol))} are held"
    )
    if not scene.limits.allow_short:
        yield Breach(limit=Limit.SHORT, code="short_not_allowed", reason=f"{said}: this desk sells nothing short")
    elif asset and not asset.shortable:
        yield Breach(limit=Limit.SHORT, code="not_shortable", reason=f"{said}: the broker does not lend it")


def _restricted(request: OrderRequest, scene: Scene) -> Found:
    if request.symbol in scene.limits.restricted_symbols:
        yield Breach(
            limit=Limit.RESTRICTED, code="restricted_symbol", reason=f"{request.symbol} is on the restricted list"
        )


def _price(request: OrderRequest, scene: Scene) -> Found:
    if scene.standing is not None and scene.standing.price is None:
        reason = f"no fresh price of {request.symbol} to hold the mark {_plain(request.mark)} against"
        yield Breach(limit=Limit.PRICE, code="price_unknown", reason=reason)


def _min_price(request: OrderRequest, scene: Scene) -> Found:
    price = min(request.mark, (scene.standing and scene.standing.price) or request.mark)
    if price < scene.limits.min_price:
        reason = (
            f"{request.symbol} at {_plain(price)}: nothing below {_plain(scene.limits.min_price)} is bought or shorted"
        )
        yield Breach(limit=Limit.MIN_PRICE, code="price_below_minimum", reason=reason)


def _own_restricted(request: OrderRequest, scene: Scene) -> Found:
    if scene.own is not None and request.symbol in scene.own.limits.restricted_symbols:
        reason = f"{_whose(request)}{request.symbol} is on its restricted list"
        yield Breach(limit=Limit.OWN_RESTRICTED, code="strategy_restricted_symbol", reason=reason)


def _own_min_price(request: OrderRequest, scene: Scene) -> Found:
    least = scene.own.limits.min_price if scene.own is not None else None
    price = min(request.mark, (scene.standing and scene.standing.price) or request.mark)
    if least is not None and price < least:
        reason = f"{_whose(request)}{request.symbol} at {_plain(price)}: it opens nothing below {_plain(least)}"
        yield Breach(limit=Limit.OWN_MIN_PRICE, code="strategy_price_below_minimum", reason=reason)


def _collar(request: OrderRequest, scene: Scene) -> Found:
    """The order's own prices against its mark; of a market entry, the newest price: an exit goes where the price is."""
    for name, price in (("limit", request.limit_price), ("stop", request.stop_price)):
        if price is not None and _outside(price, request, scene):
            yield Breach(limit=Limit.COLLAR, code="outside_collar", reason=_off(f"{name} price", price, request, scene))
    newest = scene.standing and scene.standing.price
    market_entry = request.kind is OrderKind.MARKET and request.leg is Leg.ENTRY
    if newest and market_entry and _outside(newest, request, scene):
        yield Breach(limit=Limit.COLLAR, code="price_moved", reason=_off("newest price", newest, request, scene))


def _outside(price: Decimal, request: OrderRequest, scene: Scene) -> bool:
    return abs(price - request.mark) > scene.limits.collar * request.mark


def _off(name: str, price: Decimal, request: OrderRequest, scene: Scene) -> str:
    off = abs(price / request.mark - 1) * 100
    most = _plain(scene.limits.collar * 100)
    return (
        f"{request.symbol}: {name} {_plain(price)} is {off:.2f} % off the mark {_plain(request.mark)}, at most {most} %"
    )


def _blackout(request: OrderRequest, scene: Scene) -> Found:
    """Around the bells and around the day of earnings nothing is entered; the ends of a black-out are not in it."""
    standing, limits = scene.standing, scene.limits
    if standing is None:
        return
    at = standing.market_at
    if standing.opens_at and at < standing.opens_at + timedelta(minutes=limits.blackout_open_minutes):
        reason = f"nothing is entered within {limits.blackout_open_minutes} minutes after the open"
        yield Breach(limit=Limit.BLACKOUT, code="blackout_open", reason=reason)
    if standing.closes_at and at > standing.closes_at - timedelta(minutes=limits.blackout_close_minutes):
        reason = f"nothing is entered within {limits.blackout_close_minutes} minutes before the close"
        yield Breach(limit=Limit.BLACKOUT, code="blackout_close", reason=reason)
    days, day = limits.blackout_earnings_days, standing.reports_on
    if days and day is not None and abs((day - at.date()).days) <= days:
        reason = f"{request.symbol} reports on {day}: nothing is entered within {days} days of it"
        yield Breach(limit=Limit.BLACKOUT, code="blackout_earnings", reason=reason)


def _per_minute(_: OrderRequest, scene: Scene) -> Found:
    if scene.recent is not None and scene.recent.last_minute >= scene.limits.max_orders_per_minute:
        most = scene.limits.max_orders_per_minute
        reason = f"{scene.recent.last_minute} orders in the last minute, at most {most} are sent"
        yield Breach(limit=Limit.PER_MINUTE, code="too_many_orders", reason=reason)


def _per_day(_: OrderRequest, scene: Scene) -> Found:
    if scene.recent is not None and scene.recent.today >= scene.limits.max_orders_per_day:
        reason = f"{scene.recent.today} orders today, at most {scene.limits.max_orders_per_day} are sent"
        yield Breach(limit=Limit.PER_DAY, code="too_many_orders", reason=reason)


def _duplicate(request: OrderRequest, scene: Scene) -> Found:
    if scene.recent is not None and scene.recent.same is not None:
        said = f"{request.side} {request.quantity:f} {request.symbol}"
        reason = f"{said}: {scene.recent.same} is the same, of the last {scene.limits.duplicate_minutes} minutes"
        yield Breach(limit=Limit.DUPLICATE, code="duplicate_order", reason=reason)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


_BARRED: Mapping[str, str] = {
    "only_thinks": "it only thinks in this account: promote it first",
    "removed": "the desk has it no more",
}
_RULES: Mapping[Limit, Callable[[OrderRequest, Scene], Found]] = {
    Limit.PROTECTION: _misplaced,
    Limit.ACCOUNT: _account,
    Limit.ASSET: _asset,
    Limit.FRACTION: _fraction,
    Limit.SHORT: _short,
    Limit.RESTRICTED: _restricted,
    Limit.PRICE: _price,
    Limit.MIN_PRICE: _min_price,
    Limit.COLLAR: _collar,
    Limit.BLACKOUT: _blackout,
    Limit.PER_MINUTE: _per_minute,
    Limit.PER_DAY: _per_day,
    Limit.DUPLICATE: _duplicate,
    Limit.STRATEGY: _barred,
    Limit.OPPOSED: _opposed,
    Limit.OWN_RESTRICTED: _own_restricted,
    Limit.OWN_MIN_PRICE: _own_min_price,
}
# What rests on the broker's word or on what the desk did lately; orders are sized without.
_AT_INTENT = frozenset(
    {Limit.ACCOUNT, Limit.ASSET, Limit.PRICE, Limit.BLACKOUT, Limit.PER_MINUTE, Limit.PER_DAY, Limit.DUPLICATE}
)
