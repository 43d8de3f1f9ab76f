"""How many shares the limits leave, each in the worst case: the books *with every open order filled*.

Positions and sectors are valued at the mark, or at the order's own price where that is higher; cash is kept for a fill
one collar above it, commission included. An order whose fate is unknown is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from trading.accounts import Account
from trading.instruments import Side, Symbol
from trading.limits import WHOLE_SHARE, Limit, Limits, Part, Room, Scene, part_of
from trading.money import MOST_SHARES, ZERO
from trading.orders import PROTECTIVE, UNANSWERED, Leg, Order, OrderRequest
from trading.portfolio import Portfolio
from trading.standing import Recent


def price_of(request: OrderRequest) -> Decimal:
    """The price exposure is valued at: the mark, or the limit or stop price where that is higher."""
    return max(request.mark, request.limit_price or ZERO, request.stop_price or ZERO)


def cash_price_of(request: OrderRequest, collar: Decimal) -> Decimal:
    """The price cash is kept for: a collar above the price, which also pays the commission."""
    return price_of(request) * (1 + collar)


def exposure_of(portfolio: Portfolio, symbol: str) -> Decimal:
    """Dollars in one symbol, long or short, with its open entries filled."""
    held = sum((abs(p.value) for p in portfolio.positions if p.symbol == symbol), ZERO)
    return held + sum((o.leaves * price_of(o.request) for o in _entries(portfolio) if o.request.symbol == symbol), ZERO)


def sector_exposure_of(portfolio: Portfolio, sector: str) -> Decimal:
    """Dollars in one sector, long or short, with its open entries filled."""
    held = sum((abs(p.value) for p in portfolio.positions if p.sector == sector), ZERO)
    return held + sum((o.leaves * price_of(o.request) for o in _entries(portfolio) if o.request.sector == sector), ZERO)


def symbols_of(portfolio: Portfolio) -> frozenset[Symbol]:
    """Symbols held or being entered: each takes one of the places."""
    held = {p.symbol for p in portfolio.positions if p.quantity}
    return frozenset(held | {order.request.symbol for order in _entries(portfolio)})


def free_cash(portfolio: Portfolio, limits: Limits) -> Decimal:
    """Dollars left when every open order that costs cash has filled at its worst price."""
    return portfolio.cash - _cost(_costing(portfolio), limits)


def closable(portfolio: Portfolio, symbol: str, side: Side) -> Decimal:
    """Shares that an order of this side may close: held, long or short, and not already going by an open order.

    Protective orders do not count: they yield to an exit.
    """
    if side is Side.SELL:
        return portfolio.sellable(symbol)
    covering = (
        o.leaves
        for o in portfolio.open_orders
        if (o.request.symbol, o.request.side) == (symbol, Side.BUY) and o.request.leg not in PROTECTIVE
    )
    return max(-portfolio.held(symbol) - sum(covering, ZERO), ZERO)


def rooms(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """How many shares each limit has room for, fractions of a share included; the least of them is the cap."""
    if part_of(request.leg) is not Part.ENTRY:
        return _to_close(request, scene)
    return (*_of_books(request, scene), *_of_own(request, scene), *_of_world(request, scene), *_of_day(request, scene))


def cap(request: OrderRequest, scene: Scene) -> Room:
    """The tightest limit and the shares it leaves, in the steps that orders are sized in, never more than asked."""
    tightest = min(rooms(request, scene), key=lambda room: room.quantity)
    return Room(limit=tightest.limit, quantity=sized(min(tightest.quantity, request.quantity), scene))


def sized(quantity: Decimal, scene: Scene) -> Decimal:
    """Shares rounded down to what may be ordered: whole ones, or parts where limits and asset allow them."""
    asset = scene.standing.asset if scene.standing else None
    whole = asset is not None and not asset.fractionable
    down = quantity.quantize(WHOLE_SHARE if whole else scene.limits.step, rounding=ROUND_DOWN)
    return down.normalize() if down % 1 else down.quantize(WHOLE_SHARE)


def _to_close(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """What is held of the symbol: by the desk, and of that by the strategy."""
    desk = Room(limit=Limit.HOLDING, quantity=closable(scene.portfolio, request.symbol, request.side))
    if scene.own is None:
        return (desk,)
    own = closable(scene.own.portfolio, request.symbol, request.side)
    return (desk, Room(limit=Limit.OWN_HOLDING, quantity=own))


def _of_books(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """What the books alone say."""
    portfolio, limits = scene.portfolio, scene.limits
    return (
        Room(limit=Limit.POSITION, quantity=_of_symbol(request, portfolio, limits.max_position)),
        Room(limit=Limit.SECTOR, quantity=_of_sector(request, portfolio, limits.max_sector)),
        Room(limit=Limit.POSITIONS, quantity=_of_places(request, portfolio, limits.max_positions)),
        Room(limit=Limit.CASH, quantity=_of_cash(request, portfolio, limits)),
        Room(limit=Limit.ORDER, quantity=_shares(limits.max_order_usd, price_of(request))),
    )


def _of_own(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """What the strategy's own part of the books says; a limit that it does not have leaves all that is asked."""
    if scene.own is None:
        return ()
    portfolio, own, every = scene.own.portfolio, scene.own.limits, request.quantity
    position = every if own.max_position is None else _of_symbol(request, portfolio, own.max_position)
    sector = every if own.max_sector is None else _of_sector(request, portfolio, own.max_sector)
    places = every if own.max_positions is None else _of_places(request, portfolio, own.max_positions)
    dollars = every if own.max_order_usd is None else _shares(own.max_order_usd, price_of(request))
    return (
        Room(limit=Limit.OWN_POSITION, quantity=position),
        Room(limit=Limit.OWN_SECTOR, quantity=sector),
        Room(limit=Limit.OWN_POSITIONS, quantity=places),
        Room(limit=Limit.OWN_CASH, quantity=_of_cash(request, portfolio, scene.limits)),
        Room(limit=Limit.OWN_ORDER, quantity=dollars),
    )


def _of_symbol(request: OrderRequest, portfolio: Portfolio, most: Decimal) -> Decimal:
    left = most * max(portfolio.equity, ZERO) - exposure_of(portfolio, request.symbol)
    return _shares(left, price_of(request))


def _of_sector(request: OrderRequest, portfolio: Portfolio, most: Decimal) -> Decimal:
    left = most * max(portfolio.equity, ZERO) - sector_exposure_of(portfolio, request.sector)
    return _shares(left, price_of(request))


def _of_places(request: OrderRequest, portfolio: Portfolio, most: int) -> Decimal:
    taken = symbols_of(portfolio)
    return request.quantity if request.symbol in taken or len(taken) < most else ZERO


def _of_cash(request: OrderRequest, portfolio: Portfolio, limits: Limits) -> Decimal:
    return _shares(free_cash(portfolio, limits), cash_price_of(request, limits.collar))


def _of_world(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """What the broker's account and the symbol's volume leave; a volume that nobody knows leaves nothing."""
    if scene.standing is None:
        return ()
    portfolio, limits = scene.portfolio, scene.limits
    entering = (o.leaves for o in _entries(portfolio) if o.request.symbol == request.symbol)
    volume = limits.max_volume_share * (scene.standing.average_volume or ZERO) - sum(entering, ZERO)
    price = cash_price_of(request, limits.collar)
    power, settled = _left(scene.standing.account, portfolio, limits)
    return (
        Room(limit=Limit.VOLUME, quantity=_shares(volume, Decimal(1))),
        Room(limit=Limit.BUYING_POWER, quantity=_shares(power, price)),
        Room(limit=Limit.SETTLED, quantity=_shares(settled, price)),
    )


def _left(account: Account, portfolio: Portfolio, limits: Limits) -> tuple[Decimal, Decimal]:
    """Buying power and settled cash, less what the broker has not taken off: orders that it never answered for."""
    unanswered = _cost([order for order in _costing(portfolio) if order.state in UNANSWERED], limits)
    return account.buying_power - unanswered, account.settled_cash - unanswered


def _of_day(request: OrderRequest, scene: Scene) -> tuple[Room, ...]:
    """What is left of the day's dollars."""
    if scene.recent is None:
        return ()
    limits, price = scene.limits, price_of(request)
    turnover = limits.max_daily_turnover * max(scene.portfolio.equity, ZERO)
    return (
        _left_today(Limit.DAILY, limits.max_daily_usd, scene.recent, price),
        _left_today(Limit.TURNOVER, turnover, scene.recent, price),
    )


def _left_today(limit: Limit, most: Decimal, recent: Recent, price: Decimal) -> Room:
    return Room(limit=limit, quantity=_shares(most - recent.usd_today, price))


def _entries(portfolio: Portfolio) -> list[Order]:
    return [o for o in portfolio.open_orders if o.request.leg is Leg.ENTRY and o.leaves > 0]


def _costing(portfolio: Portfolio) -> list[Order]:
    """Open orders that cash is kept for: entries, a short one's margin too, and what buys a short position back."""
    entries = _entries(portfolio)
    covers = (o for o in portfolio.open_orders if o.request.side is Side.BUY and o.request.leg is Leg.EXIT)
    return [*entries, *(order for order in covers if order.leaves > 0)]


def _cost(orders: Iterable[Order], limits: Limits) -> Decimal:
    return sum((o.leaves * cash_price_of(o.request, limits.collar) for o in orders), ZERO)


def _shares(dollars: Decimal, price: Decimal) -> Decimal:
    return min(max(dollars / price, ZERO), MOST_SHARES).quantize(Decimal("1e-9"), rounding=ROUND_DOWN)
