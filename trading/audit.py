"""The invariants, one function each, over a desk's books and the broker's. Findings are data; none is a pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from trading.adjustments import Adjustment, shares_through
from trading.audit_approvals import entries_were_approved
from trading.audit_limits import limits_held_at_intent
from trading.audit_rows import (
    equity_follows_from_positions,
    never_short,
    orders_follow_from_events,
    sectors_follow_from_orders,
    trades_follow_from_fills,
)
from trading.audit_shadow import (
    decided_in_shadow,
    decisions,
    is_in_shadow,
    shadow_trades_follow_from_events,
)
from trading.audit_sleeves import (
    compare_positions,
    made_positions,
    parts_follow_from_fills,
    parts_sum_to_the_desk,
    strategies_follow_from_events,
)
from trading.audit_states import breakers_follow_from_events, nothing_after_halt
from trading.books import Books, Finding
from trading.breaker import TradingState
from trading.events import DECISIONS, GENESIS, Event, EventType, broken_links
from trading.money import ZERO, Record
from trading.orders import OPEN, OPERATOR, PROTECTIVE, Fill, Leg, Order, OrderState, settle
from trading.portfolio import CapitalEvent, cash_of, postings
from trading.protection import positions_have_stops
from trading.settlement import BrokerOrder
from trading.strategy import AGENTS

__all__ = ["Books", "Finding", "audit"]

# The broker's clock and ours may differ by so much before an order of times means anything.
MOST_SKEW = timedelta(seconds=2)
_ENDS = frozenset({EventType.CYCLE_COMPLETED, EventType.CYCLE_SKIPPED, EventType.CYCLE_FAILED})


def audit(books: Books, broker: Iterable[BrokerOrder] = ()) -> tuple[Finding, ...]:
    """Check every invariant; an empty answer is a pass.

    A log that is not whole may say anything, or nothing that can be read: then only what does not rest on it is
    checked.
    """
    book = tuple(broker)
    held = {order.client_order_id: order for order in book}
    broken = tuple(log_is_whole(books))
    if broken:
        return (
            *broken,
            *no_order_twice(book),
            *quantities_close(books, held),
            *cash_and_positions_balance(books),
            *equity_follows_from_positions(books),
            *trades_follow_from_fills(books),
            *parts_sum_to_the_desk(books),
            *parts_follow_from_fills(books),
            *never_short(books),
        )
    return (
        *orders_have_decisions(books),
        *no_order_twice(book),
        *broker_orders_were_intended(books, held),
        *quantities_close(books, held),
        *cash_and_positions_balance(books),
        *state_follows_from_events(books),
        *breakers_follow_from_events(books),
        *orders_follow_from_events(books),
        *equity_follows_from_positions(books),
        *trades_follow_from_fills(books),
        *parts_sum_to_the_desk(books),
        *parts_follow_from_fills(books),
        *strategies_follow_from_events(books),
        *sectors_follow_from_orders(books),
        *limits_held_at_intent(books),
        *never_short(books),
        *nothing_after_halt(books),
        *cycles_end_once(books),
        *quantities_only_shrink(books),
        *orders_equal_decisions(books),
        *intents_are_sent(books),
        *decided_in_shadow(books),
        *shadow_trades_follow_from_events(books),
        *positions_have_stops(books),
        *entries_were_approved(books),
    )


def orders_have_decisions(books: Books) -> Iterable[Finding]:
    """I1: every order follows from one EXECUTE of its cycle and symbol, on the signal's side, and is not larger.

    What was decided in shadow asks for no order.
    An order that goes on with another's rest at a new price is of the same decision: all that they fill is no more. A
    person's exits follow from the word to reduce.
    """
    decided = {
        (e.aggregate_id, str(e.data["symbol"])): Decimal(str(e.data["quantity"]))
        for e in decisions(books)
        if e.data["verdict"] == "EXECUTE" and not is_in_shadow(e)
    }
    signals = _events(books, EventType.SIGNAL_GENERATED)
    actions = {(e.aggregate_id, str(e.data.get("symbol"))): e.data.get("action") for e in signals}
    filled: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    reduced = any(e.data["state"] == TradingState.REDUCING for e in _events(books, EventType.TRADING_STATE_CHANGED))
    for order in _sent(books):
        request = order.request
        key = request.cycle_id, request.symbol
        allowed = decided.get(key)
        filled[key] += order.filled_quantity
        if request.strategy_id == OPERATOR and request.leg is Leg.EXIT and reduced:
            continue
        if allowed is None or actions.get(key, request.side) != request.side:
            yield Finding(invariant="I1", about=request.client_order_id, found="no decision asked for this order")
        elif request.quantity > allowed:
            found = f"ordered {request.quantity:f}, decided {allowed:f}"
            yield Finding(invariant="I1", about=request.client_order_id, found=found)
        elif request.replaces is not None and filled[key] > allowed:
            found = f"filled {filled[key]:f} with what it replaces, decided {allowed:f}"
            yield Finding(invariant="I1", about=request.client_order_id, found=found)


def no_order_twice(broker: Iterable[BrokerOrder]) -> Iterable[Finding]:
    """I2: the broker has one order for each of our ids."""
    for name, times in Counter(order.client_order_id for order in broker).items():
        if times > 1:
            yield Finding(invariant="I2", about=name, found=f"the broker has it {times} times")


def broker_orders_were_intended(books: Books, broker: Mapping[str, BrokerOrder]) -> Iterable[Finding]:
    """I1, I2, I3: the broker holds in our name only orders that we intended, as we intended them, and intended first.

    Somebody else's orders, and legs that it named itself, are for the reconciliation to tell.
    """
    ours = {order.request.client_order_id: order for order in books.orders}
    for held in broker.values():
        order = ours.get(held.client_order_id)
        if order is None:
            if held.client_order_id.startswith((f"{books.desk_id}-", f"{books.desk_id}/")):
                found = "the broker has an order we never intended"
                yield Finding(invariant="I1", about=held.client_order_id, found=found)
        elif (held.symbol, held.side, held.quantity) != _terms(order) and not _is_split(books, order, held):
            yield Finding(invariant="I2", about=held.client_order_id, found="the broker's order has other terms")
    intended = {str(e.data["client_order_id"]): e.occurred_at for e in _events(books, EventType.ORDER_INTENDED)}
    for order in _sent(books):
        name = order.request.client_order_id
        if name not in intended:
            yield Finding(invariant="I3", about=name, found="sent without OrderIntended")
        elif name in broker and broker[name].received_at < intended[name] - MOST_SKEW:
            yield Finding(invariant="I3", about=name, found="the broker had it before it was intended")


def quantities_close(books: Books, broker: Mapping[str, BrokerOrder]) -> Iterable[Finding]:
    """I4: filled never passes ordered, each order's filled quantity is the sum of its fills, the broker agrees.

    The broker may be a step ahead on an order that is open to both; that one has ended it is another matter.
    """
    fills: dict[str, list[Fill]] = {}
    for fill in books.fills:
        fills.setdefault(fill.client_order_id, []).append(fill)
    for order in books.orders:
        name = order.request.client_order_id
        filled = settle(order, fills.pop(name, [])).filled_quantity
        if order.filled_quantity != filled:
            yield Finding(invariant="I4", about=name, found=f"says {order.filled_quantity:f} filled, fills {filled:f}")
        if filled > max(order.request.quantity, _in_new_shares(books, order)):
            yield Finding(invariant="I4", about=name, found=f"over-filled: {filled:f} of {order.request.quantity:f}")
        at_broker = broker.get(name)
        if at_broker is not None and at_broker.filled_quantity != filled:
            found = f"the broker filled {at_broker.filled_quantity:f}, the books {filled:f}"
            yield Finding(invariant="I4", about=name, found=found)
        elif at_broker is not None and (at_broker.state in OPEN) is not order.is_open:
            found = f"the books say {order.state}, the broker {at_broker.state}"
            yield Finding(invariant="I4", about=name, found=found)
    for name in fills:
        yield Finding(invariant="I4", about=name, found="fills of an order that the books do not know")


def cash_and_positions_balance(books: Books) -> Iterable[Finding]:
    """I5: cash and positions equal what capital events, fills and adjustments make of them, to the cent."""
    cash = cash_of(books.capital, books.fills)
    if cash != books.portfolio.cash:
        yield Finding(invariant="I5", about="cash", found=f"the books say {books.portfolio.cash}, fills make {cash}")
    if any(sum(postings(fill).values(), ZERO) for fill in books.fills):
        yield Finding(invariant="I5", about="postings", found="a fill's postings do not sum to zero")
    yield from compare_positions("I5", books.portfolio, made_positions(books, books.fills, books.adjustments))


def state_follows_from_events(books: Books) -> Iterable[Finding]:
    """I6: replaying the log from empty gives cash, positions and trading state as they stand."""
    fills = [Fill.model_validate(_only(e.data, Fill)) for e in _events(books, EventType.TRADE_EXECUTED)]
    capital = [
        CapitalEvent.model_validate(_only(e.data, CapitalEvent)) for e in _events(books, EventType.CAPITAL_CHANGED)
    ]
    cash = cash_of(capital, fills)
    if cash != books.portfolio.cash:
        yield Finding(invariant="I6", about="cash", found=f"the books say {books.portfolio.cash}, the log {cash}")
    adjustments = [
        Adjustment.model_validate(_only(e.data, Adjustment)) for e in _events(books, EventType.POSITION_ADJUSTED)
    ]
    yield from compare_positions("I6", books.portfolio, made_positions(books, fills, adjustments))
    changes = [e.data["state"] for e in _events(books, EventType.TRADING_STATE_CHANGED)]
    state = changes[-1] if changes else TradingState.ACTIVE
    if state != books.portfolio.trading_state:
        found = f"the books say {books.portfolio.trading_state}, the log {state}"
        yield Finding(invariant="I6", about="trading_state", found=found)


def log_is_whole(books: Books) -> Iterable[Finding]:
    """I9: every event readable, once, without a hole, unchanged since it was sealed, and none missing at the end."""
    for name in books.unreadable:
        yield Finding(invariant="I9", about=name, found="no event that anyone can read")
    for wrong in broken_links(books.events):
        yield Finding(invariant="I9", about="events", found=wrong)
    head = books.events[-1].hash if books.events else GENESIS
    if (books.event_count, books.event_head) != (len(books.events), head):
        found = f"{len(books.events)} events where the ledger counted {books.event_count}"
        yield Finding(invariant="I9", about="events", found=found)


def cycles_end_once(books: Books) -> Iterable[Finding]:
    """I10: of each strategy one cycle at a time, and each ends exactly once.

    A scan that is not held ends as CycleSkipped, once, under its own name, and has never begun: it is no cycle, and may
    be told while one runs. One that failed may have failed before it could say that it began; what completed did begin.
    """
    ended = Counter(s.event.aggregate_id for s in books.events if s.event.type in _ENDS)
    running: dict[str, str] = {}
    for stored in books.events:
        cycle = stored.event.aggregate_id
        if stored.event.type is EventType.CYCLE_STARTED:
            whose = str(stored.event.data.get("strategy_id", AGENTS))
            if whose in running:
                yield Finding(invariant="I10", about=cycle, found=f"started while {running[whose]} was running")
            running[whose] = cycle
        elif stored.event.type in _ENDS:
            running = {whose: one for whose, one in running.items() if one != cycle}
    for cycle, times in ended.items():
        if times > 1:
            yield Finding(invariant="I10", about=cycle, found=f"ended {times} times")
    begun = {event.aggregate_id for event in _events(books, EventType.CYCLE_STARTED)}
    for completed in _events(books, EventType.CYCLE_COMPLETED):
        if completed.aggregate_id not in begun:
            yield Finding(invariant="I10", about=completed.aggregate_id, found="completed, but never started")


def quantities_only_shrink(books: Books) -> Iterable[Finding]:
    """I12: signal ≥ the code's cap ≥ the RiskManager's ≥ the decision, for every symbol of every cycle.

    A signal that asks for a weight has no quantity to compare: what code made of it comes first then.
    """
    steps = {
        EventType.SIGNAL_GENERATED: "quantity",
        EventType.CONSTRAINT_APPLIED: "after",
        EventType.RISK_ASSESSED: "quantity",
        **dict.fromkeys(DECISIONS, "quantity"),
    }
    least: dict[tuple[str, str], Decimal] = {}
    for stored in books.events:
        event = stored.event
        said = event.data.get(steps[event.type]) if event.type in steps else None
        if said is None or "symbol" not in event.data:
            continue
        key = (event.aggregate_id, str(event.data["symbol"]))
        quantity = Decimal(str(said))
        if key in least and quantity > least[key]:
            yield Finding(
                invariant="I12", about="/".join(key), found=f"{event.type} raised {least[key]:f} to {quantity:f}"
            )
        least[key] = min(quantity, least.get(key, quantity))


def orders_equal_decisions(books: Books) -> Iterable[Finding]:
    """I13: in a finished cycle, orders intended and denied are as many as decisions to execute that are not in shadow.

    What protects a position, and what goes on with an order at another price, follows from no decision of its own.
    """
    finished = {e.aggregate_id for e in _events(books, EventType.CYCLE_COMPLETED)}
    answers = (*_events(books, EventType.ORDER_INTENDED), *_events(books, EventType.ORDER_DENIED))
    out = Counter(e.aggregate_id for e in answers if e.data.get("leg") not in PROTECTIVE and not e.data.get("replaces"))
    decided = Counter(
        e.aggregate_id for e in decisions(books) if e.data["verdict"] == "EXECUTE" and not is_in_shadow(e)
    )
    for cycle in finished:
        if out[cycle] != decided[cycle]:
            yield Finding(invariant="I13", about=cycle, found=f"{decided[cycle]} decisions, {out[cycle]} orders")


def intents_are_sent(books: Books) -> Iterable[Finding]:
    """I16: no order is still only intended when a later cycle of its strategy has completed, which settled that.

    Its own cycle may end before it is sent: its sender may wait for a worker.
    """
    whose = {e.aggregate_id: e.data.get("strategy_id", AGENTS) for e in _events(books, EventType.CYCLE_STARTED)}
    ended: set[str] = set()
    settled: set[str] = set()
    for stored in books.events:
        cycle = stored.event.aggregate_id
        if stored.event.type is EventType.CYCLE_COMPLETED:
            settled |= {one for one in ended if whose.get(one) == whose.get(cycle)}
        if stored.event.type in _ENDS:
            ended.add(cycle)
    for order in books.orders:
        if order.state is OrderState.INTENDED and order.request.cycle_id in settled:
            yield Finding(invariant="I16", about=order.request.client_order_id, found="intended, never sent")


def _events(books: Books, kind: EventType) -> list[Event]:
    return [stored.event for stored in books.events if stored.event.type is kind]


def _sent(books: Books) -> list[Order]:
    """Orders that follow a decision: neither denied nor protective."""
    return [o for o in books.orders if o.state is not OrderState.DENIED and o.request.leg not in PROTECTIVE]


def _terms(order: Order) -> tuple[object, object, object]:
    return order.request.symbol, order.request.side, order.request.quantity


def _in_new_shares(books: Books, order: Order) -> Decimal:
    """What was ordered, in the shares of today: a split multiplies an order that rests through it."""
    request = order.request
    return shares_through(request.quantity, request.symbol, books.adjustments, request.as_of)


def _is_split(books: Books, order: Order, held: BrokerOrder) -> bool:
    """Whether the broker's order is ours, with another quantity only because of a split since."""
    same = (held.symbol, held.side) == (order.request.symbol, order.request.side)
    return same and _in_new_shares(books, order) != order.request.quantity


def _only(data: Mapping[str, Any], record: type[Record]) -> dict[str, Any]:
    return {name: data[name] for name in record.model_fields if name in data}
