"""Whatever orders and quotes come in whatever order, the paper broker's book stays possible."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.paper_broker.book import Book, PaperOrder
from adapters.paper_broker.matching import cancel, meet, meet_one, refusal, rejection
from adapters.paper_broker.terms import Offer, PaperTerms
from tests.examples import examples
from trading.instruments import Side
from trading.market import Quote
from trading.orders import Fill, Leg, OrderKind, OrderRequest, OrderState

OPENED_AT = datetime(2017, 3, 1, 14, 30, tzinfo=UTC)
# A narrow market and small offers, so that legs trigger, fill in parts and get in each other's way.
prices = st.integers(18, 22).map(lambda halves: Decimal(halves) / 2)
quantities = st.integers(1, 200).map(lambda tenths: Decimal(tenths) / 10)
terms = st.builds(
    PaperTerms,
    slippage_bps=st.sampled_from([Decimal(0), Decimal(5), Decimal(500)]),
    allow_short=st.sampled_from([False, False, True]),
)


@dataclass(frozen=True)
class Step:
    """Time passes by `minutes`, a quote stands, and one thing happens."""

    act: str
    minutes: int
    bid: Decimal
    spread: Decimal
    room: Decimal | None
    side: Side
    kind: OrderKind
    quantity: Decimal
    prices: tuple[Decimal, Decimal | None, Decimal | None]
    picked: int


steps = st.builds(
    Step,
    act=st.sampled_from(["submit", "match", "match", "submit", "match", "match", "cancel", "protect"]),
    minutes=st.sampled_from([1, 1, 1, 0]),
    bid=prices,
    spread=st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.5")]),
    room=st.none() | st.integers(1, 15).map(Decimal),
    side=st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
    kind=st.sampled_from([OrderKind.MARKET, OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP]),
    quantity=quantities,
    prices=st.tuples(prices, prices | st.none(), prices | st.none()),
    picked=st.integers(0, 50),
)


HELD = Step(
    act="submit",
    minutes=1,
    bid=Decimal(10),
    spread=Decimal(0),
    room=None,
    side=Side.BUY,
    kind=OrderKind.MARKET,
    quantity=Decimal(40),
    prices=(Decimal(10), None, None),
    picked=0,
)
BRACKET = replace(HELD, quantity=Decimal(20), prices=(Decimal(10), Decimal("9.5"), Decimal("10.5")))


@dataclass
class Story:
    """A book as the steps left it, with every fill since the beginning."""

    terms: PaperTerms
    book: Book = field(default_factory=Book)
    at: datetime = OPENED_AT
    fills: list[tuple[Fill, Quote]] = field(default_factory=list)

    def take(self, step: Step) -> None:
        self.at += timedelta(minutes=step.minutes)
        quote = Quote(symbol="AAPL", bid=step.bid, ask=step.bid + step.spread, last=step.bid, quoted_at=self.at)
        offer = Offer(quote, step.room, self.terms)
        names = list(self.book.orders)
        if step.act == "submit":
            self._submit(step, offer)
        elif step.act == "protect" and names:
            self._protect(step, offer, names[step.picked % len(names)])
        elif step.act == "match":
            self.book = meet(self.book, offer)
        elif names and step.act == "cancel":
            self.book = cancel(self.book, names[step.picked % len(names)])
        self.fills += [(fill, quote) for fill in self.book.fills]
        self.book = replace(self.book, fills=())

    def _submit(self, step: Step, offer: Offer) -> None:
        self._enter(request(step, f"o{len(self.book.orders)}", self.at, short=self.terms.allow_short), offer)

    def _protect(self, step: Step, offer: Offer, parent_id: str) -> None:
        """A stop or a target that is sent by itself, for as much as is held of the entry's direction."""
        stopping = step.kind is OrderKind.STOP
        guarded = {
            "leg": Leg.STOP if stopping else Leg.TARGET,
            "kind": OrderKind.STOP if stopping else OrderKind.LIMIT,
            "stop_price": step.prices[0] if stopping else None,
            "limit_price": None if stopping else step.prices[0],
            "stop": None,
            "target": None,
            "parent_id": parent_id,
        }
        asked = request(step, f"o{len(self.book.orders)}", self.at, short=False).model_copy(update=guarded)
        assert refusal(asked) is None
        self._enter(asked, offer)

    def _enter(self, asked: OrderRequest, offer: Offer) -> None:
        order = PaperOrder.of(asked, self.at, rejection(self.book, asked, self.terms))
        self.book = meet_one(self.book.holding(order), order.client_order_id, offer)


def request(step: Step, name: str, at: datetime, *, short: bool) -> OrderRequest:
    at_price, stop, target = step.prices
    # Where shorts are allowed a sale of an odd number enters one, others only reduce what is held.
    entering = step.side is Side.BUY or (short and step.picked % 2 == 1)
    return OrderRequest(
        client_order_id=name,
        desk_id="d",
        strategy_id="s",
        cycle_id="c",
        leg=Leg.ENTRY if entering else Leg.EXIT,
        symbol="AAPL",
        side=step.side,
        kind=step.kind,
        quantity=step.quantity,
        mark=step.bid,
        limit_price=at_price if step.kind is OrderKind.LIMIT else None,
        stop_price=at_price if step.kind is OrderKind.STOP else None,
        stop=stop if entering else None,
        target=target if entering else None,
        as_of=at,
        trace_id="t",
    )


def check_quantities(story: Story) -> None:
    by_order: dict[str, Decimal] = {}
    held = Decimal(0)
    for fill, _ in story.fills:
        by_order[fill.client_order_id] = by_order.get(fill.client_order_id, Decimal(0)) + fill.quantity
        held += fill.signed_quantity
        assert fill.quantity > 0
        assert held >= 0 or story.terms.allow_short
    assert held == story.book.held
    assert len({fill.fill_id for fill, _ in story.fills}) == len(story.fills)
    for name, order in story.book.orders.items():
        assert order.filled_quantity == by_order.get(name, Decimal(0)) <= order.quantity
        assert (order.state is OrderState.FILLED) == (order.filled_quantity == order.quantity)


def check_legs(story: Story) -> None:
    book = story.book
    entries = {order.parent_id for order in book.orders.values() if order.parent_id and order.is_leg}
    for entry in (book[name] for name in entries):
        legs = book.legs(entry.client_order_id)
        sold = sum(leg.filled_quantity for leg in legs)
        assert sold <= entry.filled_quantity
        assert all(leg.quantity == entry.filled_quantity for leg in legs if leg.is_open)
        assert not (sold and entry.is_open)
        assert sold < entry.filled_quantity or not any(leg.is_open for leg in legs)
    idle = [order for order in book.open_orders() if order.only_reduces and not book.reducible(order.side)]
    assert all(order.parent_id is not None and book[order.parent_id].is_open for order in idle)


def check_reducing(story: Story) -> None:
    """An order that only reduces never opened or turned a position."""
    held = Decimal(0)
    for fill, _ in story.fills:
        if story.book[fill.client_order_id].only_reduces:
            assert abs(held + fill.signed_quantity) == abs(held) - fill.quantity
        held += fill.signed_quantity


def check_prices(story: Story) -> None:
    for fill, quote in story.fills:
        order = story.book[fill.client_order_id]
        buying = fill.side is Side.BUY
        worse = fill.price >= quote.ask if buying else fill.price <= quote.bid
        beyond = order.limit_price is not None and (
            fill.price > order.limit_price if buying else fill.price < order.limit_price
        )
        assert worse
        assert not beyond
        assert fill.filled_at >= order.as_of


@pytest.mark.faults
@examples(40, 200)
@given(terms, st.sampled_from([(), (HELD, BRACKET)]), st.lists(steps, min_size=8, max_size=25))
def test_any_sequence_of_orders_quotes_and_cancels_leaves_a_possible_book(
    agreed: PaperTerms, opening: tuple[Step, ...], taken: list[Step]
) -> None:
    story = Story(agreed)
    for step in (*opening, *taken):
        story.take(step)
        check_quantities(story)
        check_legs(story)
        check_prices(story)
        check_reducing(story)


@settings(max_examples=50, deadline=None)
@given(terms, st.lists(steps, min_size=1, max_size=15), steps)
def test_meeting_the_same_quote_again_changes_nothing(agreed: PaperTerms, taken: list[Step], last: Step) -> None:
    story = Story(agreed)
    for step in taken:
        story.take(step)
    again = replace(last, act="match")
    story.take(again)
    before, fills = story.book, len(story.fills)
    story.take(replace(again, minutes=0))
    assert (story.book, len(story.fills)) == (before, fills)
