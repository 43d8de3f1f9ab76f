"""What the brokerage holds, as Alpaca's documents write it: numbers as strings, times to the microsecond in UTC."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.fakes.broker_server.records import ZERO, Asset, Execution, Holding, Order, Row, plain, stamp

TIMES = ("filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at")
RATIO = Decimal("1e-10")


def order_row(order: Order, *, nested: bool = False) -> Row:
    """One order; its legs only where they are asked for."""
    asked = order.asked
    row: Row = {
        "id": order.id,
        "client_order_id": asked.client_order_id,
        "created_at": stamp(order.created_at),
        "updated_at": stamp(max([order.created_at, *order.times.values()])),
        "submitted_at": stamp(order.created_at),
        **{name: _time(order.times.get(name)) for name in TIMES},
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": order.asset.id,
        "symbol": order.symbol,
        "asset_class": "us_equity",
        "notional": _number(asked.notional),
        "qty": _number(asked.qty),
        "filled_qty": plain(order.filled),
        "filled_avg_price": plain(round(order.paid / order.filled, 9)) if order.filled else None,
        "order_class": asked.order_class,
        "order_type": asked.type,
        "type": asked.type,
        "side": asked.side,
        "position_intent": order.intent,
        "time_in_force": asked.time_in_force,
        "limit_price": _number(asked.limit_price),
        "stop_price": _number(asked.stop_price),
        "status": order.status,
        "extended_hours": asked.extended_hours,
        "legs": [order_row(leg) for leg in order.legs] if nested and order.legs else None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
    }
    return row | ({"group_id": order.group_id, "group_role": order.role} if order.group_id else {})


def asset_row(asset: Asset) -> Row:
    return {
        "id": asset.id,
        "class": "us_equity",
        "exchange": asset.exchange,
        "symbol": asset.symbol,
        "name": f"{asset.symbol} Inc. Common Stock",
        "status": "active" if asset.tradable else "inactive",
        "tradable": asset.tradable,
        "marginable": True,
        "shortable": asset.shortable,
        "easy_to_borrow": asset.shortable,
        "borrow_status": "easy_to_borrow" if asset.shortable else "hard_to_borrow",
        "fractionable": asset.fractionable,
        "margin_requirement_long": "30",
        "margin_requirement_short": "30",
        "attributes": [],
    }


def position_row(held: Holding, available: Decimal) -> Row:
    asset, value = held.asset, held.qty * held.asset.price
    gain, today = value - held.cost, held.qty * (held.asset.price - held.asset.previous_close)
    return {
        "asset_id": asset.id,
        "symbol": asset.symbol,
        "exchange": asset.exchange,
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": plain(held.qty),
        "qty_available": plain(available),
        "avg_entry_price": plain(round(held.average, 9)),
        "side": "long" if held.qty > 0 else "short",
        "market_value": plain(value),
        "cost_basis": plain(held.cost),
        "unrealized_pl": plain(gain),
        "unrealized_plpc": _ratio(gain, held.cost),
        "unrealized_intraday_pl": plain(today),
        "unrealized_intraday_plpc": _ratio(today, held.qty * asset.previous_close),
        "current_price": plain(asset.price),
        "lastday_price": plain(asset.previous_close),
        "change_today": _ratio(asset.price - asset.previous_close, asset.previous_close),
    }


def fill_row(fill: Execution, *, complete: bool) -> Row:
    """A fill among the account's activities, as it was when it happened."""
    order = fill.order
    return {
        "id": fill.activity_id,
        "activity_type": "FILL",
        "transaction_time": stamp(fill.at),
        "type": "fill" if complete else "partial_fill",
        "price": plain(fill.price),
        "qty": plain(fill.qty),
        "side": order.side,
        "symbol": order.symbol,
        "leaves_qty": plain(order.leaves()),
        "order_id": order.id,
        "cum_qty": plain(order.filled),
        "order_status": order.status,
    }


def update_row(event: str, order: Order, execution_id: str, at: datetime) -> Row:
    """A message about an order on the stream; `legs` is never in it."""
    data = {"event": event, "execution_id": execution_id, "order": order_row(order), "timestamp": stamp(at)}
    return {"stream": "trade_updates", "data": data}


def _time(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _number(given: Decimal | None) -> str | None:
    return None if given is None else plain(given)


def _ratio(part: Decimal, whole: Decimal) -> str:
    return plain((part / abs(whole)).quantize(RATIO)) if whole else plain(ZERO)
