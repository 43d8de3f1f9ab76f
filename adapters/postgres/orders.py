"""Orders in the books: intended or denied under the desk's lock, then moved along, each step with its event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.desks import change_state
from adapters.postgres.fill_rows import fills_of_order
from adapters.postgres.footing import read_footing
from adapters.postgres.order_rows import KnownOrder, enter_order, find_order, save_order
from adapters.postgres.portfolio import lock_books, read_portfolio
from adapters.postgres.recent import count_recent
from trading.alerts import Alert, Topic, alert_raised
from trading.approval_breaches import unapproved, with_consent
from trading.breaches import breaches, evidence, forbidden_to, runaway
from trading.breaker import StateChange, TradingState, forbids
from trading.errors import BooksDisagree
from trading.events import Event
from trading.limits import Giver, Part, Scene, part_of
from trading.order_events import order_denied, order_intended, order_moved
from trading.orders import OPERATOR, UNANSWERED, Order, OrderRequest, OrderState, advance, settle
from trading.portfolio import Portfolio
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending


async def intend_order(connection: AsyncConnection, asked: IntentAsked) -> Order | Denied:
    """Check an order and write it, intended or denied; asked again, answer as before."""
    request = asked.request
    await lock_books(connection, request.desk_id)
    known = await find_order(connection, request.client_order_id)
    if known is not None:
        _refuse_other(known, request)
        return known.answer
    portfolio = await read_portfolio(connection, request.desk_id)
    scene = await _scene(connection, asked, portfolio)
    found, seen = (*breaches(request, scene), *unapproved(asked)), evidence(request, scene)
    if found:
        denied = Denied(client_order_id=request.client_order_id, breaches=found)
        await enter_order(connection, Order(request=request, state=OrderState.DENIED, reason=denied.reason), found)
        event = order_denied(request, denied, seen, asked.intended_at)
        await log.append(connection, [with_consent(event, asked.consent)])
        if runaway(found) and portfolio.trading_state is not TradingState.HALTED:
            await _stop(connection, request, denied.reason, asked.intended_at)
        return denied
    order = Order(request=request, state=OrderState.INTENDED)
    await enter_order(connection, order)
    await log.append(connection, [with_consent(order_intended(request, seen, asked.intended_at), asked.consent)])
    return order


async def clear_order(connection: AsyncConnection, sending: Sending, at: datetime) -> Clearance:
    """Say under the lock whether an order may go on the wire, and write that it does before it does."""
    request = sending.request
    await lock_books(connection, request.desk_id)
    known = await known_order(connection, request.client_order_id)
    _refuse_other(known, request)
    refused = await _forbidden(connection, sending)
    if known.order.state is not OrderState.INTENDED:
        sent = known.order.state in UNANSWERED
        again = sending.again and sent and not sending.is_late
        return Clearance(order=known.order, may_send=bool(again and not refused))
    if refused or sending.is_late:
        state = OrderState.CANCELLED if refused else OrderState.EXPIRED
        why = refused or "it was too late to send it"
        return Clearance(order=await _say(connection, known, state, at, why), may_send=False)
    return Clearance(order=await _say(connection, known, OrderState.SUBMITTED, at), may_send=True)


async def move_order(
    connection: AsyncConnection, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event
) -> Order:
    """Move an order to the state that is said of it. Once the event is written it has moved, and stays as it is now.

    Booked fills count in every state: an order cancelled half-way is cancelled, with half filled.
    """
    await lock_books(connection, event.desk_id)
    known = await known_order(connection, client_order_id)
    # Two who look at once may give two reasons for the same end: the first has said it.
    if known.told_state is state or await log.written(connection, [event]):
        return known.order
    why, name = event.data.get("reason"), broker.broker_order_id if broker else None
    said = advance(known.order, state, broker_order_id=name, reason=str(why) if why else None)
    moved = settle(said, await fills_of_order(connection, client_order_id))
    await save_order(connection, moved, state)
    await log.append(connection, [event])
    return moved


async def adopt_order(connection: AsyncConnection, order: Order, event: Event) -> None:
    """Enter a protective order that the broker holds, unless it is there."""
    await lock_books(connection, order.request.desk_id)
    known = await find_order(connection, order.request.client_order_id)
    if known is None:
        await enter_order(connection, order)
    else:
        _refuse_other(known, order.request)
    await log.append(connection, [event])


async def _scene(connection: AsyncConnection, asked: IntentAsked, portfolio: Portfolio) -> Scene:
    """All that an order is held to: the desk's books, and those of the strategy that gives it. A person has none."""
    request = asked.request
    scene = Scene(
        portfolio=portfolio,
        limits=asked.limits,
        standing=asked.standing,
        recent=await count_recent(connection, request, asked.limits.duplicate_minutes),
        flattens=asked.flattens,
    )
    if request.strategy_id == OPERATOR:
        return scene
    footing = await read_footing(connection, request.desk_id, request.strategy_id)
    giver = footing.giver(real_money=asked.real_money)
    return scene.model_copy(update={"own": footing.own(portfolio), "giver": giver})


async def _forbidden(connection: AsyncConnection, sending: Sending) -> str:
    """Why an order may not go on the wire now, in words; empty when it may."""
    request, part = sending.request, part_of(sending.request.leg)
    state = (await read_portfolio(connection, request.desk_id)).trading_state
    if forbids(state, reduces_exposure=part is not Part.ENTRY):
        return f"the desk is {state}"
    if request.strategy_id == OPERATOR or part is Part.PROTECTIVE:
        return ""
    footing = await read_footing(connection, request.desk_id, request.strategy_id)
    return _stopped(footing.giver(real_money=sending.real_money), part)


def _stopped(giver: Giver, part: Part) -> str:
    barred = giver.barred if part is Part.ENTRY else ""
    if barred or forbidden_to(giver, part):
        return f"strategy {giver.strategy_id}: {barred or giver.because or f'it is {giver.state}'}"
    return ""


async def known_order(connection: AsyncConnection, client_order_id: str) -> KnownOrder:
    """One order that must be there."""
    known = await find_order(connection, client_order_id)
    if known is None:
        raise BooksDisagree(f"the books know no order {client_order_id}")
    return known


async def _stop(connection: AsyncConnection, request: OrderRequest, reason: str, at: datetime) -> None:
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
    await change_state(connection, change)
    alert = Alert(topic=Topic.SYSTEM, key=key, reason=f"a runaway desk: {reason}")
    await log.append(connection, [alert_raised(request.desk_id, alert, at)])


async def _say(connection: AsyncConnection, known: KnownOrder, state: OrderState, at: datetime, why: str = "") -> Order:
    moved = advance(known.order, state, reason=why)
    await save_order(connection, moved, state)
    await log.append(connection, [order_moved(known.order.request, state, None, at, why)])
    return moved


def _refuse_other(known: KnownOrder, request: OrderRequest) -> None:
    if known.order.request != request:
        raise BooksDisagree(f"order {request.client_order_id} was entered before with other terms")
