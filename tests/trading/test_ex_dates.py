"""Forty ex-dates: a split, a special dividend, a spin-off, a new symbol, by lists that agree and lists that do not."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

import pytest

from tests.fakes.bookkeeping import LATE, TAKEN_AT, account, activity, corrected, folded, statement_of
from tests.making import AT, deposit, fill, order, request
from trading.adjustments import cash_in_lieu, price_through
from trading.books import Books
from trading.breaker import TradingState
from trading.corporate_actions import ActionKind, CorporateAction, effective_at
from trading.differences import Case, Difference, consequence_of
from trading.protection import unprotected
from trading.reconciliation import explained, unexplained
from trading.statement import Activity, Holding, Statement

EX_ON = (AT + timedelta(days=3)).date()
EX_AT = effective_at(EX_ON)
MARK, STOP = Decimal("41.15"), Decimal("38.50")
SHARES = ["1", "7", "25", "100"]


class ExDate(NamedTuple):
    """The books of the day before, and what the account shows on the day itself."""

    books: Books
    statement: Statement
    paid: Decimal = Decimal(0)


def action(kind: ActionKind, **told: object) -> CorporateAction:
    return CorporateAction.model_validate({"symbol": "AAPL", "kind": kind, "ex_on": EX_ON, **told})


def books_of(shares: str) -> Books:
    asked = request("AAPL", shares, stop=f"{STOP}", mark=f"{MARK}")
    return folded([order(asked)], [fill(asked, shares, f"{MARK}")], [deposit("10000", occurred_at=AT)])


def seen(books: Books, holdings: dict[str, Decimal], *told: Activity) -> Statement:
    held = tuple(Holding(symbol=symbol, quantity=quantity) for symbol, quantity in holdings.items() if quantity)
    cash = account(books.portfolio.cash + sum((one.amount for one in told), Decimal(0)), Decimal(bool(held)))
    return statement_of(books, holdings=held, activities=told, account=cash)


def split_day(shares: str, ratio: Decimal) -> ExDate:
    """A broker of whole shares on the ex-date of a split."""
    books, before = books_of(shares), Decimal(shares)
    after = (before * ratio).quantize(Decimal(1), ROUND_DOWN)
    paid = cash_in_lieu(before, MARK, ratio, fractions=False)
    rows = [
        activity("split", activity_id=f"split-{n}", symbol="AAPL", shares=moved, occurred_at=EX_AT)
        for n, moved in enumerate((-before, after))
    ]
    if paid:
        rows.append(activity("cash_in_lieu", f"{paid}", symbol="AAPL", occurred_at=EX_AT + timedelta(hours=1)))
    return ExDate(books, seen(books, {"AAPL": after}, *rows), paid)


def looked(day: ExDate, *actions: CorporateAction) -> tuple[Books, tuple[Difference, ...]]:
    """The books after both passes, and what nobody explains."""
    books = corrected(day.books, explained(day.books, day.statement, actions))
    left = unexplained(books, day.statement, late_visibility=LATE, actions=actions)
    assert [one for one in explained(books, day.statement, actions) if one.correction] == []
    return books, left


@pytest.mark.parametrize("lists", ["agree", "disagree"])
@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("ratio", ["4", "0.1"])
def test_a_split_re_bases_shares_and_stop_and_leaves_cost_and_equity(ratio: str, shares: str, lists: str) -> None:
    day, told = split_day(shares, Decimal(ratio)), action(ActionKind.SPLIT, ratio=ratio)
    # Another list has another ratio, and the day after.
    other = told.model_copy(update={"ratio": Decimal(ratio) * 2, "ex_on": EX_ON + timedelta(days=1)})
    books, left = looked(day, *((other, told) if lists == "disagree" else (told, told)))
    assert left == ()
    (held,) = books.portfolio.positions
    assert held.quantity == (Decimal(shares) * Decimal(ratio)).quantize(Decimal(1), ROUND_DOWN)
    assert held.cost_basis - held.realised_pnl == Decimal(shares) * MARK
    assert books.portfolio.equity == day.books.portfolio.equity
    # The price of the ex-date is no price move, and the stop belongs where it was.
    new_price = (MARK / Decimal(ratio)).quantize(Decimal("0.000001"))
    assert not held.quantity or price_through(MARK, "AAPL", books.adjustments, AT) == new_price
    stops = [(one.quantity, one.stop) for one in unprotected(books, TAKEN_AT)]
    expected = (STOP / Decimal(ratio)).quantize(Decimal("0.01"))
    assert stops == ([(held.quantity, expected)] if held.quantity else [])


@pytest.mark.parametrize("lists", ["agree", "disagree"])
@pytest.mark.parametrize("shares", SHARES)
def test_a_special_dividend_is_cash_of_the_desks_and_its_amount_is_the_brokers_word(shares: str, lists: str) -> None:
    books, amount = books_of(shares), Decimal(shares) * 15
    paid = activity("dividend", f"{amount:.2f}", symbol="AAPL", occurred_at=EX_AT)
    listed = action(ActionKind.DIVIDEND, amount_usd="15" if lists == "agree" else "0.15", special=True)
    after, left = looked(ExDate(books, seen(books, {"AAPL": Decimal(shares)}, paid)), listed)
    assert left == ()
    (held,) = after.portfolio.positions
    assert (held.quantity, held.cost_basis) == (Decimal(shares), Decimal(shares) * MARK)
    assert after.portfolio.cash + held.quantity * (MARK - 15) == books.portfolio.equity
    assert [(one.kind, one.symbol, one.amount) for one in after.capital[1:]] == [("dividend", "AAPL", amount)]
    assert [one.stop for one in unprotected(after, TAKEN_AT)] == [STOP]


@pytest.mark.parametrize("lists", ["agree", "disagree"])
@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("kind", [ActionKind.SPIN_OFF, ActionKind.RENAME])
def test_a_spin_off_and_a_new_symbol_are_never_guessed_and_halt_in_words(
    kind: ActionKind, shares: str, lists: str
) -> None:
    books, held = books_of(shares), Decimal(shares)
    spun = kind is ActionKind.SPIN_OFF
    theirs = {"AAPL": held, "CORE": held * 2} if spun else {"CORE": held}
    ratio = {"ratio": "2"} if spun else {}
    listed = [action(kind, new_symbol="CORE", **ratio)] if lists == "agree" else []
    after, left = looked(ExDate(books, seen(books, theirs)), *listed)
    assert after == books
    cases = [Case.POSITION_UNKNOWN] if spun else [Case.POSITION_TOO_SMALL, Case.POSITION_UNKNOWN]
    assert [one.case for one in left] == cases + [Case.LISTED_ACTION] * len(listed)
    assert consequence_of(left) is TradingState.HALTED
    words = "spin-off of 2 for 1 into CORE" if spun else "rename into CORE"
    assert [one.words for one in left if one.case is Case.LISTED_ACTION] == [
        f"AAPL: {words}, ex {EX_ON}: what became of the shares is for a person to say" for _ in listed
    ]


@pytest.mark.parametrize("kind", [ActionKind.SPIN_OFF, ActionKind.RENAME])
def test_before_the_account_shows_it_the_list_alone_reduces(kind: ActionKind) -> None:
    books = books_of("10")
    ratio = {"ratio": "2"} if kind is ActionKind.SPIN_OFF else {}
    after, left = looked(ExDate(books, seen(books, {"AAPL": Decimal(10)})), action(kind, new_symbol="CORE", **ratio))
    assert (after, [one.case for one in left]) == (books, [Case.LISTED_ACTION])
    assert consequence_of(left) is TradingState.REDUCING
