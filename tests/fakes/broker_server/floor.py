"""The life of orders: accepted, routed, filled, cancelled; and the legs that wait for each other.

| class   | top order    | legs                     | when the entry has filled entirely        |
|---------|--------------|--------------------------|-------------------------------------------|
| bracket | entry        | take profit, stop loss   | the profit is `new`, the stop stays `held` |
| oto     | entry        | one of the two           | it is `new`                                |
| oco     | take profit  | stop loss                | from the start as a bracket's              |

A held stop of a filled entry is watched all the same: when its price comes, the profit is `replaced` by it. When the
profit fills, the stop is cancelled, and the stream says nothing of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.broker_server.books import Books
from tests.fakes.broker_server.records import (
    CANCELLABLE,
    LIVE,
    OPEN,
    ZERO,
    Asked,
    Execution,
    Order,
    Row,
    plain,
    unprocessable,
)
from tests.fakes.broker_server.rows import fill_row, update_row

EVENT_STATES = {"canceled": "canceled_at", "expired": "expired_at", "rejected": "failed_at", "replaced": "replaced_at"}
NEXT = timedelta(microseconds=1)


class Floor(Books):
    """Orders and their states; `resting` keeps every order from filling by itself, `is_open` the market.

    `cancels_pend` leaves a cancelled order at `pending_cancel` until the broker decides. `listeners` get every message
    of the stream, inside of the lock.
    """

    resting = False
    is_open = True
    cancels_pend = False

    def __init__(self, cash: Decimal | int | str = 100_000, *, seed: int = 0) -> None:
        super().__init__(cash, seed=seed)
        self.orders: dict[str, Order] = {}
        self.executions: list[Execution] = []
        self.updates: list[Row] = []
        self.listeners: list[Callable[[Row], None]] = []
        self._last_at: datetime | None = None

    def open_market(self) -> None:
        """Ring the bell: what was accepted out of hours is routed."""
        with self.lock:
            self.is_open = True
            for order in [o for o in self.orders.values() if o.status == "accepted"]:
                self._route(order)

    def close_market(self) -> None:
        """End the session: what was good for the day expires."""
        with self.lock:
            self.is_open = False
            for order in list(self.orders.values()):
                if order.status in LIVE and order.asked.time_in_force == "day":
                    self._end(order, "expired")

    def set_price(self, symbol: str, price: Decimal | int | str) -> None:
        """The price of now, and what it fills or triggers."""
        with self.lock:
            self.assets[symbol].price = Decimal(price)
            for order in [o for o in self.orders.values() if o.symbol == symbol]:
                self._match(order)

    def reserved(self) -> Decimal:
        """Dollars that open orders to buy will take."""
        return sum((o.cost() for o in self.orders.values() if o.status in OPEN and self._opens(o)), ZERO)

    def holding_orders(self, symbol: str) -> list[Order]:
        """Open orders that have shares of a position put aside to close it; of two exits, one."""
        side = "sell" if self.held(symbol) > 0 else "buy"
        return [o for o in self.orders.values() if o.symbol == symbol and o.status in OPEN and o.side == side]

    def available(self, symbol: str) -> Decimal:
        """Shares of a position, unsigned, that no open order holds."""
        held_back = sum((order.leaves() for order in self.holding_orders(symbol)), ZERO)
        return max(abs(self.held(symbol)) - held_back, ZERO)

    def _opens(self, order: Order) -> bool:
        """Whether an order takes cash: a buy that covers no short."""
        return order.side == "buy" and self.held(order.symbol) >= 0

    def _book(self, asked: Asked) -> Order:
        """Write an order and its legs down, without routing them."""
        order = self._order(asked)
        if asked.order_class:
            order.group_id = self._new_id()
            order.role = "take_profit" if asked.order_class == "oco" else "entry"
            for leg_asked, role in self._legs(asked):
                leg = self._order(leg_asked)
                leg.parent, leg.role, leg.group_id, leg.status = order, role, order.group_id, "held"
                order.legs.append(leg)
        return order

    def _order(self, asked: Asked) -> Order:
        closes = self.held(asked.asset.symbol) * (1 if asked.side == "sell" else -1) > 0
        intent = f"{asked.side}_to_{'close' if closes else 'open'}"
        order = Order(self._new_id(), asked, self._moment(), intent)
        self.orders[order.id] = order
        return order

    def _legs(self, asked: Asked) -> list[tuple[Asked, str]]:
        side = asked.side if asked.order_class == "oco" else ("sell" if asked.side == "buy" else "buy")
        plain_exit = replace(asked, side=side, limit_price=None, stop_price=None, notional=None)
        found: list[tuple[Asked, str]] = []
        if asked.take_profit is not None and asked.order_class != "oco":
            leg = replace(plain_exit, type="limit", limit_price=asked.take_profit, client_order_id=self._new_id())
            found.append((leg, "take_profit"))
        if asked.stop_loss is not None:
            kind = "stop" if asked.stop_loss_limit is None else "stop_limit"
            leg = replace(plain_exit, type=kind, stop_price=asked.stop_loss, client_order_id=self._new_id())
            leg.limit_price = asked.stop_loss_limit
            found.append((leg, "stop_loss"))
        return found

    def _route(self, order: Order) -> None:
        if not self.is_open:
            return
        self._become(order, "new")
        if order.asked.order_class == "oco":
            self._arm(order.legs)
        self._match(order)

    def _match(self, order: Order) -> None:
        """Fill or trigger an order if the price of now does."""
        if self.resting or not self.is_open or not (order.status in LIVE or (order.status == "held" and order.armed)):
            return
        asked, now = order.asked, order.asset.price
        if asked.type in {"stop", "stop_limit"} and not order.triggered:
            assert asked.stop_price is not None
            if (now < asked.stop_price) if asked.side == "buy" else (now > asked.stop_price):
                return
            self._trigger(order)
        if asked.limit_price is None or (now <= asked.limit_price if asked.side == "buy" else now >= asked.limit_price):
            self._execute(order, order.leaves(), now)

    def _trigger(self, order: Order) -> None:
        """A stop's price has come. If it was held, it takes the place of the other exit."""
        order.triggered = True
        if order.status == "held":
            for other in self._siblings(order):
                if other.status in OPEN:
                    other.replaced_by = order.id
                    self._become(other, "replaced")
            self._become(order, "new")

    def _execute(self, order: Order, qty: Decimal, price: Decimal, at: datetime | None = None) -> Execution:
        """Fill some of an order; whatever its state is, so that the broker can be late or wrong."""
        moment = at or self._moment()
        order.filled += qty
        order.paid += qty * price
        complete = order.leaves() == 0
        if complete or order.status in OPEN - {"pending_cancel"}:
            order.status = "filled" if complete else "partially_filled"
        if complete:
            order.times["filled_at"] = moment
        fill = Execution(self._new_id(), self._activity_id(moment), order, qty, price, moment)
        self._take(order.asset, fill.signed, price)
        order.executions.append(fill)
        self.executions.append(fill)
        self.activities.append((moment, fill_row(fill, complete=complete)))
        numbers = {"price": plain(price), "qty": plain(qty), "position_qty": plain(self.held(order.symbol))}
        self._tell("fill" if complete else "partial_fill", order, fill.id, moment, numbers)
        self._after_fill(order, complete=complete)
        return fill

    def _after_fill(self, order: Order, *, complete: bool) -> None:
        for other in self._siblings(order):
            if other.status not in CANCELLABLE:
                continue
            if complete:
                self._become(other, "canceled", told=other.status != "held")
            elif order.qty is not None:
                other.asked = replace(other.asked, qty=other.filled + order.leaves())
        if complete and order.asked.order_class in {"bracket", "oto"} and order.legs:
            self._activate(order)

    def _activate(self, entry: Order) -> None:
        """Let the exits of a filled entry live."""
        waiting = [leg for leg in entry.legs if leg.status == "held" and not leg.armed]
        for leg in waiting:
            if leg.role == "take_profit" or len(entry.legs) == 1:
                self._become(leg, "new")
        self._arm(waiting)
        for leg in waiting:
            self._match(leg)

    def _arm(self, legs: list[Order]) -> None:
        for leg in legs:
            leg.armed = True

    def _siblings(self, order: Order) -> list[Order]:
        """The other exits of an exit; an entry has none."""
        if order.asked.order_class == "oco":
            return [other for other in (order.top, *order.top.legs) if other is not order]
        return [other for other in order.top.legs if other is not order] if order.parent else []

    def _end(self, order: Order, state: str) -> None:
        """End an order and whatever cannot live without it."""
        self._become(order, state)
        for other in [*order.legs, *self._siblings(order)]:
            if other.status in CANCELLABLE:
                self._become(other, "canceled")

    def _become(self, order: Order, state: str, *, told: bool = True) -> None:
        order.status = state
        moment = self._moment()
        order.times[EVENT_STATES.get(state, "updated_at")] = moment
        if told:
            self._tell(state, order, self._new_id(), moment, {})

    def _tell(self, event: str, order: Order, execution_id: str, at: datetime, numbers: Row) -> None:
        message = update_row(event, order, execution_id, at)
        message["data"] |= numbers
        self.updates.append(message)
        for listener in self.listeners:
            listener(message)

    def _cancellable(self, order: Order) -> None:
        if order.status not in CANCELLABLE or order.status == "pending_cancel":
            raise unprocessable(f'order is already in "{order.status}" state')

    def _moment(self) -> datetime:
        """The time of now, later than any before: two orders of one microsecond could not be told apart."""
        now = self.clock()
        if self._last_at is not None and now <= self._last_at < now + timedelta(seconds=1):
            now = self._last_at + NEXT
        self._last_at = now
        return now
