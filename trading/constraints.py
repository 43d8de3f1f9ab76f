"""The code's say between the DataAgent and the RiskManager.

Signals become proposals that fit the hard limits together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pydantic import AwareDatetime

from trading.breaches import breaches
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.limits import Breach, Giver, Limit, Limits, Own, Scene
from trading.market import SnapshotSummary
from trading.money import MOST_SHARES, ZERO, Fraction, Quantity, Record
from trading.orders import Leg, Order, OrderKind, OrderRequest, OrderState, Style, TimeInForce, client_order_id
from trading.portfolio import Portfolio
from trading.proposals import Constraint, Proposal
from trading.repricing import limit_of
from trading.rooms import cap, closable, sized
from trading.signals import Signal
from trading.steps import Cycle

_PROBATION = "the desk is on probation after a halt: entries are smaller"


class Ruling(Record):
    """What code made of one signal: a proposal, or none and why."""

    signal: Signal
    asked: Quantity
    proposal: Proposal | None
    constraint: Constraint | None = None
    reason: str = ""


class Case(Record):
    """What signals are judged against.

    `own` is the strategy's part of the books, None when that is the whole desk; `giver` says how far it may go. `size`
    is the part that an entry is cut to, of a desk on probation; `thought` are the symbols that were entered in shadow
    already.
    """

    cycle: Cycle
    snapshot: SnapshotSummary
    portfolio: Portfolio
    limits: Limits
    own: Own | None = None
    giver: Giver | None = None
    style: Style = Style()
    closes_at: AwareDatetime | None = None
    size: Fraction = Decimal(1)
    thought: tuple[Symbol, ...] = ()

    @property
    def scene(self) -> Scene:
        """What is known while orders are only sized."""
        return Scene(portfolio=self.portfolio, limits=self.limits, own=self.own, giver=self.giver)

    @property
    def mine(self) -> Portfolio:
        """What the strategy has: its weights are of that equity, and it closes no more than those shares."""
        return self.portfolio if self.own is None else self.own.portfolio

    def inside(self) -> Case:
        """The same with limits that orders are sized to, the strategy's own too."""
        limits, margin = self.limits.for_sizing(), self.limits.sizing_margin
        own = self.own and self.own.model_copy(update={"limits": self.own.limits.for_sizing(margin)})
        return self.model_copy(update={"limits": limits, "own": own})

    def ordering(self, request: OrderRequest) -> Case:
        """The same once this has been ordered: in the desk's books, and in the strategy's part of them."""
        portfolio = _with(self.portfolio, request)
        own = self.own and self.own.model_copy(update={"portfolio": _with(self.own.portfolio, request)})
        return self.model_copy(update={"portfolio": portfolio, "own": own})


def rule_on(signals: Sequence[Signal], case: Case) -> tuple[Ruling, ...]:
    """Judge every signal, each as if those before it had been ordered: sells first, then the surest buys."""
    rulings: list[Ruling] = []
    inside = case.inside()
    for signal in sorted(signals, key=_precedence):
        ruling = _rule(signal, inside)
        rulings.append(ruling)
        if ruling.proposal is not None:
            inside = inside.ordering(request_of(case, ruling.proposal, ruling.proposal.quantity))
    return tuple(rulings)


def request_of(case: Case, proposal: Proposal, quantity: Decimal) -> OrderRequest:
    """The order that this proposal would become: an entry in the desk's style, an exit at the market.

    Its id follows from the cycle, the symbol, the side and the leg alone.
    """
    cycle, leg, signal, style = case.cycle, proposal.leg, proposal.signal, case.style
    limited = leg is Leg.ENTRY and style.kind is OrderKind.LIMIT
    # A broker ends the legs of a day's bracket with the day; what is left of the entry itself we cancel at the bell.
    guarded = leg is Leg.ENTRY and (signal.stop is not None or signal.target is not None)
    return OrderRequest(
        client_order_id=client_order_id(cycle.cycle_id, proposal.symbol, proposal.side, leg),
        desk_id=cycle.desk_id,
        strategy_id=cycle.request.strategy_id,
        cycle_id=cycle.cycle_id,
        leg=leg,
        symbol=proposal.symbol,
        sector=proposal.sector,
        side=proposal.side,
        kind=OrderKind.LIMIT if limited else OrderKind.MARKET,
        quantity=quantity,
        mark=proposal.price,
        limit_price=limit_of(proposal.price, proposal.side, style.offset) if limited else None,
        reprice_seconds=style.reprice_seconds if limited else 0,
        time_in_force=TimeInForce.GTC if guarded else TimeInForce.DAY,
        expires_at=case.closes_at,
        stop=signal.stop if leg is Leg.ENTRY else None,
        target=signal.target if leg is Leg.ENTRY else None,
        as_of=case.snapshot.as_of,
        trace_id=cycle.trace_id,
    )


def _with(portfolio: Portfolio, request: OrderRequest) -> Portfolio:
    order = Order(request=request, state=OrderState.INTENDED)
    return portfolio.model_copy(update={"open_orders": (*portfolio.open_orders, order)})


def _precedence(signal: Signal) -> tuple[bool, float, str]:
    return signal.side is not Side.SELL, -signal.confidence, signal.symbol


def _rule(signal: Signal, case: Case) -> Ruling:
    priced = next(p for p in case.snapshot.symbols if p.instrument.symbol == signal.symbol)
    price, side = priced.quote.mark, signal.side
    if side is None:
        return Ruling(signal=signal, asked=ZERO, proposal=None, reason="hold")
    leg = _leg(signal, side, case)
    asked = _asked(signal, leg, case, price)
    refused = _refused(signal, leg, asked, case)
    if refused is not None:
        return refused
    sector = priced.instrument.sector or UNKNOWN_SECTOR
    # Of the least that can be ordered nothing would be left to prove oneself with.
    wanted = (sized(asked * case.size, case.scene) or case.limits.step) if leg is Leg.ENTRY else asked
    draft = Proposal(signal=signal, side=side, leg=leg, quantity=wanted, price=price, sector=sector)
    request = request_of(case, draft, wanted)
    room = cap(request, case.scene)
    if room.quantity <= 0:
        return _denied(signal, asked, room.limit, _say(breaches(request, case.scene)))
    capped = request.model_copy(update={"quantity": room.quantity})
    left = breaches(capped, case.scene)
    if left:
        return _denied(signal, asked, left[0].limit, _say(left))
    if room.quantity == asked:
        return Ruling(signal=signal, asked=asked, proposal=draft)
    limit = room.limit if room.quantity < wanted else Limit.PROBATION
    constraint = Constraint(limit=limit, before=asked, after=room.quantity)
    proposal = draft.model_copy(update={"quantity": room.quantity, "constraint": constraint})
    reason = _say(breaches(request, case.scene)) or _PROBATION
    return Ruling(signal=signal, asked=asked, proposal=proposal, constraint=constraint, reason=reason)


def _refused(signal: Signal, leg: Leg, asked: Decimal, case: Case) -> Ruling | None:
    """What there is nothing of to order, whatever room the limits leave."""
    what = f"{signal.action} {signal.symbol}"
    if leg is Leg.ENTRY and signal.symbol in case.thought:
        return _denied(signal, asked, Limit.DUPLICATE, f"{what}: it was entered in shadow already")
    if asked > 0:
        return None
    if signal.side is Side.SELL and not case.mine.sellable(signal.symbol):
        return _denied(signal, asked, Limit.HOLDING, f"{what}: nothing left to sell")
    least = "a millionth of a" if case.limits.fractional else "one"
    return _denied(signal, asked, Limit.SIZE, f"{what}: less than {least} share")


def _leg(signal: Signal, side: Side, case: Case) -> Leg:
    """Whether the signal closes what is held or opens: nothing does both, for no broker lets one order cross zero."""
    held = case.mine.held(signal.symbol)
    if side is Side.BUY:
        return Leg.EXIT if held < 0 else Leg.ENTRY
    return Leg.ENTRY if case.limits.allow_short and held <= 0 else Leg.EXIT


def _asked(signal: Signal, leg: Leg, case: Case, price: Decimal) -> Decimal:
    """Shares asked for, in the steps that orders are sized in; an exit without a size means all that is held."""
    if signal.quantity is not None:
        asked = signal.quantity
    elif signal.weight:
        asked = min(max(signal.weight * case.mine.equity / price, ZERO), MOST_SHARES)
    else:
        asked = closable(case.mine, signal.symbol, signal.side or Side.SELL) if leg is Leg.EXIT else ZERO
    return sized(asked, case.scene)


def _denied(signal: Signal, asked: Decimal, limit: Limit, reason: str) -> Ruling:
    constraint = Constraint(limit=limit, before=asked, after=ZERO)
    return Ruling(signal=signal, asked=asked, proposal=None, constraint=constraint, reason=reason)


def _say(found: Iterable[Breach]) -> str:
    return "; ".join(breach.reason for breach in found)
