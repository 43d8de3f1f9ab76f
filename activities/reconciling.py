"""The books against the broker's account: corrected where the broker says why, told and acted on where nobody does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog
from temporalio import activity

from activities import clock
from activities.correcting import Corrector
from activities.following import Follower
from activities.listing import REACH_BACK, Listing
from trading.alerts import Alert, Topic, alert_raised
from trading.audit import Books
from trading.breaker import StateChange, TradingState
from trading.corporate_actions import CorporateAction
from trading.differences import Case, Difference, consequence_of
from trading.errors import BooksDisagree
from trading.limits import Limits
from trading.market import Quote
from trading.orders import PROTECTIVE, Order, OrderRequest, OrderState
from trading.portfolio import Portfolio
from trading.ports import Broker, Calendar, Ledger, Market
from trading.protection import outgrown, unprotected
from trading.reconciliation import explained, unexplained
from trading.reconciling import (
    MOST_DIFFERENCES,
    Comparison,
    Reconciled,
    ReconciliationAsked,
    calling_for,
    difference_found,
    ignored_orders,
    sentence,
)
from trading.sessions import is_open
from trading.settlement import Denied, IntentAsked
from trading.shared_reads import SharedReads

_GRAVITY = [TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED]

log = structlog.get_logger()


class _Found:
    """What one look found; what it corrected is told by one of those who share it, what is open by all."""

    def __init__(self, explained: Sequence[Difference], left: Sequence[Difference]) -> None:
        self._explained = tuple(explained)
        self._left = tuple(left)

    def told(self) -> tuple[Difference, ...]:
        explained, self._explained = self._explained, ()
        return (*explained, *self._left)


class ReconcilingActivities:
    """One desk's books against one account."""

    def __init__(self, broker: Broker, ledger: Ledger, market: Market, calendar: Calendar, limits: Limits) -> None:
        self._broker = broker
        self._ledger = ledger
        self._market = market
        self._calendar = calendar
        self._limits = limits
        self._listing = Listing(broker, market)
        self._follower = Follower(broker, ledger)
        self._corrector = Corrector(ledger, self._follower)
        # Cycles of different strategies ask together: one look at the desk is enough for all of them.
        self._looks = SharedReads(self._look)

    @activity.defn
    async def compare(self, asked: ReconciliationAsked) -> Comparison:
        """Correct what the broker or a list of corporate actions explains, and find what nobody does.

        On paper, what companies did happens first, and then resting orders meet the moment's prices.

        Repeat: a listed action has an id that follows from company, kind and day, and happens once; so does each
        correction, whose id follows from the broker's report.
        """
        now = clock.now()
        closed = asked.in_session and not is_open(self._calendar.last_session(now), now)
        if closed or not await self._ledger.knows(asked.desk_id):
            return Comparison(asked=asked, is_closed=True)
        await self._withdraw(asked)
        found = await self._looks.of((asked.desk_id, asked.as_of))
        return Comparison(asked=asked, differences=found.told()[:MOST_DIFFERENCES])

    async def _withdraw(self, asked: ReconciliationAsked) -> None:
        """Take back what an older cycle intended and never sent."""
        for order in (await self._ledger.portfolio(asked.desk_id)).open_orders:
            if _is_abandoned(order, asked):
                followed = await self._follower.follow(order.request)
                if _is_abandoned(followed, asked):
                    await self._follower.withdraw(followed)

    async def _look(self, asked: tuple[str, datetime | None]) -> _Found:
        desk_id, as_of = asked
        now = clock.now()
        actions = await self._catch_up(desk_id, as_of, now)
        books = await self._ledger.books(desk_id)
        statement = await self._broker.statement(desk_id, _since(books, now))
        found = explained(books, statement, actions)
        for difference in found:
            if difference.correction is not None:
                await self._corrector.apply(desk_id, difference.correction)
        if found:
            books = await self._ledger.books(desk_id)
        late, ignored = self._broker.late_visibility, ignored_orders(books)
        left = unexplained(books, statement, late_visibility=late, ignored=ignored, actions=actions)
        # What was corrected is told by its own event: the word of it need not travel.
        return _Found([one.model_copy(update={"correction": None}) for one in found], left)

    @activity.defn
    async def conclude(self, found: Comparison) -> Reconciled:
        """Tell every difference, put the desk in the state that the gravest asks for, and intend the missing stops.

        Repeat: events and state changes have ids that follow from what was found; stops have their entry's.
        """
        asked, at = found.asked, clock.now()
        if found.is_closed:
            return Reconciled()
        await self._ledger.record([difference_found(asked, one, at) for one in found.differences])
        state = await self._restrict(found, at)
        awaited = {one.about for one in found.differences if one.case is Case.SPLIT_AWAITED}
        stops = await self._protect(asked.desk_id, awaited)
        return Reconciled(differences=found.differences, state=state, protection=stops)

    async def _catch_up(self, desk_id: str, as_of: datetime | None, now: datetime) -> tuple[CorporateAction, ...]:
        """Book what became of open orders; the listed actions of what is held."""
        portfolio = await self._ledger.portfolio(desk_id)
        actions = await self._listing.apply(portfolio, as_of or now, now)
        # Without the list nobody knows whether a resting stop is of the shares that are quoted.
        if actions is not None and self._broker.synthetic and (as_of or not self._market.historical):
            await self._match(portfolio, as_of or now)
        for order in portfolio.open_orders:
            await self._follower.follow(order.request)
        return actions or ()

    async def _match(self, portfolio: Portfolio, at: datetime) -> None:
        symbols = sorted({order.request.symbol for order in portfolio.open_orders})
        if symbols:
            quotes = await self._market.quotes(symbols, at)
            await self._broker.match({symbol: quote for symbol, quote in quotes.items() if isinstance(quote, Quote)})

    async def _restrict(self, found: Comparison, at: datetime) -> TradingState | None:
        """The state that the differences ask for, put in force when it is graver than what is; a person is called.

        Also when the desk is in that state already: what is new is no less true for it.
        """
        state, desk_id, reason = consequence_of(found.differences), found.asked.desk_id, sentence(found.differences)
        if state is None:
            return None
        in_force = await self._ledger.breaker(desk_id)
        if _GRAVITY.index(state) > _GRAVITY.index(in_force.state):
            change = StateChange(
                desk_id=desk_id,
                change_id=found.asked.reconciliation_id,
                state=state,
                changed_by="reconciliation",
                reason=reason,
                at=at,
            )
            in_force = await self._ledger.change_state(change)
        await self._ledger.record([calling_for(desk_id, reason, in_force, at)])
        log.error("reconciliation", desk_id=desk_id, state=in_force.state, reason=reason)
        return state

    async def _protect(self, desk_id: str, awaited: Collection[str]) -> tuple[OrderRequest, ...]:
        """Intend a stop for every share that lacks the one it was bought with; cancel those that do not fit any more.

        What replaces one of these is made when its end is booked: the broker holds the shares back until then. No stop
        is made of shares whose split is `awaited`: it would be at a price of the old ones.
        """
        books, at = await self._ledger.books(desk_id), clock.now()
        orders = {order.request.client_order_id: order for order in books.orders}
        unfit = outgrown(books, at)
        for stop in unfit:
            await self._follower.withdraw(orders[stop.client_order_id])
        if unfit:
            books = await self._ledger.books(desk_id)
        bare = [one.order for one in unprotected(books, at) if one.symbol not in awaited]
        if books.portfolio.trading_state is TradingState.HALTED:
            # A halted desk lets nothing but cancels out: each look would only add one more denied order.
            await self._call_for([(stop, stop.parent_id or "", "the desk is HALTED") for stop in bare], at)
            return ()
        for missing in bare:
            await self._intend(missing, at)
        # Also those that an earlier look intended and did not live to send: starting one twice starts it once.
        waiting = [o.request for o in (await self._ledger.portfolio(desk_id)).open_orders if _is_unsent_stop(o)]
        return tuple(stop for stop in waiting if stop.symbol not in awaited)

    async def _intend(self, stop: OrderRequest, at: datetime) -> None:
        try:
            answer = await self._ledger.intend(IntentAsked(request=stop, limits=self._limits, intended_at=at))
        except BooksDisagree as other:
            # Another look at the same books has named a stop so in the same moment: that one is sent.
            log.warning("stop not intended", client_order_id=stop.client_order_id, reason=str(other))
            return
        if isinstance(answer, Denied):
            await self._call_for([(stop, stop.client_order_id, answer.reason)], at)

    async def _call_for(self, stops: Sequence[tuple[OrderRequest, str, str]], at: datetime) -> None:
        """Call a person for shares without their stop, once under each key, and say why it cannot be made."""
        for stop, key, why in stops:
            reason = f"{stop.symbol} is held without its stop: {why}"
            alert = Alert(topic=Topic.POSITION, key=f"{key}-bare", reason=reason)
            await self._ledger.record([alert_raised(stop.desk_id, alert, at)])
            log.error("unprotected", symbol=stop.symbol, reason=why)


def _since(books: Books, now: datetime) -> datetime:
    """The moment the statement must reach back to: the desk may have been away for weeks, but not before it opened."""
    opened_at, last = books.events[0].event.occurred_at, books.events[-1].event.occurred_at
    return max(min(last, now) - REACH_BACK, opened_at)


def _is_unsent_stop(order: Order) -> bool:
    return order.state is OrderState.INTENDED and order.request.leg in PROTECTIVE


def _is_abandoned(order: Order, asked: ReconciliationAsked) -> bool:
    """Whether a cycle that is over intended this order and never sent it. What others intend waits for its sender.

    Of the cycles of one strategy only that which asks runs; those of others may run beside it.
    """
    request = order.request
    ours = request.strategy_id == asked.strategy_id and request.leg not in PROTECTIVE
    return order.state is OrderState.INTENDED and asked.cycle_id not in {None, request.cycle_id} and ours
