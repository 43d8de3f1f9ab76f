"""Requests for orders, read as strictly as Alpaca reads them. What is wrong is refused in its words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.fakes.broker_server.records import Asked, Asset, Refused, Row, forbidden, plain, unprocessable

TYPES = ("market", "limit", "stop", "stop_limit")
CENT = Decimal("0.01")
MOST_DECIMALS = 9
LONGEST_ID = 128


def order_from(body: Row, assets: Mapping[str, Asset], new_id: str) -> Asked:
    """The order that a body asks for; `new_id` names it where the body does not."""
    asset = _asset(body, assets)
    asked = Asked(
        asset=asset,
        side=_one_of(body, "side", ("buy", "sell")),
        type=_one_of(body, "type", TYPES),
        time_in_force=_one_of(body, "time_in_force", ("day", "gtc")),
        client_order_id=client_order_id(body, new_id),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit_price=price(body, "limit_price"),
        stop_price=price(body, "stop_price"),
        order_class=_one_of(body, "order_class", ("", "simple", "bracket", "oco", "oto"), ""),
        extended_hours=body.get("extended_hours") is True,
    )
    if asked.order_class == "simple":
        asked.order_class = ""
    _exits(asked, body)
    _size(asked)
    _prices(asked)
    _class(asked)
    return asked


def number(body: Row, name: str) -> Decimal | None:
    """A positive number, given as a number or as its text."""
    given = body.get(name)
    if given is None:
        return None
    try:
        read = Decimal("NaN") if isinstance(given, (bool, list, dict)) else Decimal(str(given))
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise unprocessable(f"invalid {name}")
    exponent = read.normalize().as_tuple().exponent
    if read <= 0:
        raise unprocessable(f"{name} must be > 0")
    if isinstance(exponent, int) and (exponent < -MOST_DECIMALS or read.adjusted() > MOST_DECIMALS):
        raise unprocessable(f"{name} increment must be at least 1e-9, and its size within reason")
    return read


def price(body: Row, name: str, shown: str = "") -> Decimal | None:
    """A price in whole cents, or in hundredths of a cent below one dollar."""
    read = number(body, name)
    if read is not None and read % (CENT if read >= 1 else CENT * CENT):
        message = (
            f"invalid {shown or name} {plain(read)}. sub-penny increment does not fulfill minimum pricing criteria"
        )
        raise unprocessable(message)
    return read


def client_order_id(body: Row, new_id: str) -> str:
    given = body.get("client_order_id")
    if given in (None, ""):
        return new_id
    if not isinstance(given, str) or len(given) > LONGEST_ID:
        raise Refused(422, 40010001, f"client_order_id must be no more than {LONGEST_ID} characters")
    return given


def _asset(body: Row, assets: Mapping[str, Asset]) -> Asset:
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise unprocessable("symbol is required")
    found = assets.get(symbol) or next((asset for asset in assets.values() if asset.id == symbol), None)
    if found is None:
        raise unprocessable(f'asset "{symbol}" not found')
    if not found.tradable:
        raise unprocessable(f'asset "{symbol}" is not tradable')
    return found


def _one_of(body: Row, name: str, known: tuple[str, ...], default: str | None = None) -> str:
    given = body.get(name, default)
    if given is None:
        raise unprocessable(f"{name} is required")
    if given not in known:
        raise unprocessable(f"invalid {name}: {given}")
    return str(given)


def _exits(asked: Asked, body: Row) -> None:
    take, stop = _inner(body, "take_profit"), _inner(body, "stop_loss")
    asked.take_profit = price(take, "limit_price", "take_profit.limit_price")
    asked.stop_loss = price(stop, "stop_price", "stop_loss.stop_price")
    asked.stop_loss_limit = price(stop, "limit_price", "stop_loss.limit_price")


def _inner(body: Row, name: str) -> dict[str, Any]:
    given = body.get(name)
    if given is not None and not isinstance(given, dict):
        raise unprocessable(f"invalid {name}")
    return given or {}


def _size(asked: Asked) -> None:
    if (asked.qty is None) == (asked.notional is None):
        raise unprocessable("qty or notional is required" if asked.qty is None else "only one of qty or notional")
    whole = asked.qty is not None and asked.qty == asked.qty.to_integral_value()
    if whole:
        return
    if not asked.asset.fractionable:
        raise forbidden(f'asset "{asked.asset.symbol}" is not fractionable')
    if asked.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    if asked.order_class:
        raise unprocessable("fractional orders must be simple orders")
    if asked.notional is not None:
        if asked.type != "market":
            raise unprocessable("notional orders must be market orders")
        if asked.notional < 1:
            raise forbidden("cost basis must be >= minimal amount of order 1")
        if asked.notional % CENT:
            raise unprocessable("notional value must be limited to 2 decimal places")


def _prices(asked: Asked) -> None:
    if asked.order_class == "oco":
        asked.limit_price = asked.limit_price or asked.take_profit
    wants = {"limit_price": asked.type in {"limit", "stop_limit"}, "stop_price": asked.type in {"stop", "stop_limit"}}
    for name, wanted in wants.items():
        given = getattr(asked, name) is not None
        if wanted and not given:
            raise unprocessable(f"{asked.type} orders require a {name}")
        if given and not wanted:
            raise unprocessable(f"{asked.type} orders require no {name}")
    if asked.extended_hours and asked.type != "limit":
        raise unprocessable("extended hours order must be DAY or GTC limit orders")


def _class(asked: Asked) -> None:
    """A bracket wants both exits, an oto one, an oco both and nothing else; each on its side of the price."""
    both, any_of = (asked.take_profit and asked.stop_loss), (asked.take_profit or asked.stop_loss)
    if not asked.order_class:
        if any_of or asked.stop_loss_limit:
            raise unprocessable("simple orders take no take_profit and no stop_loss")
        return
    if asked.order_class in {"bracket", "oco"} and not both:
        missing = "stop_loss.stop_price" if asked.take_profit else "take_profit.limit_price"
        raise unprocessable(f"{asked.order_class} orders require {missing}")
    if asked.order_class == "oto" and (both or not any_of):
        raise unprocessable("oto orders require one of take_profit.limit_price and stop_loss.stop_price")
    if asked.order_class == "oco" and asked.type != "limit":
        raise unprocessable("oco orders must be limit orders")
    entry_is_buy = (asked.side == "buy") != (asked.order_class == "oco")
    base = asked.asset.price if asked.order_class == "oco" else (asked.limit_price or asked.asset.price)
    sign = 1 if entry_is_buy else -1
    if asked.take_profit and asked.order_class != "oco" and sign * (asked.take_profit - base) < CENT:
        raise _beyond("take_profit.limit_price", ">=" if sign > 0 else "<=", "+" if sign > 0 else "-", base)
    if asked.stop_loss and sign * (base - asked.stop_loss) < CENT:
        raise _beyond("stop_loss.stop_price", "<=" if sign > 0 else ">=", "-" if sign > 0 else "+", base)


def _beyond(name: str, relation: str, sign: str, base: Decimal) -> Refused:
    return unprocessable(f"{name} must be {relation} base_price {sign} 0.01", base_price=plain(base))
