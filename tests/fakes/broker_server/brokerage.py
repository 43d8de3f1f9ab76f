"""A small brokerage with Alpaca's rules: what its API asks of it, and what a test makes it do.

Tests name an order by its client order id, or by its own id, which is how a leg is named.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from time import monotonic
from typing import Any

from tests.fakes.broker_server import reading
from tests.fakes.broker_server.books import Number
from tests.fakes.broker_server.floor import Floor
from tests.fakes.broker_server.records import (
    CANCELLABLE,
    ZERO,
    Asked,
    Execution,
    Order,
    Refused,
    Row,
    forbidden,
    plain,
    unknown,
    unprocessable,
)
from tests.fakes.broker_server.rows import order_row


class Brokerage(Floor):
    """`accepted` counts what the API accepted by client order id, `received_at` says when it did so last.

    `takes_repeats` makes it a broker that does not mind a client order id for the second time, as Alpaca does.
    """

    takes_repeats = False

    def __init__(self, cash: Number = 100_000, *, seed: int = 0) -> None:
        super().__init__(cash, seed=seed)
        self.accepted: Counter[str] = Counter()
        self.received_at: dict[str, datetime] = {}

    def order(self, name: str) -> Order:
        """The order of a client order id, or of an id."""
        with self.lock:
            found = next((o for o in self.orders.values() if name in {o.client_order_id, o.id}), None)
        if found is None:
            raise unknown(f"order not found for {name}")
        return found

    def fill(
        self, name: str, qty: Number | None = None, price: Number | None = None, at: datetime | None = None
    ) -> Execution:
        """Fill an order at a price: some of it, all of it, more than all; dead or alive. `at` backdates the fill."""
        with self.lock:
            order = self.order(name)
            if order.status == "held":
                self._trigger(order)
            amount = order.leaves() if qty is None else Decimal(qty)
            paid = order.asked.limit_price or order.asset.price if price is None else Decimal(price)
            return self._execute(order, amount, paid, at)

    def cancel_by_broker(self, name: str) -> None:
        with self.lock:
            self._end(self.order(name), "canceled")

    def expire(self, name: str) -> None:
        with self.lock:
            self._end(self.order(name), "expired")

    def reject(self, name: str) -> None:
        with self.lock:
            self._end(self.order(name), "rejected")

    def bust(self, fill: Execution) -> Row:
        """Take a fill back: shares and dollars return, its activity is marked, another one corrects the account.

        The order keeps its state: what was taken back is not filled again.
        """
        with self.lock:
            order, fill.busted = fill.order, True
            order.filled -= fill.qty
            order.paid -= fill.qty * fill.price
            self._take(order.asset, -fill.signed, fill.price)
            for _, row in self.activities:
                if row["id"] == fill.activity_id:
                    row["status"] = "canceled"
            at = self._moment()
            numbers = {
                "price": plain(fill.price),
                "qty": plain(fill.qty),
                "position_qty": plain(self.held(order.symbol)),
            }
            self._tell("trade_bust", order, fill.id, at, numbers)
            about = {"symbol": order.symbol, "qty": plain(-fill.signed), "status": "correct", "group_id": fill.id}
            row = self.non_trade("JNLC", fill.signed * fill.price, description=f"bust of {fill.activity_id}", **about)
            self.cash -= fill.signed * fill.price  # the bust has moved it already
            return row

    def split(self, symbol: str, new: int, old: int = 1, *, whole: bool = False) -> list[Row]:
        """Turn `old` shares into `new`: position and price re-based, open orders cancelled, two activities.

        If only `whole` shares are held, the rest is paid for in cash, by a third.
        """
        with self.lock:
            ratio = Fraction(new, old)
            for order in [o for o in self.orders.values() if o.symbol == symbol and o.status in CANCELLABLE]:
                if order.status in CANCELLABLE:
                    self._end(order, "canceled")
            price = self.assets[symbol].price
            self.assets[symbol].price = round(price * old / new, 4)
            self.assets[symbol].previous_close = round(self.assets[symbol].previous_close * old / new, 4)
            before = self.held(symbol)
            if not before:
                return []
            exact = before * ratio.numerator / ratio.denominator
            after = exact.to_integral_value(ROUND_DOWN) if whole else exact
            self.set_position(symbol, after, self.holdings[symbol].cost / after if after else None)
            kind, group = ("FSPLIT" if new > old else "RSPLIT"), self._new_id()
            about = {"symbol": symbol, "activity_sub_type": kind, "group_id": group}
            rows = [self.non_trade("SPLIT", 0, qty=plain(qty), **about) for qty in (-before, after)]
            if after != exact:
                paid = before * price - after * self.assets[symbol].price
                rows.append(self.non_trade("CIL", round(paid, 2), symbol=symbol, qty=plain(exact - after)))
            return rows

    def external_order(self, symbol: str, side: str, qty: Number, **more: Any) -> Order:
        """An order that the account's owner placed by hand elsewhere."""
        body = {"symbol": symbol, "side": side, "qty": str(qty), "type": "market", "time_in_force": "day", **more}
        with self.lock:
            return self._placed(body)

    def hide(self, name: str, *, seconds: float = 0.0, lookups: int = 0) -> None:
        """Let nobody find an order for some time, or for so many look-ups."""
        with self.lock:
            order = self.order(name).top
            order.hidden_until, order.hidden_lookups = monotonic() + seconds, lookups

    def visible(self, order: Order) -> bool:
        """Whether a look-up finds an order; a miss counts."""
        top = order.top
        if top.hidden_lookups > 0:
            top.hidden_lookups -= 1
            return False
        return monotonic() >= top.hidden_until

    # What the API asks.

    def submit(self, body: Row) -> Row:
        """Accept an order, or refuse it. The answer tells of it as accepted, even if it fills the moment after."""
        with self.lock:
            order = self._placed(body, route=False)
            self.accepted[order.client_order_id] += 1
            self.received_at[order.client_order_id] = order.created_at
            answer = order_row(order, nested=True)
            self._route(order)
            return answer

    def cancel(self, order_id: str) -> None:
        with self.lock:
            order = self.found(order_id)
            self._cancellable(order)
            if self.cancels_pend:
                self._become(order, "pending_cancel")
            else:
                self._end(order, "canceled")

    def replace(self, order_id: str, body: Row) -> Row:
        """Put a new order in the place of one; it goes on with what has been filled."""
        with self.lock:
            old = self.found(order_id)
            self._cancellable(old)
            if old.status in {"accepted", "held"} or old.qty is None:
                raise unprocessable(f'order in "{old.status}" state, or for dollars, cannot be replaced')
            asked = self._changed(old, body)
            self._affordable_instead(old, asked)
            new = self._order(asked)
            new.filled, new.paid, new.executions = old.filled, old.paid, list(old.executions)
            new.replaces, old.replaced_by = old.id, new.id
            new.role, new.group_id, new.armed, new.parent = old.role, old.group_id, old.armed, old.parent
            for leg in old.legs:
                leg.parent = new
            new.legs, old.legs = old.legs, []
            if old.parent is not None:
                old.parent.legs[old.parent.legs.index(old)] = new
            self._become(old, "replaced")
            answer = order_row(new, nested=True)
            self._become(new, "new")
            self._match(new)
            return answer

    def close(self, symbol: str, qty: Decimal | None = None, percentage: Decimal | None = None) -> Row:
        """Close a position, or some of it, at the market."""
        with self.lock:
            held = self.held(symbol)
            if not held:
                raise unknown(f"position does not exist: {symbol}")
            amount = abs(held) if qty is None else qty
            if percentage is not None:
                amount = (abs(held) * percentage / 100).quantize(Decimal("1e-9"))
                amount = amount if held % 1 else amount // 1
            side = "sell" if held > 0 else "buy"
            order = self._placed(
                {"symbol": symbol, "side": side, "qty": plain(amount), "type": "market", "time_in_force": "day"},
                route=False,
            )
            answer = order_row(order)
            self._route(order)
            return answer

    def found(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None or not self.visible(order):
            raise unknown(f"order not found for {order_id}")
        return order

    def _placed(self, body: Row, *, route: bool = True) -> Order:
        asked = reading.order_from(body, self.assets, self._new_id())
        self._unused(asked.client_order_id)
        if self.trading_blocked or self.status != "ACTIVE":
            raise forbidden("new orders are rejected: the account is restricted")
        self._affordable(asked)
        order = self._book(asked)
        if route:
            self._route(order)
        return order

    def _unused(self, name: str) -> None:
        if not self.takes_repeats and any(order.client_order_id == name for order in self.orders.values()):
            raise Refused(422, 40010001, "client_order_id must be unique")

    def _affordable(self, asked: Asked) -> None:
        """Refuse what takes more dollars or more shares than there are."""
        symbol, held = asked.asset.symbol, self.held(asked.asset.symbol)
        wanted = asked.qty or (asked.notional or ZERO) / asked.asset.price
        if held and (held > 0) == (asked.side == "sell"):
            self._enough(symbol, wanted)
        elif asked.side == "sell":
            if not self.shorting:
                raise forbidden("account is not allowed to short")
            if not asked.asset.shortable or wanted % 1:
                raise unprocessable(f'asset "{symbol}" cannot be sold short')
        else:
            cost = asked.notional or wanted * (asked.limit_price or asked.stop_price or asked.asset.price)
            power = self.buying_power(self.reserved())
            if cost > power:
                raise forbidden("insufficient buying power", buying_power=plain(power), cost_basis=plain(cost))

    def _affordable_instead(self, old: Order, asked: Asked) -> None:
        state, old.status = old.status, "replaced"
        try:
            self._affordable(replace(asked, qty=(asked.qty or ZERO) - old.filled))
        finally:
            old.status = state

    def _enough(self, symbol: str, wanted: Decimal) -> None:
        available, existing = self.available(symbol), abs(self.held(symbol))
        if wanted > available:
            raise forbidden(
                f"insufficient qty available for order (requested: {plain(wanted)}, available: {plain(available)})",
                available=plain(available),
                existing_qty=plain(existing),
                held_for_orders=plain(existing - available),
                related_orders=[order.id for order in self.holding_orders(symbol)],
                symbol=symbol,
            )

    def _changed(self, old: Order, body: Row) -> Asked:
        name = reading.client_order_id(body, self._new_id())
        self._unused(name)
        asked = replace(old.asked, client_order_id=name)
        asked.qty = reading.number(body, "qty") or asked.qty
        for field in ("limit_price", "stop_price"):
            given = reading.price(body, field)
            if given is not None and getattr(asked, field) is None:
                raise unprocessable(f"{asked.type} orders require no {field}")
            setattr(asked, field, given or getattr(asked, field))
        if body.get("time_in_force") is not None:
            if body["time_in_force"] not in {"day", "gtc"}:
                raise unprocessable("invalid time_in_force")
            asked.time_in_force = body["time_in_force"]
        if asked.qty is None or asked.qty <= old.filled or asked.qty % 1:
            raise unprocessable("qty must be whole and more than has been filled")
        return asked
