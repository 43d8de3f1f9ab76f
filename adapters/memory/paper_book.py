"""The paper broker's book in memory: what `adapters/paper_broker` keeps in tables, under the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from adapters.memory.timeline import Timeline
from adapters.paper_broker import entitlements
from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.money import Money, money_of
from adapters.paper_broker.splits import Split, marks, split_book
from trading.corporate_actions import SAME_ACTION, CorporateAction
from trading.errors import BooksDisagree, BrokerRefused
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Fill, Leg
from trading.statement import Activity, ActivityKind, Holding

Clock = Callable[[], datetime]
Key = tuple[str, str]
"""A desk and a symbol."""


class Marked(NamedTuple):
    """The last price that the broker saw of what is held, and when."""

    mark: Decimal
    at: datetime


class PaperBook:
    """Every desk's orders, fills, shares, cash and activities. What is refused has changed nothing."""

    def __init__(self, clock: Clock, opening_cash: Decimal) -> None:
        self._clock = clock
        self._opening_cash = opening_cash
        self._orders: dict[str, PaperOrder] = {}
        self._number: dict[str, int] = {}
        self._arrived: dict[str, Timeline[str]] = {}
        self._legs: dict[str, list[str]] = {}
        self._books: dict[Key, Book] = {}
        self._marks: dict[Key, Marked] = {}
        self._cash: dict[str, Decimal] = {}
        self._fills: dict[str, Timeline[Fill]] = {}
        self._fills_of: dict[str, list[Fill]] = {}
        self._activities: dict[str, Timeline[Activity]] = {}
        self._activity: dict[str, tuple[str, Activity]] = {}

    def order(self, client_order_id: str) -> PaperOrder | None:
        """One order as it is now."""
        return self._orders.get(client_order_id)

    def children(self, client_order_id: str) -> tuple[PaperOrder, ...]:
        """Every order that names this one as its parent, oldest first."""
        return tuple(self._orders[name] for name in self._legs.get(client_order_id, ()))

    def book(self, desk_id: str, symbol: str) -> Book:
        """What one desk has in one symbol: shares, open orders and their families."""
        return self._books.get((desk_id, symbol), Book())

    def moving(self, symbols: Iterable[str]) -> dict[Key, Book]:
        """The books of these symbols in which anything is open or held, by desk and symbol."""
        wanted = frozenset(symbols)
        return {key: b for key, b in sorted(self._books.items()) if key[1] in wanted and (b.held or b.orders)}

    def save(self, desk_id: str, symbol: str, book: Book) -> None:
        """Keep a book, the fills that were made meanwhile, and what they make of the account."""
        for order in book.orders.values():
            self._keep(order)
        for fill in book.fills:
            self._fills.setdefault(desk_id, Timeline()).add(fill, fill.filled_at, self._clock())
            self._fills_of.setdefault(fill.client_order_id, []).append(fill)
        going = {order.parent_id or order.client_order_id for order in book.open_orders()}
        left = {name: o for name, o in book.orders.items() if (o.parent_id or name) in going}
        self._books[desk_id, symbol] = Book(held=book.held, orders=left)
        if book.fills:
            last = book.fills[-1]
            self._cash[desk_id] += sum((fill.cash_change for fill in book.fills), ZERO)
            self._post((desk_id, symbol), last.price, last.filled_at)

    def _keep(self, order: PaperOrder) -> None:
        name = order.client_order_id
        if name not in self._orders:
            self._number[name] = len(self._number)
            self._arrived.setdefault(order.desk_id, Timeline()).add(name, order.received_at)
            if order.parent_id is not None:
                self._legs.setdefault(order.parent_id, []).append(name)
        self._orders[name] = order

    def _post(self, key: Key, mark: Decimal, at: datetime) -> None:
        known = self._marks.get(key)
        self._marks[key] = Marked(mark, at if known is None else max(known.at, at))

    def orders_of(self, desk_id: str, since: datetime | None) -> tuple[PaperOrder, ...]:
        """The orders of a desk that came since a moment, and those that are open however old; all by default."""
        arrived = self._arrived.get(desk_id, Timeline[str]())
        if since is None:
            return tuple(self._orders[name] for name in arrived.after(0))
        resting = {
            o.client_order_id for (desk, _), b in self._books.items() if desk == desk_id for o in b.open_orders()
        }
        return tuple(self._orders[n] for n in sorted({*arrived.since(since), *resting}, key=self._number.__getitem__))

    def fills_of(self, client_order_id: str) -> tuple[Fill, ...]:
        """The fills of one order, oldest first."""
        return tuple(self._fills_of.get(client_order_id, ()))

    def fills_since(self, desk_id: str, since: datetime) -> tuple[Fill, ...]:
        """The fills of a desk that happened, or were written, since a moment."""
        return tuple(self._fills.get(desk_id, Timeline[Fill]()).since(since))

    def written(self, desk_id: str) -> tuple[int, int]:
        """How many fills and activities a desk has had."""
        return len(self._fills.get(desk_id, ())), len(self._activities.get(desk_id, ()))

    def since_written(self, desk_id: str, before: tuple[int, int]) -> tuple[tuple[Fill, ...], tuple[Activity, ...]]:
        """The fills and the activities of a desk after its first so many."""
        fills, activities = self._fills.get(desk_id, Timeline[Fill]()), self._activities.get(desk_id)
        return fills.after(before[0]), activities.after(before[1]) if activities else ()

    def open(self, desk_id: str) -> None:
        """Open an account with its first deposit, unless it is there."""
        if desk_id in self._cash:
            return
        self._cash[desk_id] = self._opening_cash
        deposit = {"activity_id": f"{desk_id}/opening-deposit", "kind": ActivityKind.DEPOSIT}
        told = {**deposit, "amount": self._opening_cash, "occurred_at": self._clock()}
        self.enter(desk_id, Activity.model_validate(told))

    def money(self, desk_id: str) -> Money:
        """What an account is worth and what it may spend."""
        ours = [(key, book) for key, book in self._books.items() if key[0] == desk_id]
        held = ((book.held, self._marks[key].mark) for key, book in ours if book.held)
        entries = (o for _, b in ours for o in b.open_orders() if o.side is Side.BUY and o.leg is Leg.ENTRY)
        buys = ((o.leaves, o.limit_price or o.stop_price or o.mark or ZERO) for o in entries)
        return money_of(self._cash[desk_id], held, buys)

    def holdings(self, desk_id: str) -> tuple[Holding, ...]:
        """All that a desk holds, by symbol."""
        ours = ((key[1], book.held) for key, book in sorted(self._books.items()) if key[0] == desk_id and book.held)
        return tuple(Holding(symbol=symbol, quantity=held) for symbol, held in ours)

    def mark(self, prices: Mapping[str, Marked]) -> None:
        """Value what every desk holds at these prices, unless a later one is known."""
        for key, known in self._marks.items():
            seen = prices.get(key[1])
            if seen is not None and self._books[key].held and known.at <= seen.at:
                self._marks[key] = seen

    def enter(self, desk_id: str, activity: Activity) -> bool:
        """Write what happened to an account, and say whether it is new.

        Raises BooksDisagree when its id was written with other content.
        """
        if activity.activity_id not in self._activity:
            self._activity[activity.activity_id] = desk_id, activity
            self._activities.setdefault(desk_id, Timeline()).add(activity, activity.occurred_at, self._clock())
            return True
        if not entitlements.same_again(self.activity(desk_id, activity.activity_id), activity):
            raise BooksDisagree(f"activity {activity.activity_id} was entered before with other content")
        return False

    def activity(self, desk_id: str, activity_id: str) -> Activity | None:
        """What was written under this id."""
        desk, found = self._activity.get(activity_id, (None, None))
        return found if desk == desk_id else None

    def activities(self, desk_id: str, since: datetime) -> tuple[Activity, ...]:
        """What happened to an account without a trade since a moment, or was told of it since."""
        return tuple(self._activities.get(desk_id, Timeline[Activity]()).since(since))

    def pay(self, desk_id: str, activity: Activity) -> None:
        """Enter what moves cash, and move it, once; nothing when it moves none."""
        if activity.amount and self.enter(desk_id, activity):
            self._cash[desk_id] += activity.amount

    def move_money(self, desk_id: str, activity: Activity) -> Activity:
        """Pay into an account or out of it, once; the activity as it was entered first."""
        self.open(desk_id)
        if wrong := entitlements.wrong_move(activity):
            raise BrokerRefused(wrong)
        if activity.activity_id not in self._activity:
            if too_much := entitlements.overdrawn(activity, self.money(desk_id).buying_power):
                raise BrokerRefused(too_much)
            self._cash[desk_id] += activity.amount
        self.enter(desk_id, activity)
        return self.activity(desk_id, activity.activity_id) or activity

    def split_at(self, desk_id: str, symbol: str, as_of: datetime) -> datetime | None:
        """The newest split that an account has had around a moment: what was quoted before it is of the old shares."""
        return entitlements.newest_split(self.activities(desk_id, as_of - entitlements.SAME_SPLIT), symbol)

    def apply(self, desk_id: str, action: CorporateAction, *, fractions: bool) -> None:
        """Let a split or a dividend happen to what was held before its ex-date; once, whichever day lists give it."""
        told = entitlements.told(desk_id, action)
        if entitlements.has_had(told, action, self.activities(desk_id, told.occurred_at - SAME_ACTION[action.kind])):
            return
        since = told.occurred_at
        gained = entitlements.gained_since(told, self.fills_since(desk_id, since), self.activities(desk_id, since))
        if action.ratio is not None:
            self._split(desk_id, told, Split(action.ratio, since, fractions, gained))
        elif action.amount_usd is not None:
            held = self.book(desk_id, action.symbol).held - gained
            self.pay(desk_id, entitlements.dividend(told, held, action.amount_usd, action.ex_on))

    def _split(self, desk_id: str, told: Activity, split: Split) -> None:
        """Re-base shares, open orders and the mark; pay a part of a share that is left over in cash."""
        key = desk_id, str(told.symbol)
        book, held = self.book(*key), self._marks.get(key)
        after = split_book(book, split)
        self.enter(desk_id, entitlements.split_shares(told, split, after.held - book.held))
        self.save(*key, after)
        if held is not None:
            old, new = marks(held.mark, held.at, split)
            self._post(key, new, max(held.at, split.at))
            self.pay(desk_id, entitlements.in_lieu(told, split, book.held, old))
