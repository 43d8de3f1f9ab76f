"""Shares of a symbol that is traded no more: closed at its last price, by a decision of nobody but the replay."""

from __future__ import annotations

from activities import clock
from backtest.cycles.days import Day
from backtest.cycles.desk import Desk
from backtest.cycles.terms import DESK, limits_of, strategy_of
from trading import cycle_events as say
from trading.backtest_plan import Plan
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.instruments import UNKNOWN_SECTOR, Side
from trading.market import Quote
from trading.money import ZERO
from trading.orders import PROTECTIVE, Leg, OrderRequest, client_order_id
from trading.portfolio import Position
from trading.settlement import Denied, IntentAsked
from trading.signals import Decision, Verdict
from trading.steps import Cycle, CycleRequest, InquiryAsked, Stage, Trigger

REASON = "delisted"


async def leave(desk: Desk, plan: Plan, day: Day, symbol: str) -> None:
    """Take back what is under way in a symbol, and close what is held of it: this was its last bar."""
    portfolio = await desk.ledger.portfolio(DESK)
    for order in portfolio.open_orders:
        if order.request.symbol == symbol and order.request.leg not in PROTECTIVE:
            await desk.hands.sending.end(order)
    position = next((one for one in portfolio.positions if one.symbol == symbol and one.quantity), None)
    quote = (await desk.market.quotes([symbol], clock.now())).get(symbol)
    if position is None or not isinstance(quote, Quote):
        return
    cycle = _cycle(plan, day, symbol)
    at, steps = clock.now(), desk.steps
    decision = Decision(
        symbol=symbol, verdict=Verdict.EXECUTE, quantity=abs(position.quantity), rationale="its last bar has been"
    )
    await steps.record([say.started(cycle, at), say.rule_decision(cycle, decision, REASON, at)])
    request = _exit(cycle, position, quote)
    stage = Stage(cycle=cycle, as_of=at)
    standing = await steps.inquire(InquiryAsked(stage=stage, symbol=symbol))
    asked = IntentAsked(request=request, limits=limits_of(plan), standing=standing, flattens=True, intended_at=at)
    intended = await steps.intend(asked)
    if not isinstance(intended, Denied):
        await steps.execute(intended.request)
    ended = {"outcome": CycleOutcome.TRADED, "reason": REASON}
    await steps.record([say.cycle_event(cycle, EventType.CYCLE_COMPLETED, at, ended)])


def _cycle(plan: Plan, day: Day, symbol: str) -> Cycle:
    name = f"{DESK}-{day.on:%Y%m%d}-{symbol}-{REASON}"
    request = CycleRequest(
        symbols=(symbol,),
        strategy_id=strategy_of(plan).strategy_id,
        trigger=Trigger.MANUAL,
        trace_id=name,
        as_of=day.session.closes_at,
    )
    return Cycle(cycle_id=name, desk_id=DESK, request=request, started_at=clock.now())


def _exit(cycle: Cycle, position: Position, quote: Quote) -> OrderRequest:
    side = Side.SELL if position.quantity > ZERO else Side.BUY
    return OrderRequest(
        client_order_id=client_order_id(cycle.cycle_id, position.symbol, side, Leg.EXIT),
        desk_id=DESK,
        strategy_id=cycle.request.strategy_id,
        cycle_id=cycle.cycle_id,
        leg=Leg.EXIT,
        symbol=position.symbol,
        sector=position.sector or UNKNOWN_SECTOR,
        side=side,
        quantity=abs(position.quantity),
        mark=quote.mark,
        as_of=cycle.started_at,
        trace_id=cycle.trace_id,
    )
