"""How the books and the broker can differ, and what follows: a case a row, here and in `RULES`, which says why.

Explained: the broker did it and says so; the books are told, with the evidence.

| case                 | what it looks like                                                    | follows |
|----------------------|-----------------------------------------------------------------------|---------|
| missed_fill          | the broker tells a fill of our order that the books lack              | CORRECT |
| bust                 | the broker takes a fill back                                          | CORRECT |
| missed_acceptance    | the broker has an order that the books wait to hear of                | CORRECT |
| missed_cancel        | open in the books, cancelled at the broker                            | CORRECT |
| missed_expiry        | open in the books, expired at the broker                              | CORRECT |
| missed_rejection     | open in the books, rejected by the broker                             | CORRECT |
| unadopted_leg        | a stop or target of our entry that the books do not know              | CORRECT |
| dividend             | a dividend that the books lack                                        | CORRECT |
| fee                  | a fee that the books lack                                             | CORRECT |
| interest             | interest that the books lack                                          | CORRECT |
| deposit              | a deposit that the books lack                                         | CORRECT |
| withdrawal           | a withdrawal that the books lack                                      | CORRECT |
| split                | a split turns our shares into theirs                                  | CORRECT |
| cash_in_lieu         | cash for part of a share, which the books lack                        | CORRECT |
| duplicate_report     | the same report twice, with the same content                          | NOTE    |

Unexplained: nobody knows why; nothing is traded to mend it.

| case                 | what it looks like                                                    | follows |
|----------------------|-----------------------------------------------------------------------|---------|
| missing_report       | a part of the statement was not told, or cannot be believed           | NOTE    |
| other_activity       | the account changed in a way that we have no word for                 | NOTE    |
| unanswered_order     | sent, never answered, and the broker does not list it                 | NOTE    |
| split_awaited        | a listed split in force, of shares held, that the account shows not   | REDUCE  |
| listed_action        | a listed spin-off or new symbol of shares held                        | REDUCE  |
| external_order       | an order whose id is not this desk's                                  | REDUCE  |
| cash_slightly_off    | cash differs by a dollar or less                                      | REDUCE  |
| cash_off             | cash differs by more than a dollar                                    | HALT    |
| unbooked_order       | an id of ours that the books never let out                            | HALT    |
| lost_order           | at the broker by the books, and the broker does not list it           | HALT    |
| doubled_order        | two orders at the broker under one id                                 | HALT    |
| terms_differ         | other terms than were intended                                        | HALT    |
| state_differs        | open to one, ended to the other, with no way between                  | HALT    |
| filled_differs       | the order's filled shares and the fills told do not match             | HALT    |
| over_fill            | more was filled than was ordered                                      | HALT    |
| unlisted_fill        | the books have a fill that the broker does not tell                   | HALT    |
| changed_report       | the same id with other content                                        | HALT    |
| position_too_large   | the broker holds more of a symbol than the books                      | HALT    |
| position_too_small   | the broker holds less of a symbol than the books                      | HALT    |
| position_flipped     | long to one, short to the other                                       | HALT    |
| position_unknown     | the broker holds a symbol that the books do not                       | HALT    |
| account_blocked      | the broker lets the account trade no more                             | HALT    |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from trading.breaker import TradingState
from trading.corrections import Correction
from trading.money import Record, Text


class Case(StrEnum):
    """In which way the books and the broker differ."""

    MISSED_FILL = "missed_fill"
    BUST = "bust"
    MISSED_ACCEPTANCE = "missed_acceptance"
    MISSED_CANCEL = "missed_cancel"
    MISSED_EXPIRY = "missed_expiry"
    MISSED_REJECTION = "missed_rejection"
    UNADOPTED_LEG = "unadopted_leg"
    DIVIDEND = "dividend"
    FEE = "fee"
    INTEREST = "interest"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    SPLIT = "split"
    CASH_IN_LIEU = "cash_in_lieu"
    DUPLICATE_REPORT = "duplicate_report"
    MISSING_REPORT = "missing_report"
    OTHER_ACTIVITY = "other_activity"
    UNANSWERED_ORDER = "unanswered_order"
    SPLIT_AWAITED = "split_awaited"
    LISTED_ACTION = "listed_action"
    EXTERNAL_ORDER = "external_order"
    CASH_SLIGHTLY_OFF = "cash_slightly_off"
    CASH_OFF = "cash_off"
    UNBOOKED_ORDER = "unbooked_order"
    LOST_ORDER = "lost_order"
    DOUBLED_ORDER = "doubled_order"
    TERMS_DIFFER = "terms_differ"
    STATE_DIFFERS = "state_differs"
    FILLED_DIFFERS = "filled_differs"
    OVER_FILL = "over_fill"
    UNLISTED_FILL = "unlisted_fill"
    CHANGED_REPORT = "changed_report"
    POSITION_TOO_LARGE = "position_too_large"
    POSITION_TOO_SMALL = "position_too_small"
    POSITION_FLIPPED = "position_flipped"
    POSITION_UNKNOWN = "position_unknown"
    ACCOUNT_BLOCKED = "account_blocked"


class Consequence(StrEnum):
    """What follows from a difference, from the mildest to the gravest."""

    NOTE = "NOTE"
    CORRECT = "CORRECT"
    REDUCE = "REDUCE"
    HALT = "HALT"


class Rule(NamedTuple):
    """One row of the table: what follows from a case, whether it is explained, and why."""

    consequence: Consequence
    explained: bool
    reason: str


def _told(reason: str) -> Rule:
    return Rule(Consequence.CORRECT, explained=True, reason=reason)


def _noted(reason: str, *, explained: bool = False) -> Rule:
    return Rule(Consequence.NOTE, explained=explained, reason=reason)


def _reduces(reason: str) -> Rule:
    return Rule(Consequence.REDUCE, explained=False, reason=reason)


def _halts(reason: str) -> Rule:
    return Rule(Consequence.HALT, explained=False, reason=reason)


RULES: Mapping[Case, Rule] = MappingProxyType(
    {
        Case.MISSED_FILL: _told("the broker's own fill of our own order is the truth about it"),
        Case.BUST: _told("a fill that the broker takes back never was"),
        Case.MISSED_ACCEPTANCE: _told("the broker has it: nothing must send it again"),
        Case.MISSED_CANCEL: _told("the broker will fill no more of it"),
        Case.MISSED_EXPIRY: _told("the broker will fill no more of it"),
        Case.MISSED_REJECTION: _told("only the broker's own word rejects, and this is it"),
        Case.UNADOPTED_LEG: _told("the broker made its id from an entry that we did send"),
        Case.DIVIDEND: _told("the broker names the payment and its amount"),
        Case.FEE: _told("the broker names the charge and its amount"),
        Case.INTEREST: _told("the broker names the payment and its amount"),
        Case.DEPOSIT: _told("money of the owner's came in"),
        Case.WITHDRAWAL: _told("money of the owner's went out"),
        Case.SPLIT: _told("the shares are others, their worth is the same"),
        Case.CASH_IN_LIEU: _told("a broker that holds whole shares pays for the rest in cash"),
        Case.DUPLICATE_REPORT: _noted("a report counts once, however often it is told", explained=True),
        Case.MISSING_REPORT: _noted("silence is not nothing: no conclusion until it is told; alert when it stays"),
        Case.OTHER_ACTIVITY: _noted("what it did to cash and shares is judged there"),
        Case.UNANSWERED_ORDER: _noted("it may yet show, and its room is kept; the desk halted when it was given up"),
        Case.SPLIT_AWAITED: _reduces("prices are of new shares and the account of old ones, or a list is wrong"),
        Case.LISTED_ACTION: _reduces("what became of the shares, and of their worth, nobody can compute"),
        Case.EXTERNAL_ORDER: _reduces("somebody else trades here: buy nothing against limits they may use up"),
        Case.CASH_SLIGHTLY_OFF: _reduces("likely a rounding or a charge to come, but buying power is not certain"),
        Case.CASH_OFF: _halts("money came or went that nobody can name"),
        Case.UNBOOKED_ORDER: _halts("something sends orders in our name past the books"),
        Case.LOST_ORDER: _halts("it may be worked and fill where we do not see it"),
        Case.DOUBLED_ORDER: _halts("one decision may trade twice"),
        Case.TERMS_DIFFER: _halts("what trades is not what was decided and checked"),
        Case.STATE_DIFFERS: _halts("it may still fill, or no longer protect, against what the books say"),
        Case.FILLED_DIFFERS: _halts("shares changed hands without a fill that says so"),
        Case.OVER_FILL: _halts("more was traded than the limits were asked for"),
        Case.UNLISTED_FILL: _halts("the books may count shares and cash that are not there"),
        Case.CHANGED_REPORT: _halts("one of the two reports is wrong, and the books may rest on it"),
        Case.POSITION_TOO_LARGE: _halts("shares at risk that no limit has seen"),
        Case.POSITION_TOO_SMALL: _halts("someone sold: a sale of ours could go short"),
        Case.POSITION_FLIPPED: _halts("every sale of ours would add to the risk"),
        Case.POSITION_UNKNOWN: _halts("shares at risk that no limit has seen"),
        Case.ACCOUNT_BLOCKED: _halts("no order would be taken, not even one that protects"),
    }
)


class Difference(Record):
    """One difference: its case, what it is about, what each side says, in words; ids that bear it out.

    `correction` is what the books are to be told, None when nothing or nobody knows.
    """

    case: Case
    about: Text
    ours: Text
    theirs: Text
    words: Text
    evidence: tuple[Text, ...] = ()
    correction: Correction | None = None

    @property
    def consequence(self) -> Consequence:
        """What follows from it."""
        return RULES[self.case].consequence

    @property
    def explained(self) -> bool:
        """Whether the broker's own reports say how it came about."""
        return RULES[self.case].explained


def consequence_of(differences: Iterable[Difference]) -> TradingState | None:
    """The trading state that these ask for, the gravest of them; None when they ask for none."""
    asked = {difference.consequence for difference in differences}
    if Consequence.HALT in asked:
        return TradingState.HALTED
    return TradingState.REDUCING if Consequence.REDUCE in asked else None
