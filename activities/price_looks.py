"""One look at the prices of a desk: what fires is told, resting orders meet them, what is held is marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from activities.closes import Opening, sound
from activities.lookers import Lookers, Resolve
from activities.resting import Resting
from trading.corporate_actions import CorporateAction, effective_at
from trading.errors import MarketRefused, MarketUnavailable
from trading.events import Event
from trading.instruments import Symbol
from trading.market import Quote
from trading.money import Record
from trading.move_events import Firing, moved_event, moved_of
from trading.portfolio import Portfolio
from trading.ports import Broker, Calendar, Ledger, Market
from trading.price_watch import Watch, WatchRules
from trading.sessions import Session
from trading.splits import is_booked
from trading.strategy_ports import Holders
from trading.watch_ports import DayVolumes, DeskDoor, Headlines, MoveLog, QuoteStream

log = structlog.get_logger()


class WatchPlan(Record):
    """What is watched, how often, and for what; `symbols` beside those that are held."""

    enabled: bool = True
    symbols: tuple[Symbol, ...] = ()
    rules: WatchRules = WatchRules()
    poll_every: timedelta = timedelta(seconds=60)
    mark_every: timedelta = timedelta(minutes=5)


class Eyes(NamedTuple):
    """Where prices are seen; `resolve` says what a universe is there; what a market does not tell is None."""

    market: Market
    calendar: Calendar
    resolve: Resolve
    stream: QuoteStream | None = None
    volumes: DayVolumes | None = None
    headlines: Headlines | None = None


class Hands(NamedTuple):
    """Where a look leads to: the broker of resting orders, the books, who holds what, the log of moves and the desk."""

    broker: Broker
    ledger: Ledger
    holders: Holders
    log: MoveLog
    desk: DeskDoor


class Looking:
    """The looks of one session. Raises LedgerUnavailable, after which somebody begins anew from the log."""

    def __init__(self, eyes: Eyes, hands: Hands, plan: WatchPlan, desk_id: str, session: Session) -> None:
        self._eyes = eyes
        self._hands = hands
        self._plan = plan
        self._desk_id = desk_id
        self._session = session
        self._opening = Opening(eyes.market, eyes.calendar)
        self._resting = Resting(hands.broker, hands.ledger)
        self._lookers = Lookers(desk_id, plan.symbols, hands.holders, eyes.resolve)
        self._before: tuple[Event, ...] = ()
        self._watch = Watch(rules=plan.rules, symbols={})
        self._unbooked: set[CorporateAction] = set()

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is watched by now."""
        return tuple(self._watch.symbols)

    @property
    def fired(self) -> int:
        """How often something has fired in this session."""
        return self._watch.fired

    async def catch_up(self) -> None:
        """Tell the desk again what fired last of each symbol: whoever wrote it down may not have lived to say it."""
        self._before = await self._hands.log.moves(self._desk_id, self._session.opens_at)
        self._watch = self._watch.resumed(self._before)
        newest = {str(event.data["symbol"]): event for event in self._before}
        for event in newest.values():
            await self._hands.desk.price_moved(self._desk_id, moved_of(event, self._plan.rules.pace))

    async def look(self, told: Mapping[str, Quote], now: datetime, *, polls: bool) -> None:
        """Look at what a stream has told, and with `polls` at the whole market, as of now."""
        portfolio = await self._hands.ledger.portfolio(self._desk_id)
        quotes = await self._polled(told, portfolio, now) if polls else told
        for quote in quotes.values():
            self._watch, firing = self._watch.see(quote, now)
            await self._tell(firing)
        prices = self._trusted(quotes, now)
        changed = await self._resting.meet(portfolio, prices, now)
        if polls:
            changed = await self._mark(portfolio, prices, now) or changed
        if changed:
            await self._hands.desk.books_changed(self._desk_id)

    async def _polled(self, told: Mapping[str, Quote], portfolio: Portfolio, now: datetime) -> Mapping[str, Quote]:
        """What the market says beside what was told, and with it new symbols, busy ones and those with news."""
        try:
            await self._join(portfolio, now)
            found = await sound(lambda some: self._eyes.market.quotes(some, now), self.symbols)
        except MarketUnavailable as silence:
            log.warning("prices not seen", desk_id=self._desk_id, reason=str(silence))
            return told
        for ask in (self._weigh, self._hear):
            try:
                await ask(now)
            except (MarketUnavailable, MarketRefused) as silence:
                # Prices are watched all the same.
                log.warning("volumes or news not seen", desk_id=self._desk_id, reason=str(silence))
        quotes = {symbol: quote for symbol, quote in found.items() if isinstance(quote, Quote)}
        newer = {s: q for s, q in told.items() if s not in quotes or q.quoted_at > quotes[s].quoted_at}
        return {**quotes, **newer}

    async def _join(self, portfolio: Portfolio, now: datetime) -> None:
        """Watch what is held, what orders rest for, what the settings name, and the universes of strategies."""
        held = [one.symbol for one in portfolio.positions if one.quantity]
        resting = [order.request.symbol for order in portfolio.open_orders]
        wanted = dict.fromkeys((*held, *resting, *await self._lookers.watched(self._hands.ledger)))
        new = [symbol for symbol in wanted if symbol not in self._watch.symbols]
        if new:
            closes = await self._opening.of(new, self._session, now)
            begun = Watch(rules=self._plan.rules, symbols=closes.watched).resumed(self._before)
            self._watch = self._watch.joined(begun.symbols)
            self._unbooked |= set(closes.other_shares)
        if any(one.symbol in {*held, *resting} for one in self._unbooked):
            books = await self._hands.ledger.books(self._desk_id)
            booked = {one for one in self._unbooked if is_booked(books, one.symbol, effective_at(one.ex_on))}
            self._unbooked -= booked

    async def _weigh(self, now: datetime) -> None:
        volumes = self._eyes.volumes
        if volumes is None or not self._plan.rules.volume_factor:
            return
        traded = await sound(lambda some: volumes.volumes(some, now), self.symbols)
        for symbol, volume in traded.items():
            self._watch, firing = self._watch.weigh(symbol, volume, now)
            await self._tell(firing)

    async def _hear(self, now: datetime) -> None:
        if self._eyes.headlines is None or not self._plan.rules.news or not self.symbols:
            return
        news = await self._eyes.headlines.headlines(self.symbols, now)
        for symbol in self.symbols:
            published = [one.published_at for one in news if one.symbol == symbol]
            self._watch, firing = self._watch.hear(symbol, published, now)
            await self._tell(firing)

    async def _tell(self, firing: Firing | None) -> None:
        """Write it, then say it: what is written is said again by whoever comes after us."""
        names = await self._lookers.of(firing.moved.symbol, self._hands.ledger) if firing is not None else None
        if firing is not None and names is not None:
            moved = firing.moved.model_copy(update={"strategies": names})
            firing = firing.model_copy(update={"moved": moved})
            await self._hands.ledger.record([moved_event(self._desk_id, firing)])
            await self._hands.desk.price_moved(self._desk_id, firing.moved)
            log.info("price_moved", desk_id=self._desk_id, **firing.moved.model_dump(include={"symbol", "percent"}))

    def _trusted(self, quotes: Mapping[str, Quote], now: datetime) -> dict[str, Quote]:
        """Prices that books and orders may meet: not those of other shares than the books have yet."""
        other = {action.symbol for action in self._unbooked}
        found: dict[str, Quote] = {}
        for symbol, quote in quotes.items():
            watched = self._watch.symbols.get(symbol)
            price = watched.price_of(quote, now, self._plan.rules.max_age) if watched is not None else None
            if price is not None and symbol not in other:
                found[symbol] = quote.model_copy(update={"last": price})
        return found

    async def _mark(self, portfolio: Portfolio, prices: Mapping[str, Quote], now: datetime) -> bool:
        """Value what is held, as of the newest of its quotes, unless a cycle has done so lately."""
        marked_at = portfolio.marked_at
        held = {one.symbol: prices[one.symbol] for one in portfolio.positions if one.quantity and one.symbol in prices}
        if not held or (marked_at is not None and now - marked_at < self._plan.mark_every):
            return False
        quoted_at = max(quote.quoted_at for quote in held.values())
        if marked_at is not None and quoted_at <= marked_at:
            return False
        await self._hands.ledger.mark(self._desk_id, held, quoted_at)
        return True
