"""The books against the broker's account: corrected where the broker says why, told and acted on where nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from temporalio import activity

from activities.correcting import Corrector
from activities.following import Follower
from trading import order_events as say
from trading.audit import Books
from trading.breaker import CircuitBreaker, TradingState
from trading.differences import consequence_of
from trading.limits import Limits
from trading.market import Quote
from trading.orders import OPERATOR, PROTECTIVE, Order, OrderRequest, OrderState
from trading.ports import Broker, Calendar, Ledger, Market
from trading.protection import outgrown, unprotected
from trading.reconciliation import explained, unexplained
from trading.reconciling import (
    MOST_DIFFERENCES,
    Comparison,
    Reconciled,
    ReconciliationAsked,
    difference_found,
    ignored_orders,
    sentence,
)
from trading.sessions import is_open
from trading.settlement import Denied, IntentAsked

EXCHANGE = ZoneInfo("America/New_York")
# A statement reaches this far behind the last line in the log: a long week-end, and reports that come late.
REACH_BACK = timedelta(days=5)
_GRAVITY = [TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED]

log = structlog.get_logger()


class ReconcilingActivities:
    """One desk's books against one account."""

    def __init__(self, broker: Broker, ledger: Ledger, market: Market, calendar: Calendar, limits: Limits) -> None:
        self._broker = broker
        self._ledger = ledger
        self._market = market
        self._calendar = calendar
        self._limits = limits
        self._follower = Follower(broker, ledger)
        self._corrector = Corrector(ledger, self._follower)

    @activity.defn
    async def compare(self, asked: ReconciliationAsked) -> Comparison:
        """Let resting orders meet the moment's prices, correct what the broker explains, and find what nobody does.

        Repeat: each correction has an id that follows from the broker's report, and is written once.
        """
        now = datetime.now(UTC)
        closed = asked.in_session and not is_open(self._calendar.session(now.astimezone(EXCHANGE).date()), now)
        if closed or not await self._ledger.knows(asked.desk_id):
            return Comparison(asked=asked, is_closed=True)
        await self._catch_up(asked)
        books = await self._ledger.books(asked.desk_id)
        statement = await self._broker.statement(asked.desk_id, _since(books, now))
        found = explained(books, statement)
        for difference in found:
            if difference.correction is not None:
                await self._corrector.apply(asked.desk_id, difference.correction)
        if found:
            books = await self._ledger.books(asked.desk_id)
        late, ignored = self._broker.late_visibility, ignored_orders(books)
        differences = (*found, *unexplained(books, statement, late_visibility=late, ignored=ignored))
        # What was corrected is told by its own event: the word of it need not travel.
        told = (one.model_copy(update={"correction": None}) for one in differences[:MOST_DIFFERENCES])
        return Comparison(asked=asked, differences=tuple(told))

    @activity.defn
    async def conclude(self, found: Comparison) -> Reconciled:
        """Tell every difference, put the desk in the state that the gravest asks for, and intend the missing stops.

        Repeat: events and state changes have ids that follow from what was found; stops have their entry's.
        """
        asked, at = found.asked, datetime.now(UTC)
        if found.is_closed:
            return Reconciled()
        await self._ledger.record([difference_found(asked, one, at) for one in found.differences])
        state = await self._restrict(found, at)
        stops = await self._protect(asked.desk_id)
        return Reconciled(differences=found.differences, state=state, protection=stops)

    async def _catch_up(self, asked: ReconciliationAsked) -> None:
        portfolio = await self._ledger.portfolio(asked.desk_id)
        symbols = sorted({order.request.symbol for order in portfolio.open_orders})
        if symbols and self._broker.synthetic and (asked.as_of or not self._market.historical):
            quotes = await self._market.quotes(symbols, asked.as_of or datetime.now(UTC))
            await self._broker.match({symbol: quote for symbol, quote in quotes.items() if isinstance(quote, Quote)})
        for order in portfolio.open_orders:
            followed = await self._follower.follow(order.request)
            if _is_abandoned(followed, asked):
                await self._follower.move(followed.request, OrderState.EXPIRED, reason="its cycle never sent it")

    async def _restrict(self, found: Comparison, at: datetime) -> TradingState | None:
        """The state that the differences ask for, when it is graver than the one in force."""
        state, desk_id = consequence_of(found.differences), found.asked.desk_id
        in_force = (await self._ledger.breaker(desk_id)).state
        if state is None or _GRAVITY.index(state) <= _GRAVITY.index(in_force):
            return state
        reason = sentence(found.differences)
        breaker = CircuitBreaker(state=state, since_at=at, changed_by="reconciliation", reason=reason)
        key = found.asked.reconciliation_id
        await self._ledger.change_state(breaker, say.state_changed(breaker, desk_id, key, at))
        await self._ledger.record([say.alert_raised(desk_id, key, {"reason": reason, "severity": "critical"}, at)])
        log.error("reconciliation", desk_id=desk_id, state=state, reason=reason)
        return state

    async def _protect(self, desk_id: str) -> tuple[OrderRequest, ...]:
        """Intend a stop for every share that lacks the one it was bought with; cancel those that do not fit any more.

        What replaces one of these is made when its end is booked: the broker holds the shares back until then.
        """
        books, at = await self._ledger.books(desk_id), datetime.now(UTC)
        for stop in outgrown(books, at):
            await self._broker.cancel(stop.client_order_id)
        bare = unprotected(books, at)
        return tuple([one for each in bare for one in await self._intend(each.order, at)])

    async def _intend(self, stop: OrderRequest, at: datetime) -> list[OrderRequest]:
        answer = await self._ledger.intend(IntentAsked(request=stop, limits=self._limits, intended_at=at))
        if not isinstance(answer, Denied):
            return [answer.request]
        reason = f"{stop.quantity:f} {stop.symbol} have no stop: {answer.reason}"
        alert = {"reason": reason, "severity": "critical"}
        await self._ledger.record([say.alert_raised(stop.desk_id, stop.client_order_id, alert, at)])
        log.error("unprotected", symbol=stop.symbol, reason=answer.reason)
        return []


def _since(books: Books, now: datetime) -> datetime:
    """The moment the statement must reach back to: the desk may have been away for weeks, but not before it opened."""
    opened_at, last = books.events[0].event.occurred_at, books.events[-1].event.occurred_at
    return max(min(last, now) - REACH_BACK, opened_at)


def _is_abandoned(order: Order, asked: ReconciliationAsked) -> bool:
    """Whether a cycle that is over intended this order and never sent it. A person's exits wait for their sender."""
    request = order.request
    theirs = request.leg in PROTECTIVE or request.strategy_id == OPERATOR
    return order.state is OrderState.INTENDED and asked.cycle_id not in {None, request.cycle_id} and not theirs
