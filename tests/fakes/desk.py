"""One desk in memory, by the real rules: its books, its broker's, and what it thinks in shadow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.agreeing import book_of
from tests.fakes.bookkeeping import divided
from tests.fakes.footings import scene_of
from tests.making import AT, DESK, TRACE, after, deposit, fill
from trading import order_events
from trading.approval_breaches import unapproved, with_consent
from trading.audit import Books
from trading.breaches import breaches, evidence, runaway
from trading.breaker import TradingState
from trading.costs import Costs
from trading.events import GENESIS, Event, EventType, StoredEvent, seal
from trading.footing import Footing
from trading.limits import Scene
from trading.money import ZERO, cents
from trading.orders import Fill, Order, OrderRequest, OrderState, advance, settle
from trading.portfolio import CapitalEvent, Portfolio, Position, cash_of, positions_of
from trading.protection import outgrown, unprotected
from trading.rooms import price_of
from trading.sessions import Session
from trading.settlement import BrokerOrder, Denied, IntentAsked
from trading.shadow import ShadowDecision, ShadowTrade, drafted, follow, shadow_closed, shadow_opened
from trading.shadow_scoring import ShadowLook, Thinker, score
from trading.sleeves import Told, owners_of
from trading.standing import Recent

COSTS = Costs(slippage_bps=ZERO)
SESSION = Session(session_on=AT.date(), opens_at=after(-90), closes_at=after(300))


def sealed(events: Iterable[Event]) -> tuple[StoredEvent, ...]:
    """Events in their places, as a ledger would number and chain them."""
    chain: list[StoredEvent] = []
    for event in events:
        position = 1 + sum(1 for one in chain if one.event.aggregate_id == event.aggregate_id)
        previous = chain[-1].hash if chain else GENESIS
        chain.append(seal(event, position=position, sequence=len(chain) + 1, previous_hash=previous))
    return tuple(chain)


class FakeDesk:
    """One desk's books and its broker's; orders fill at once, in full and at their mark, unless their symbol rests.

    What an entry bought has the stop that it asked for.
    """

    def __init__(self, cash: str = "100000") -> None:
        self.paid_in: CapitalEvent = deposit(cash)
        self.events: dict[str, Event] = {}
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.prices: dict[str, tuple[Decimal, str]] = {}
        self.state = TradingState.ACTIVE
        self.commission = "0.00"
        self.resting: set[str] = set()
        self.received_at: dict[str, datetime] = {}
        self.shadows: dict[str, ShadowTrade] = {}
        self.only_thinks = False
        self.footing: Footing | None = None
        self.record([self._event(EventType.CAPITAL_CHANGED, self.paid_in.model_dump(mode="json"))])

    def record(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events.setdefault(event.event_id, event)

    def change_state(self, state: TradingState) -> None:
        self.state = state
        self.record([self._event(EventType.TRADING_STATE_CHANGED, {"state": state, "number": len(self.events)})])

    def portfolio(self) -> Portfolio:
        return Portfolio(
            desk_id=DESK,
            trading_state=self.state,
            cash=cash_of([self.paid_in], self.fills),
            peak_equity=self.paid_in.amount,
            positions=tuple(self._marked(position) for position in positions_of(self.fills).values()),
            open_orders=tuple(order for order in self.orders.values() if order.is_open),
        )

    def intend(self, asked: IntentAsked) -> Order | Denied:
        request, scene = asked.request, self.scene(asked)
        found, seen = (*breaches(request, scene), *unapproved(asked)), evidence(request, scene)
        if found:
            denied = Denied(client_order_id=request.client_order_id, breaches=found)
            self.orders[request.client_order_id] = Order(request=request, state=OrderState.DENIED)
            event = order_events.order_denied(request, denied, seen, asked.intended_at)
            self.record([with_consent(event, asked.consent)])
            if runaway(found):
                self.change_state(TradingState.HALTED)
            return denied
        self.orders[request.client_order_id] = Order(request=request, state=OrderState.INTENDED)
        self.received_at[request.client_order_id] = asked.intended_at
        event = order_events.order_intended(request, seen, asked.intended_at)
        self.record([with_consent(event, asked.consent)])
        return self.orders[request.client_order_id]

    def scene(self, asked: IntentAsked) -> Scene:
        """What is known when an order is intended."""
        return scene_of(asked, self.portfolio(), self.footing, self._recent(asked))

    def _recent(self, asked: IntentAsked) -> Recent:
        """All that was ever intended is of today; a minute is one of the test's clock."""
        sent = [self.orders[name] for name in self.received_at]
        since = asked.intended_at - timedelta(minutes=1)
        late = [o for o in sent if self.received_at[o.request.client_order_id] > since]
        usd = sum((o.request.quantity * price_of(o.request) for o in sent), ZERO)
        same = [o.request for o in late if _terms(o.request) == _terms(asked.request)]
        name = same[-1].client_order_id if same else None
        return Recent(last_minute=len(late), today=len(sent), usd_today=cents(usd), same=name)

    def execute(self, request: OrderRequest) -> Order:
        order = advance(self.orders[request.client_order_id], OrderState.ACCEPTED, broker_order_id="b-1")
        self.record([order_events.order_moved(request, OrderState.ACCEPTED, None, request.as_of)])
        if request.symbol not in self.resting:
            filled = fill(request, f"{request.quantity:f}", f"{request.mark:f}", commission=self.commission)
            self.fills.append(filled)
            self.record([order_events.trade_executed(request, filled)])
            order = settle(order, [filled])
        self.orders[request.client_order_id] = order
        self._protect(request.as_of)
        return order

    def _protect(self, at: datetime) -> None:
        """Stops follow what is held, as the broker and the reconciliation see to it between them."""
        for stop in outgrown(self._held(), at):
            self._rest(advance(self.orders[stop.client_order_id], OrderState.CANCELLED), at)
        for bare in unprotected(self._held(), at):
            self.received_at[bare.order.client_order_id] = at
            self._rest(Order(request=bare.order, state=OrderState.ACCEPTED), at)

    def _rest(self, order: Order, at: datetime) -> None:
        self.orders[order.request.client_order_id] = order
        self.record([order_events.order_moved(order.request, order.state, None, at)])

    def _held(self) -> Books:
        """As much of the books as protection looks at."""
        return Books(
            desk_id=DESK, portfolio=self.portfolio(), orders=tuple(self.orders.values()), fills=tuple(self.fills)
        )

    def think(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        draft = drafted(decided, SESSION, COSTS)
        changed = follow(draft, self.thought(), self.portfolio().held(decided.symbol), COSTS)
        self.shadows |= {one.shadow_id: one for one in changed}
        self.record(shadow_opened(one, TRACE) if one.is_open else shadow_closed(one, TRACE) for one in changed)
        return changed

    def score(self, look: ShadowLook) -> tuple[ShadowTrade, ...]:
        thinker = Thinker(portfolio=self.portfolio(), only_thinks=self.only_thinks)
        changed = [score(one, look, thinker, COSTS) for one in self.thought()]
        self.shadows |= {one.shadow_id: one for one in changed}
        self.record(shadow_closed(one, TRACE) for one in changed if not one.is_open)
        return self.thought()

    def thought(self) -> tuple[ShadowTrade, ...]:
        """The open shadow trades."""
        return tuple(one for one in self.shadows.values() if one.is_open)

    def broker(self) -> tuple[BrokerOrder, ...]:
        """The broker's book, which agrees with ours."""
        return book_of(self.orders.values(), self.received_at)

    def books(self) -> Books:
        events = sealed(self.events.values())
        return Books(
            desk_id=DESK,
            portfolio=self.portfolio(),
            equity=self.portfolio().equity,
            capital=(self.paid_in,),
            orders=tuple(self.orders.values()),
            fills=tuple(self.fills),
            **divided(Told(self.fills, owners=owners_of(self.orders.values()))),
            shadows=tuple(self.shadows.values()),
            events=events,
            event_count=len(events),
            event_head=events[-1].hash,
        )

    def _marked(self, position: Position) -> Position:
        mark, sector = self.prices.get(position.symbol, (position.mark, position.sector))
        return position.model_copy(update={"mark": mark, "sector": sector})

    def _event(self, kind: EventType, data: dict[str, object]) -> Event:
        fields = {"event_id": f"{kind}/{len(self.events)}", "desk_id": DESK, "aggregate_id": DESK, "trace_id": TRACE}
        return Event.model_validate({**fields, "type": kind, "occurred_at": after(0), "data": data})


def _terms(request: OrderRequest) -> tuple[object, ...]:
    return request.strategy_id, request.symbol, request.side, request.quantity
