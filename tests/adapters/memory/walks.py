"""Random walks of a desk that several strategies share: every call that a ledger knows, in any order, at any moment.

A step is small whole numbers; what it asks of a ledger is made of them and of what was asked before, never of an
answer, so that two ledgers are asked the same whatever they say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests import making
from tests.adapters.postgres import desk as of
from trading.adjustments import Adjustment, position_adjusted
from trading.breaker import StateChange, TradingState
from trading.breaker_rules import BreakerLook, BreakerRules, Resumption
from trading.capital import capital_changed
from trading.costs import Costs
from trading.events import Event, EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.market import Quote
from trading.order_events import order_moved, trade_executed
from trading.orders import OPERATOR, Fill, Leg, Order, OrderRequest, OrderState
from trading.portfolio import CapitalEvent
from trading.ports import Ledger
from trading.sessions import Session
from trading.settlement import Sending
from trading.shadow import ShadowDecision, drafted
from trading.shadow_scoring import Seen, ShadowLook
from trading.strategy import Rung, Strategy, StrategyChange

NAMES = ("agents", "trend", "mean", OPERATOR)
SYMBOLS = ("AAPL", "KO", "XOM")
STATES = tuple(OrderState)
PARTS = ("1", "0.5", "0.3", "0.2")
RATIOS = ("2", "0.1", "1.5", "4")
TIGHT = BreakerRules(
    max_drawdown=Decimal("0.02"),
    resume_drawdown=Decimal("0.01"),
    max_daily_loss=Decimal("0.01"),
    max_losing_trades=2,
    wins_to_resume=1,
    sharpe_sessions=3,
    max_rejections=2,
    max_model_failures=2,
    max_stale_cycles=2,
    cool_down_minutes=Decimal(30),
)
ROOMY = BreakerRules(sharpe_sessions=3, cool_down_minutes=Decimal(30), max_losing_trades=4)
NARROW = Limits(max_orders_per_minute=6, max_positions=2, duplicate_minutes=5)
COSTS = Costs(slippage_bps=Decimal(5))
HOURS = timedelta(hours=7)
Ask = Callable[[Ledger], Awaitable[object]]


class Step(NamedTuple):
    """What is asked, who asks it, of which symbol, how much, and how many steps late."""

    kind: str
    who: int
    which: int
    amount: int
    late: int


# How often each is asked; the names are those of the methods of `Walk`.
OFTEN = {
    "enter": 5,
    "leave": 2,
    "taken": 6,
    "clear": 3,
    "advance": 3,
    "protect": 1,
    "fill": 8,
    "again": 1,
    "bust": 1,
    "split": 1,
    "adoption": 1,
    "pay": 2,
    "company_pays": 2,
    "mark": 5,
    "fund": 3,
    "strategy": 3,
    "remove": 1,
    "halt": 1,
    "restrain": 1,
    "resume": 2,
    "judge": 4,
    "cycle": 3,
    "end_cycle": 1,
    "think": 2,
    "score": 2,
    "repeat": 2,
}
steps = st.builds(
    Step,
    st.sampled_from([kind for kind, times in OFTEN.items() for _ in range(times)]),
    st.integers(0, 3),
    st.sampled_from((0, 0, 0, 1, 2)),
    st.integers(1, 400),
    st.sampled_from((0, 0, 0, 0, 0, 1, 5)),
)


@dataclass
class Walk:
    """A walk of one desk: what was asked of it so far."""

    desk: str
    requests: list[OrderRequest] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    number: int = 0

    @property
    def beginning(self) -> list[Ask]:
        """What comes first: another strategy beside the agents, each with its part of the cash."""
        parts = {"agents": Decimal("0.6"), "trend": Decimal("0.3")}
        asked: list[Ask] = []
        for number, (name, part) in enumerate(parts.items()):
            strategy = Strategy(strategy_id=name, allocation=part, rung=Rung.PAPER)
            known: dict[str, Any] = {"desk_id": self.desk, "change_id": f"first-{number}", "by": "ann", "at": of.NOON}
            change = StrategyChange(strategy=strategy, **known)
            asked += [partial(_change, change), partial(_fund, change)]
        return asked

    def ask(self, step: Step) -> Ask | None:
        """What one more step asks of a ledger; None when there is nothing to ask it of."""
        self.number += 1
        made: Ask | None = getattr(self, step.kind)(step, of.NOON + HOURS * (self.number - step.late))
        if made is not None:
            self.asked.append(made)
        return made

    def enter(self, step: Step, at: datetime) -> Ask:
        return self._intend(step, at, Side.BUY, Leg.ENTRY)

    def leave(self, step: Step, at: datetime) -> Ask:
        return self._intend(step, at, Side.SELL, Leg.EXIT)

    def taken(self, step: Step, at: datetime) -> Ask:
        """An order that the broker holds already, whatever the limits would have said."""
        side, leg = (Side.SELL, Leg.EXIT) if step.amount % 3 == 0 else (Side.BUY, Leg.ENTRY)
        request = self._order(step, at, side, leg)
        order = Order(request=request, state=OrderState.ACCEPTED)
        return lambda ledger: ledger.adopt(order, order_moved(request, order.state, None, at))

    def clear(self, step: Step, at: datetime) -> Ask | None:
        request = self._request(step)
        if request is None:
            return None
        late = timedelta(minutes=-1 if step.amount % 9 == 0 else 5)
        sending = Sending(request=request, asked_at=at, send_by=at + late, again=step.amount % 4 == 0)
        return lambda ledger: ledger.clear(sending, at)

    def advance(self, step: Step, at: datetime) -> Ask | None:
        request, state = self._request(step), STATES[step.amount % len(STATES)]
        if request is None or state not in _TELLING:
            return None
        broker = of.held(request, state, "as it is" if step.amount % 2 else None)
        event = order_moved(request, state, broker, at)
        return lambda ledger: ledger.advance(request.client_order_id, state, broker, event)

    def protect(self, step: Step, at: datetime) -> Ask | None:
        entry = self._request(step)
        if entry is None:
            return None
        stop = {"client_order_id": f"{self.desk}/stop-{self.number}", "leg": Leg.STOP, "side": Side.SELL}
        terms = {**entry.model_dump(), **stop, "kind": "stop", "stop_price": "80.00", "parent_id": "entry"}
        request = OrderRequest.model_validate({**terms, "limit_price": None, "replaces": None})
        self.requests.append(request)
        order = Order(request=request, state=OrderState.ACCEPTED)
        return lambda ledger: ledger.adopt(order, order_moved(request, order.state, None, at))

    def fill(self, step: Step, at: datetime) -> Ask | None:
        request = self._request(step)
        if request is None:
            return None
        terms: dict[str, Any] = {
            "fill_id": f"{self.desk}/fill-{self.number}",
            "quantity": request.quantity if step.amount % 3 else Decimal(step.amount) / 100,
            "price": f"{80 + Decimal(step.amount) / 10}",
            "commission": f"{step.amount % 7}.50",
            "filled_at": at,
        }
        fill = of.fill_of(request, **terms)
        self.fills.append(fill)
        return self._book(fill)

    def again(self, step: Step, _: datetime) -> Ask | None:
        return self._book(self.fills[step.amount % len(self.fills)]) if self.fills else None

    def bust(self, step: Step, at: datetime) -> Ask | None:
        if not self.fills:
            return None
        gone = self.fills[step.amount % len(self.fills)]
        changes = {"fill_id": f"{self.desk}/bust-{self.number}", "reverses": gone.fill_id, "filled_at": at}
        return self._book(gone.model_copy(update=changes))

    def split(self, step: Step, at: datetime) -> Ask:
        ratio = {"kind": "split", "ratio": RATIOS[step.amount % 4], "fractions": step.amount % 2 == 0}
        return self._adjust(step, at, ratio)

    def adoption(self, step: Step, at: datetime) -> Ask:
        more = {"kind": "adoption", "quantity": f"{step.amount}", "strategy_id": NAMES[step.who % 3]}
        return self._adjust(step, at, more | {"cost": f"{step.amount * 90}.00"})

    def pay(self, step: Step, at: datetime) -> Ask:
        kind, sign = (("deposit", 1), ("withdrawal", -1), ("fee", -1), ("interest", 1))[step.who]
        return self._pay(at, {"kind": kind, "amount": f"{sign * step.amount * 10}.00"})

    def company_pays(self, step: Step, at: datetime) -> Ask:
        kind = ("dividend", "cash_in_lieu", "dividend", "adjustment")[step.who]
        return self._pay(at, {"kind": kind, "amount": f"{step.amount}.13", "symbol": SYMBOLS[step.which]})

    def mark(self, step: Step, at: datetime) -> Ask:
        prices = {one: f"{80 + Decimal(step.amount * (n + 1) % 400) / 10}" for n, one in enumerate(SYMBOLS)}
        quotes: dict[str, Quote] = {one: making.quote(one, price, quoted_at=at) for one, price in prices.items()}
        if step.amount % 4 == 0:
            del quotes[SYMBOLS[step.which]]
        return lambda ledger: ledger.mark(self.desk, quotes, at)

    def fund(self, step: Step, at: datetime) -> Ask:
        return lambda ledger: ledger.fund(self.desk, NAMES[step.who], at)

    def strategy(self, step: Step, at: datetime) -> Ask:
        rung = Rung.SHADOW if step.amount % 11 == 0 else Rung.PAPER
        part = Decimal(PARTS[step.amount % len(PARTS)])
        return self._change(step, at, {"allocation": part, "rung": rung, "enabled": step.amount % 7 != 0})

    def remove(self, step: Step, at: datetime) -> Ask:
        return self._change(step, at, {}, removed=True)

    def halt(self, step: Step, at: datetime) -> Ask:
        change = self._state(step, at)
        return lambda ledger: ledger.change_state(change)

    def restrain(self, step: Step, at: datetime) -> Ask:
        change = self._state(step, at).model_copy(update={"strategy_id": NAMES[step.who]})
        return lambda ledger: ledger.restrain(change)

    def resume(self, step: Step, at: datetime) -> Ask:
        name = NAMES[step.who % 3] if step.amount % 4 == 0 else None
        known: dict[str, Any] = {"desk_id": self.desk, "rules": TIGHT, "at": at, "by": "ann", "reason": "go on"}
        terms = {"change_id": f"resume-{self.number}", "force": step.amount % 5 != 0, "strategy_id": name}
        asked = Resumption.model_validate(known | terms)
        return lambda ledger: ledger.resume(asked)

    def judge(self, step: Step, at: datetime) -> Ask:
        name = NAMES[step.who % 3] if step.amount % 2 else None
        rules = TIGHT if step.amount % 4 == 0 else ROOMY
        look = BreakerLook(desk_id=self.desk, rules=rules, at=at, strategy_id=name)
        return lambda ledger: ledger.judge(look)

    def cycle(self, step: Step, at: datetime) -> Ask:
        ending = (EventType.CYCLE_COMPLETED, EventType.CYCLE_FAILED, EventType.CYCLE_SKIPPED, None)[step.amount % 4]
        code = ("no_model", "stale_data", "halted", "market_closed")[step.who]
        told = [self._event(EventType.CYCLE_STARTED, at, {"strategy_id": NAMES[step.who % 3]})]
        if step.amount % 3:
            told.append(self._event(EventType.SNAPSHOT_TAKEN, at, {"as_of": at.isoformat()}))
        if ending is not None:
            told.append(self._event(ending, at, {"code": code, "strategy_id": NAMES[step.who % 3]}))
        return lambda ledger: ledger.record(told)

    def end_cycle(self, step: Step, at: datetime) -> Ask:
        number = max(self.number - step.amount % 12, 1)
        ended = self._event(EventType.CYCLE_FAILED, at, {"code": "gone"}, number=number, name=f"ended-{self.number}")
        return lambda ledger: ledger.end_cycle(ended)

    def think(self, step: Step, at: datetime) -> Ask:
        entry = step.amount % 2 == 0
        decided = ShadowDecision(
            cycle_id=f"{self.desk}/cycle-{self.number}",
            desk_id=self.desk,
            strategy_id=NAMES[step.who % 3],
            trace_id="trace-1",
            symbol=SYMBOLS[step.which],
            side=Side.BUY if entry else Side.SELL,
            leg=Leg.ENTRY if entry else Leg.EXIT,
            quantity=Decimal(step.amount),
            stop=Decimal(85) if entry else None,
            target=Decimal("110.00") if entry else None,
            quote=making.quote(SYMBOLS[step.which], "100.00", quoted_at=at),
            as_of=at,
        )
        session = Session(session_on=at.date(), opens_at=at - HOURS, closes_at=at)
        draft = drafted(decided, session, COSTS)
        only = step.amount % 3 == 0
        return lambda ledger: ledger.decide_in_shadow(draft, COSTS, "trace-1", only_thinks=only)

    def score(self, step: Step, at: datetime) -> Ask:
        price = f"{80 + Decimal(step.amount) / 10}"
        seen = tuple(Seen(symbol=one, quote=making.quote(one, price, quoted_at=at)) for one in SYMBOLS[step.which :])
        look = ShadowLook(desk_id=self.desk, as_of=at, seen=seen)
        return lambda ledger: ledger.score_shadow(look, COSTS)

    def repeat(self, step: Step, _: datetime) -> Ask | None:
        return self.asked[-1 - step.amount % min(len(self.asked), 6)] if self.asked else None

    def _intend(self, step: Step, at: datetime, side: Side, leg: Leg) -> Ask:
        limits = NARROW if step.amount % 7 == 0 else Limits()
        asked = of.intent(self._order(step, at, side, leg), limits, intended_at=at)
        return lambda ledger: ledger.intend(asked)

    def _order(self, step: Step, at: datetime, side: Side, leg: Leg) -> OrderRequest:
        cycle, symbol = f"{self.desk}/cycle-{self.number}", SYMBOLS[step.which]
        shares = 5 + 20 * (step.amount // 4 % 2)
        limit = {"kind": "limit", "limit_price": "100.10"} if step.amount % 5 == 0 else {}
        protected = {"stop": "80", "target": "140"} if leg is Leg.ENTRY and step.amount % 2 else {}
        terms = {"desk_id": self.desk, "strategy_id": NAMES[step.who], "leg": leg, "as_of": at, "mark": "100.00"}
        named = {"client_order_id": f"{cycle}-{symbol}-{side}", "cycle_id": cycle}
        request = of.order(symbol, side, f"{shares}", **terms, **named, **limit, **protected)
        self.requests.append(request)
        return request

    def _request(self, step: Step) -> OrderRequest | None:
        """One of the newest orders."""
        return self.requests[-1 - step.amount % min(len(self.requests), 5)] if self.requests else None

    def _book(self, fill: Fill) -> Ask:
        request = next(one for one in self.requests if one.client_order_id == fill.client_order_id)
        return lambda ledger: ledger.apply_fill(fill, trade_executed(request, fill))

    def _adjust(self, step: Step, at: datetime, terms: dict[str, Any]) -> Ask:
        known = {"desk_id": self.desk, "symbol": SYMBOLS[step.which], "evidence": "a list", "effective_at": at}
        name = f"{self.desk}/adjustment-{self.number}"
        adjustment = Adjustment.model_validate({"adjustment_id": name, **known, **terms})
        return lambda ledger: ledger.adjust(adjustment, position_adjusted(adjustment, "trace-1"))

    def _pay(self, at: datetime, terms: dict[str, Any]) -> Ask:
        name = f"{self.desk}/capital-{self.number}"
        known = {"capital_event_id": name, "desk_id": self.desk, "occurred_at": at}
        event = capital_changed(CapitalEvent.model_validate(known | terms), "trace-1")
        return lambda ledger: ledger.change_capital(event)

    def _change(self, step: Step, at: datetime, terms: dict[str, Any], *, removed: bool = False) -> Ask:
        strategy = Strategy(strategy_id=NAMES[step.who % 3], **terms)
        known: dict[str, Any] = {"desk_id": self.desk, "change_id": f"change-{self.number}", "by": "ann", "at": at}
        change = StrategyChange(strategy=strategy, removed=removed, **known)
        return partial(_change, change)

    def _state(self, step: Step, at: datetime) -> StateChange:
        state = TradingState.HALTED if step.amount % 2 else TradingState.REDUCING
        known = {"change_id": f"state-{self.number}", "changed_by": "ann", "reason": "lunch", "at": at}
        return StateChange.model_validate({"desk_id": self.desk, "state": state, "flatten": step.who == 3, **known})

    def _event(
        self, kind: EventType, at: datetime, data: dict[str, Any], *, number: int | None = None, name: str = ""
    ) -> Event:
        cycle = f"{self.desk}/cycle-{number or self.number}"
        made = of.event(kind, data, name=name or f"{self.number}/{kind}", aggregate=cycle, desk=self.desk)
        return made.model_copy(update={"occurred_at": at})


def _change(change: StrategyChange, ledger: Ledger) -> Awaitable[object]:
    return ledger.change_strategy(change, Limits())


def _fund(change: StrategyChange, ledger: Ledger) -> Awaitable[object]:
    return ledger.fund(change.desk_id, change.strategy.strategy_id, change.at)


_TELLING = frozenset(
    {
        OrderState.SUBMITTED,
        OrderState.UNKNOWN,
        OrderState.ACCEPTED,
        OrderState.REJECTED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
    }
)
