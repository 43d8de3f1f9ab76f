"""Signals become proposals that fit the hard limits together, and what does not fit says why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.making import after, cycle, order, portfolio, position, request, signal, summary, these
from trading.breaches import breaches
from trading.breaker import TradingState
from trading.constraints import Case, Ruling, request_of, rule_on
from trading.instruments import Side
from trading.limits import Limit, Limits, Scene
from trading.money import ZERO
from trading.orders import Leg, OrderKind, Style, TimeInForce
from trading.portfolio import Portfolio
from trading.signals import Signal

SNAPSHOT = summary(
    {"AAPL": ("100", "Technology"), "MSFT": ("50", "Technology"), "XOM": ("40", "Energy"), "Q": ("0.0001", "Other")}
)


CASE = Case(cycle=cycle("AAPL"), snapshot=SNAPSHOT, portfolio=portfolio(), limits=Limits())


def rule(books: Portfolio, *signals: Signal, **limits: Any) -> tuple[Ruling, ...]:
    held_to = Limits(sizing_margin=ZERO, **limits)
    return rule_on(signals, Case(cycle=cycle("AAPL"), snapshot=SNAPSHOT, portfolio=books, limits=held_to))


def allowed(rulings: tuple[Ruling, ...]) -> list[tuple[str, int]]:
    return [(r.signal.symbol, int(r.proposal.quantity) if r.proposal else 0) for r in rulings]


def ruled(books: Portfolio, one: Signal, **limits: Any) -> Ruling:
    (found,) = rule(books, one, **limits)
    return found


def test_what_fits_passes_as_it_was_asked() -> None:
    found = ruled(portfolio(), signal("AAPL", weight="0.1"))
    assert found.proposal is not None
    assert these(found.asked, found.proposal.quantity, found.proposal.price) == (100, 100, 100)
    assert (found.proposal.side, found.proposal.sector) == (Side.BUY, "Technology")
    assert (found.constraint, found.proposal.constraint, found.reason) == (None, None, "")


def test_what_is_too_large_is_clamped_and_says_by_which_limit() -> None:
    found = ruled(portfolio(), signal("AAPL", quantity="500"))
    assert found.proposal is not None
    assert found.constraint == found.proposal.constraint
    assert found.constraint is not None
    assert these(found.constraint.limit, found.constraint.before, found.constraint.after) == (Limit.POSITION, 500, 200)
    assert found.reason.startswith("buy 500 AAPL: max_position has room for 200; ")


def test_a_hold_asks_for_nothing() -> None:
    found = ruled(portfolio(), signal("AAPL", "hold"))
    assert these(found.proposal, found.constraint, found.asked, found.reason) == (None, None, 0, "hold")


HELD = portfolio("90000", position("AAPL", "100"))
DENIALS = [
    (
        "nothing is held",
        portfolio(),
        signal("AAPL", "sell", quantity=None),
        Limit.HOLDING,
        "nothing left to sell",
    ),
    ("a named size of nothing", portfolio(), signal("AAPL", "sell"), Limit.HOLDING, "holding has room for 0"),
    ("less than one share", portfolio("99"), signal("AAPL", weight="1"), Limit.SIZE, "buy AAPL: less than one share"),
    ("a fraction of a share", HELD, signal("AAPL", "sell", quantity="0.5"), Limit.SIZE, "less than one share"),
    (
        "all of it is being sold",
        portfolio("0", position(), open_orders=(order(request(side=Side.SELL)),)),
        signal("AAPL", "sell", quantity=None),
        Limit.HOLDING,
        "nothing left to sell",
    ),
    (
        "half a share is held",
        portfolio("0", position("AAPL", "0.5")),
        signal("AAPL", "sell", quantity=None),
        Limit.SIZE,
        "less than one share",
    ),
    ("no cash", portfolio("50", position("XOM", "1000", "40", "Energy")), signal("AAPL"), Limit.CASH, "cash has room"),
    ("no equity", portfolio("-10"), signal("AAPL"), Limit.POSITION, "max_position has room for 0"),
    ("a halted desk", portfolio(trading_state=TradingState.HALTED), signal("AAPL"), Limit.STATE, "the desk is HALTED"),
    ("a reducing one", portfolio(trading_state=TradingState.REDUCING), signal("AAPL"), Limit.STATE, "REDUCING"),
    ("a stop above the price", portfolio(), signal("AAPL", stop="100"), Limit.PROTECTION, "stop 100 is not below"),
    ("a target below it", portfolio(), signal("AAPL", target="99"), Limit.PROTECTION, "target 99 is not above"),
]


@pytest.mark.parametrize(
    ("books", "asked", "limit", "reason"),
    [pytest.param(*rest, id=name) for name, *rest in DENIALS],
)
def test_what_cannot_be_is_denied_with_a_reason(books: Portfolio, asked: Signal, limit: Limit, reason: str) -> None:
    found = ruled(books, asked)
    assert found.proposal is None
    assert found.constraint is not None
    assert these(found.constraint.limit, found.constraint.after) == (limit, 0)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("asked", "shares"),
    [({"quantity": None}, 100), ({"quantity": "30"}, 30), ({"weight": "0.05"}, 50), ({"quantity": "30.9"}, 30)],
)
def test_a_sale_without_a_size_is_of_all_that_is_held(asked: dict[str, object], shares: int) -> None:
    assert allowed(rule(HELD, signal("AAPL", "sell", **asked))) == [("AAPL", shares)]


def test_all_that_is_held_is_its_whole_shares() -> None:
    found = ruled(portfolio("0", position("AAPL", "10.5")), signal("AAPL", "sell", quantity=None))
    assert (allowed((found,)), found.constraint) == ([("AAPL", 10)], None)


def test_a_sale_of_more_than_is_held_is_clamped_to_it() -> None:
    found = ruled(HELD, signal("AAPL", "sell", quantity="101"))
    assert found.proposal is not None
    assert found.proposal.quantity == 100
    assert found.constraint is not None
    assert found.constraint.limit is Limit.HOLDING


def test_sales_come_first_then_the_surest_buys_then_the_alphabet() -> None:
    signals = [signal("XOM", confidence=0.9), signal("MSFT"), signal("Q"), signal("AAPL", "sell", confidence=0.1)]
    assert [symbol for symbol, _ in allowed(rule(HELD, *signals))] == ["AAPL", "XOM", "MSFT", "Q"]


def test_each_buy_is_judged_as_if_those_before_it_were_ordered() -> None:
    less, more = signal("AAPL", weight="0.2", confidence=0.5), signal("MSFT", weight="0.2", confidence=0.6)
    assert allowed(rule(portfolio(), less, more)) == [("MSFT", 400), ("AAPL", 100)]
    assert allowed(rule(portfolio(), less)) == [("AAPL", 200)]
    books = portfolio("15000", position("XOM", "2000", "40", "Energy"))
    tenths = [one.model_copy(update={"weight": Decimal("0.1")}) for one in (less, more)]
    assert allowed(rule(books, *tenths)) == [("MSFT", 190), ("AAPL", 47)]


def test_a_sale_pays_for_no_buy_of_the_same_batch() -> None:
    books = portfolio("0", position("AAPL", "100"))
    found = rule(books, signal("AAPL", "sell", quantity="100"), signal("XOM", quantity="1"))
    assert allowed(found) == [("AAPL", 100), ("XOM", 0)]


def test_a_proposal_becomes_the_order_that_was_judged() -> None:
    found = ruled(portfolio(), signal("AAPL", weight="0.1", stop="90", target="120"))
    assert found.proposal is not None
    made = request_of(CASE, found.proposal, Decimal(7))
    assert these(made.leg, made.side, made.quantity, made.mark, made.sector) == (
        Leg.ENTRY,
        Side.BUY,
        7,
        100,
        "Technology",
    )
    assert these(made.stop, made.target, made.as_of) == (90, 120, SNAPSHOT.as_of)
    assert made.client_order_id == "paper/cycle-1-AAPL-buy-entry"
    assert breaches(made, Scene(portfolio=portfolio(), limits=Limits())) == ()


def test_an_entry_may_go_out_at_a_limit_that_is_taken_back_in_time_and_an_exit_never_does() -> None:
    style = Style(kind=OrderKind.LIMIT, offset=Decimal("0.002"), reprice_seconds=20)
    case = CASE.model_copy(update={"style": style, "closes_at": after(60)})
    bought, sold = ruled(portfolio(), signal("AAPL", stop="90")), ruled(HELD, signal("AAPL", "sell"))
    assert bought.proposal is not None
    assert sold.proposal is not None
    entry, leaving = request_of(case, bought.proposal, Decimal(7)), request_of(case, sold.proposal, Decimal(7))
    assert these(entry.kind, entry.limit_price, entry.reprice_seconds) == ("limit", Decimal("100.20"), 20)
    assert (entry.time_in_force, entry.expires_at) == (TimeInForce.GTC, after(60))
    assert these(leaving.kind, leaving.limit_price, leaving.reprice_seconds) == ("market", None, 0)


def test_a_sale_is_an_exit_without_protection() -> None:
    found = ruled(HELD, signal("AAPL", "sell", stop="120", target="90"))
    assert found.proposal is not None
    made = request_of(CASE, found.proposal, Decimal(7))
    assert (made.leg, made.stop, made.target) == (Leg.EXIT, None, None)


def test_a_fortune_in_penny_stocks_is_clamped_like_any_other() -> None:
    found = ruled(portfolio("1000000000000"), signal("Q", weight="1"), min_price=ZERO)
    assert allowed((found,)) == [("Q", 500_000_000)]
    assert found.constraint is not None
    assert found.constraint.limit is Limit.ORDER


def test_what_is_restricted_or_too_cheap_is_not_even_proposed() -> None:
    found = rule(portfolio(), signal("AAPL"), signal("Q", quantity="1"), restricted_symbols=("AAPL",))
    assert [(one.proposal, one.constraint and one.constraint.limit) for one in found] == [
        (None, Limit.RESTRICTED),
        (None, Limit.MIN_PRICE),
    ]


def test_parts_of_a_share_are_proposed_where_the_desk_buys_them() -> None:
    assert ruled(portfolio(), signal("AAPL", quantity="1.2345678")).asked == 1
    parts = ruled(portfolio(), signal("AAPL", quantity="1.2345678"), fractional=True)
    assert parts.proposal is not None
    assert parts.proposal.quantity == Decimal("1.234567")
    by_weight = ruled(portfolio("1000"), signal("AAPL", weight="0.0123"), fractional=True)
    assert by_weight.asked == Decimal("0.123")
    rest = ruled(portfolio("0", position("AAPL", "10.5")), signal("AAPL", "sell", quantity=None), fractional=True)
    assert rest.asked == Decimal("10.5")


def test_a_desk_that_sells_short_opens_with_a_sale_and_closes_with_a_buy() -> None:
    opened = ruled(portfolio(), signal("AAPL", "sell", stop="110", target="90"), allow_short=True)
    assert opened.proposal is not None
    made = request_of(CASE, opened.proposal, Decimal(7))
    assert (made.side, made.leg) == (Side.SELL, Leg.ENTRY)
    assert these(made.stop, made.target) == (110, 90)
    held_short = portfolio("200000", position("AAPL", "-100"))
    closed = ruled(held_short, signal("AAPL", quantity=None), allow_short=True)
    assert closed.proposal is not None
    assert (closed.proposal.leg, closed.proposal.quantity) == (Leg.EXIT, Decimal(100))
    # Nothing both closes and opens: what is held is sold, and no more.
    both = ruled(HELD, signal("AAPL", "sell", quantity="150"), allow_short=True)
    assert both.proposal is not None
    assert (both.proposal.leg, both.proposal.quantity) == (Leg.EXIT, Decimal(100))
