"""What the books answer to an order before it goes on the wire: intended or denied, cleared or ended. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from trading.alerts import Alert, Topic, alert_raised
from trading.approval_breaches import unapproved, with_consent
from trading.breaches import forbidden_to, looked_at, runaway
from trading.breaker import StateChange, TradingState, forbids
from trading.errors import BooksDisagree
from trading.events import Event
from trading.footing import Footing
from trading.limits import Breach, Giver, Part, Scene, part_of
from trading.money import Record
from trading.order_events import order_denied, order_intended, order_moved
from trading.orders import OPERATOR, UNANSWERED, Fill, Order, OrderRequest, OrderState, advance
from trading.portfolio import Portfolio
from trading.settlement import Denied, IntentAsked, Sending
from trading.standing import Recent


class KnownOrder(Record):
    """An order, the state it was last said to be in before its fills moved it on, and why it was denied if it was."""

    order: Order
    told_state: OrderState
    breaches: tuple[Breach, ...] | None = None

    @property
    def as_told(self) -> Order:
        """The order without its fills: where `settle` starts from."""
        return self.order.model_copy(update={"state": self.told_state})

    @property
    def answer(self) -> Order | Denied:
        """What was answered when it was intended, brought up to date."""
        if self.breaches is None:
            return self.order
        return Denied(client_order_id=self.order.request.client_order_id, breaches=self.breaches)

    def refuse_other(self, request: OrderRequest) -> None:
        """Raise BooksDisagree when an order of this name has other terms."""
        if self.order.request != request:
            raise BooksDisagree(f"order {request.client_order_id} was entered before with other terms")

    def refuse_stranger(self, fill: Fill, desk_id: str) -> None:
        """Raise BooksDisagree when a fill is not one of this order: it cannot be, or the order was never sent."""
        request = self.order.request
        if (request.desk_id, request.symbol, request.side) != (desk_id, fill.symbol, fill.side):
            raise BooksDisagree(f"fill {fill.fill_id} is not one of order {request.client_order_id}")
        if self.breaches is not None:
            raise BooksDisagree(f"fill {fill.fill_id} is of order {request.client_order_id}, which was denied")


class Stop(NamedTuple):
    """A halt of the desk, and the alert that calls a person."""

    change: StateChange
    alert: Event


class Intended(NamedTuple):
    """An order as it is entered, with its event; `stop` when so many were asked that the desk must be halted."""

    known: KnownOrder
    event: Event
    stop: Stop | None = None


class Cleared(NamedTuple):
    """An order as it is before the wire, whether it may be sent now, and what is to be said of it."""

    order: Order
    may_send: bool
    event: Event | None = None


def scene_of(asked: IntentAsked, portfolio: Portfolio, recent: Recent, footing: Footing | None) -> Scene:
    """All that an order is held to: the desk's books, and those of the strategy that gives it. A person has none."""
    scene = Scene(
        portfolio=portfolio,
        limits=asked.limits,
        standing=asked.standing,
        recent=recent,
        flattens=asked.flattens,
    )
    if footing is None:
        return scene
    giver = footing.giver(real_money=asked.real_money)
    return scene.model_copy(update={"own": footing.own(portfolio), "giver": giver})


def intended(asked: IntentAsked, scene: Scene) -> Intended:
    """Hold an order to its limits."""
    request = asked.request
    passed, seen = looked_at(request, scene)
    found = (*passed, *unapproved(asked))
    if not found:
        event = with_consent(order_intended(request, seen, asked.intended_at), asked.consent)
        order = Order(request=request, state=OrderState.INTENDED)
        return Intended(KnownOrder(order=order, told_state=order.state), event)
    denied = Denied(client_order_id=request.client_order_id, breaches=found)
    order = Order(request=request, state=OrderState.DENIED, reason=denied.reason)
    event = with_consent(order_denied(request, denied, seen, asked.intended_at), asked.consent)
    runs_away = runaway(found) and scene.portfolio.trading_state is not TradingState.HALTED
    stop = _stop(request, denied.reason, asked.intended_at) if runs_away else None
    return Intended(KnownOrder(order=order, told_state=order.state, breaches=found), event, stop)


def asks_for_footing(sending: Sending, state: TradingState) -> bool:
    """Whether what the order's strategy may do decides, because the desk's state lets it pass."""
    part = part_of(sending.request.leg)
    passes = not forbids(state, reduces_exposure=part is not Part.ENTRY)
    return passes and sending.request.strategy_id != OPERATOR and part is not Part.PROTECTIVE


def forbidden(sending: Sending, state: TradingState, footing: Footing | None) -> str:
    """Why an order may not go on the wire now, in words; empty when it may."""
    part = part_of(sending.request.leg)
    if forbids(state, reduces_exposure=part is not Part.ENTRY):
        return f"the desk is {state}"
    return "" if footing is None else _stopped(footing.giver(real_money=sending.real_money), part)


def cleared(order: Order, sending: Sending, refused: str, at: datetime) -> Cleared:
    """The order before the wire: one that may not be sent any more ends here, one that was sent stays as it is."""
    if order.state is not OrderState.INTENDED:
        again = sending.again and order.state in UNANSWERED and not sending.is_late
        return Cleared(order, bool(again and not refused))
    if refused or sending.is_late:
        state = OrderState.CANCELLED if refused else OrderState.EXPIRED
        return _said(order, state, at, refused or "it was too late to send it")
    return _said(order, OrderState.SUBMITTED, at)._replace(may_send=True)


def _said(order: Order, state: OrderState, at: datetime, why: str = "") -> Cleared:
    return Cleared(advance(order, state, reason=why), False, order_moved(order.request, state, None, at, why))  # noqa: FBT003  a field's value


def _stopped(giver: Giver, part: Part) -> str:
    barred = giver.barred if part is Part.ENTRY else ""
    if barred or forbidden_to(giver, part):
        return f"strategy {giver.strategy_id}: {barred or giver.because or f'it is {giver.state}'}"
    return ""


def _stop(request: OrderRequest, reason: str, at: datetime) -> Stop:
    """Halt a desk that orders faster than its owner ever meant it to, and call a person: once, until it resumes."""
    key = f"{request.client_order_id}-runaway"
    change = StateChange(
        desk_id=request.desk_id,
        change_id=key,
        state=TradingState.HALTED,
        changed_by="limits",
        reason=reason,
        at=at,
    )
    alert = Alert(topic=Topic.SYSTEM, key=key, reason=f"a runaway desk: {reason}")
    return Stop(change, alert_raised(request.desk_id, alert, at))
