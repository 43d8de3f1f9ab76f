"""Listed actions of companies that are held, of which neither the books nor the broker's account shows anything.

Nobody guesses what they made of the account: where it does not show a split yet, prices and shares are not of the same
shares, and what a spin-off or a new symbol brings, a person takes over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trading.books import Books
from trading.corporate_actions import ActionKind, CorporateAction, effective_at
from trading.differences import Case, Difference
from trading.portfolio import shares_of
from trading.reports import reports_of
from trading.splits import is_booked
from trading.statement import Statement


def unshown(books: Books, statement: Statement, actions: Iterable[CorporateAction]) -> Iterator[Difference]:
    """Splits, spin-offs and new symbols in force, of shares that were held before and still are."""
    told = reports_of(books, statement)
    if not told.whole or told.holdings is None:
        return
    for action in actions:
        at = effective_at(action.ex_on)
        if action.kind is ActionKind.DIVIDEND or at > statement.taken_at or not books.portfolio.held(action.symbol):
            continue
        before = shares_of(
            action.symbol,
            (fill for fill in books.fills if fill.filled_at < at),
            (one for one in books.adjustments if one.effective_at < at),
        )
        if before and not _is_shown(books, action):
            yield _difference(books, action)


def _is_shown(books: Books, action: CorporateAction) -> bool:
    if action.new_symbol is None:
        return is_booked(books, action.symbol, effective_at(action.ex_on))
    return bool(books.portfolio.held(action.new_symbol))


def _difference(books: Books, action: CorporateAction) -> Difference:
    is_split = action.kind is ActionKind.SPLIT
    ratio = "" if action.ratio is None else f" of {action.ratio.normalize():f} for 1"
    new = "" if action.new_symbol is None else f" into {action.new_symbol}"
    listed = f"{action.kind.replace('_', '-')}{ratio}{new}, ex {action.ex_on}"
    return Difference(
        case=Case.SPLIT_AWAITED if is_split else Case.LISTED_ACTION,
        about=action.symbol,
        ours=f"{books.portfolio.held(action.symbol):f} shares",
        theirs=f"listed: {listed}",
        words=f"{action.symbol}: {listed}, which the account does not show"
        if is_split
        else f"{action.symbol}: {listed}: what became of the shares is for a person to say",
        evidence=(f"{action.symbol}/{action.kind}/{action.ex_on}",),
    )
