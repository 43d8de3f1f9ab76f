"""The code's say between the DataAgent and the RiskManager.

Signals become proposals that fit the hard limits together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trading.instruments import UNKNOWN_SECTOR, Side
from trading.limits import Breach, Limit, Limits, breaches, cap
from trading.market import SnapshotSummary
from trading.money import ZERO, Quantity, Record
from trading.orders import Leg, Order, OrderRequest, OrderState, client_order_id
from trading.portfolio import Portfolio
from trading.proposals import Constraint, Proposal
from trading.signals import Signal
from trading.steps import Cycle


class Ruling(Record):
    """What code made of one signal: a proposal, or none and why."""

    signal: Signal
    asked: Quantity
    proposal: Proposal | None
    constraint: Constraint | None = None
    reason: str = ""


class Case(Record):
    """What signals are judged against."""

    cycle: Cycle
    snapshot: SnapshotSummary
    portfolio: Portfolio
    limits: Limits


def rule_on(signals: Sequence[Signal], case: Case) -> tuple[Ruling, ...]:
    """Judge every signal, each as if those before it had been ordered: sells first, then the surest buys."""
    rulings: list[Ruling] = []
    portfolio, limits = case.portfolio, case.limits.for_sizing()
    for signal in sorted(signals, key=_precedence):
        ruling = _rule(signal, case.model_copy(update={"portfolio": portfolio, "limits": limits}))
        rulings.append(ruling)
        if ruling.proposal is not None:
            request = request_of(case.cycle, ruling.proposal, ruling.proposal.quantity, case.snapshot)
            order = Order(request=request, state=OrderState.INTENDED)
            portfolio = portfolio.model_copy(update={"open_orders": (*portfolio.open_orders, order)})
    return tuple(rulings)


def request_of(cycle: Cycle, proposal: Proposal, quantity: Decimal, snapshot: SnapshotSummary) -> OrderRequest:
    """The order that this proposal would become.

    Its id follows from the cycle, the symbol, the side and the leg alone.
    """
    leg = Leg.ENTRY if proposal.side is Side.BUY else Leg.EXIT
    signal = proposal.signal
    return OrderRequest(
        client_order_id=client_order_id(cycle.cycle_id, proposal.symbol, proposal.side, leg),
        desk_id=cycle.desk_id,
        strategy_id=cycle.request.strategy_id,
        cycle_id=cycle.cycle_id,
        leg=leg,
        symbol=proposal.symbol,
        sector=proposal.sector,
        side=proposal.side,
        quantity=quantity,
        mark=proposal.price,
        stop=signal.stop if leg is Leg.ENTRY else None,
        target=signal.target if leg is Leg.ENTRY else None,
        scores={"signal_confidence": signal.confidence},
        as_of=snapshot.as_of,
        trace_id=cycle.trace_id,
    )


def _precedence(signal: Signal) -> tuple[bool, float, str]:
    return signal.side is not Side.SELL, -signal.confidence, signal.symbol


def _rule(signal: Signal, case: Case) -> Ruling:
    priced = next(p for p in case.snapshot.symbols if p.instrument.symbol == signal.symbol)
    price, side = priced.quote.mark, signal.side
    if side is None:
        return Ruling(signal=signal, asked=ZERO, proposal=None, reason="hold")
    asked = _asked(signal, case.portfolio, price)
    if asked <= 0:
        nothing_left = side is Side.SELL and not case.portfolio.sellable(signal.symbol)
        limit, why = (Limit.HOLDING, "nothing left to sell") if nothing_left else (Limit.SIZE, "less than one share")
        return _denied(signal, asked, limit, f"{signal.action} {signal.symbol}: {why}")
    draft = Proposal(
        signal=signal, side=side, quantity=asked, price=price, sector=priced.instrument.sector or UNKNOWN_SECTOR
    )
    request = request_of(case.cycle, draft, asked, case.snapshot)
    room = cap(request, case.portfolio, case.limits)
    if room.quantity <= 0:
        return _denied(signal, asked, room.limit, _say(breaches(request, case.portfolio, case.limits)))
    capped = request.model_copy(update={"quantity": room.quantity})
    left = breaches(capped, case.portfolio, case.limits)
    if left:
        return _denied(signal, asked, left[0].limit, _say(left))
    if room.quantity == asked:
        return Ruling(signal=signal, asked=asked, proposal=draft)
    constraint = Constraint(limit=room.limit, before=asked, after=room.quantity)
    proposal = draft.model_copy(update={"quantity": room.quantity, "constraint": constraint})
    reason = _say(breaches(request, case.portfolio, case.limits))
    return Ruling(signal=signal, asked=asked, proposal=proposal, constraint=constraint, reason=reason)


def _asked(signal: Signal, portfolio: Portfolio, price: Decimal) -> Decimal:
    """Whole shares asked for; a sale without a size means all that is held."""
    if signal.side is Side.SELL and signal.quantity is None and not signal.weight:
        return portfolio.sellable(signal.symbol) // 1
    return signal.shares(equity=portfolio.equity, price=price)


def _denied(signal: Signal, asked: Decimal, limit: Limit, reason: str) -> Ruling:
    constraint = Constraint(limit=limit, before=asked, after=ZERO)
    return Ruling(signal=signal, asked=asked, proposal=None, constraint=constraint, reason=reason)


def _say(found: Iterable[Breach]) -> str:
    return "; ".join(breach.reason for breach in found)
