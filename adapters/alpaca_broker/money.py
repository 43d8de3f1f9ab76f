"""Reading what Alpaca says of the account: its money, what it holds, and what happened to it without a trade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from pydantic import ValidationError

from adapters.alpaca_broker import values as read
from adapters.alpaca_broker.values import Row, Unreadable
from trading.accounts import Account, Asset
from trading.money import MOST_TEXT, ZERO
from trading.statement import Activity, ActivityKind, Holding

K = ActivityKind
KINDS: Mapping[str, ActivityKind] = {
    # What is withheld from a dividend or interest is a negative one of them.
    **dict.fromkeys(("DIV", "DIVCGL", "DIVCGS", "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "CGD"), K.DIVIDEND),
    **dict.fromkeys(("FEE", "CFEE", "DIVFEE", "PTC", "PTR"), K.FEE),
    **dict.fromkeys(("INT", "INTNRA", "INTTW"), K.INTEREST),
    "CIL": K.CASH_IN_LIEU,
    "CSD": K.DEPOSIT,
    "CSW": K.WITHDRAWAL,
    "SPLIT": K.SPLIT,
}
"""Alpaca's types of activities; cash journals are by their sign, and all others `other`: a person must look."""
_JOURNALS = frozenset({"JNL", "JNLC"})
# The shares of a dividend are those that it is paid on, not new ones; those of cash in lieu the split has cut.
_MOVES_NO_SHARES = frozenset({K.DIVIDEND, K.FEE, K.INTEREST, K.DEPOSIT, K.WITHDRAWAL, K.CASH_IN_LIEU})
_BLOCKS = {
    "account_blocked": "the account is blocked",
    "trading_blocked": "trading is blocked",
    "trade_suspended_by_user": "its owner has suspended trading",
}


def read_account(value: object) -> Account:
    """The account. Raises Unreadable."""
    of = read.row(value, "account")
    if read.said(of, "currency") != "USD":
        raise Unreadable("the account is not in dollars")
    cash = read.dollars(of, "cash")
    try:
        return Account(
            account_id=read.said(of, "account_number"),
            cash=cash,
            settled_cash=min(cash, read.dollars_at_most(of, "non_marginable_buying_power")),
            buying_power=read.dollars_at_most(of, "buying_power"),
            equity=read.dollars(of, "equity"),
            blocked=_blocked(of),
        )
    except ValidationError as wrong:
        raise Unreadable(_first(wrong)) from None


def read_asset(value: object, symbol: str) -> Asset:
    """What may be done with a symbol. Raises Unreadable, also for an answer about another one."""
    of = read.row(value, "asset")
    if read.said(of, "symbol") != symbol:
        raise Unreadable("it is about another symbol")
    active = read.said(of, "status") == "active" and read.said(of, "class") == "us_equity"
    return Asset(
        symbol=symbol,
        tradable=active and read.flag(of, "tradable"),
        fractionable=read.flag(of, "fractionable"),
        shortable=read.flag(of, "shortable"),
    )


def read_holdings(value: object) -> tuple[Holding, ...]:
    """Every position, by symbol. Raises Unreadable, also when a symbol comes twice."""
    try:
        found = [_holding(of) for of in read.rows(value, "position")]
    except ValidationError as wrong:
        raise Unreadable(_first(wrong)) from None
    twice = [symbol for symbol, times in Counter(each.symbol for each in found).items() if times > 1]
    if twice:
        raise Unreadable(f"{twice[0]} is held twice")
    return tuple(sorted((each for each in found if each.quantity), key=lambda each: each.symbol))


def read_activities(value: object) -> tuple[Activity, ...]:
    """What changed the account without a trade, oldest first; what was taken back again is left out.

    Raises Unreadable.
    """
    found: dict[str, Activity] = {}
    for of in read.rows(value, "activity"):
        if read.said(of, "activity_type") == "FILL" or _is_told_elsewhere(of):
            continue
        try:
            activity = _activity(of)
        except ValidationError as wrong:
            raise Unreadable(f"the activity {read.words(of, 'id')[:80]!r}: {_first(wrong)}") from None
        if found.setdefault(activity.activity_id, activity) != activity:
            raise Unreadable(f"the activity {activity.activity_id} is told in two ways")
    return tuple(sorted(found.values(), key=lambda each: (each.occurred_at, each.activity_id)))


def _is_told_elsewhere(of: Row) -> bool:
    """What was taken back again, and the journal that undoes a trade: the fill that is taken back tells of that."""
    status = read.words(of, "status")
    undoes = status == "correct" and of["activity_type"] in _JOURNALS and bool(read.words(of, "symbol"))
    return status == "canceled" or undoes


def _blocked(of: Row) -> str | None:
    status = read.said(of, "status")
    why = [words for name, words in _BLOCKS.items() if read.flag(of, name)]
    if status != "ACTIVE":
        why.append(f"its status is {status[:40]}")
    return "; ".join(why) or None


def _holding(of: Row) -> Holding:
    side, quantity = read.said(of, "side"), read.number(of, "qty")
    if side not in {"long", "short"} or (side == "long" and quantity < 0):
        raise Unreadable("a position's side and quantity do not go together")
    return Holding(symbol=read.said(of, "symbol"), quantity=quantity if side == "long" else -abs(quantity))


def _activity(of: Row) -> Activity:
    amount = read.dollars(of, "net_amount") if of.get("net_amount") is not None else ZERO
    told = read.said(of, "activity_type")
    symbol = read.words(of, "symbol") or None
    kind = _kind(told, amount, symbol)
    shares = ZERO if kind in _MOVES_NO_SHARES else read.maybe(read.number, of, "qty") or ZERO
    if told == "DIV" and not amount:
        # A dividend in shares: which shares are whose is not for a guess.
        kind, shares = K.OTHER, read.maybe(read.number, of, "qty") or ZERO
    said = (told, read.words(of, "activity_sub_type"), read.words(of, "description"))
    return Activity(
        activity_id=read.said(of, "id"),
        kind=kind,
        amount=amount,
        symbol=symbol,
        shares=shares,
        occurred_at=read.time(of, "created_at") if of.get("created_at") else read.day(of, "date"),
        words=" ".join(filter(None, said))[:MOST_TEXT],
    )


def _kind(told: str, amount: Decimal, symbol: str | None) -> ActivityKind:
    if told in _JOURNALS and symbol is None:
        return K.DEPOSIT if amount >= 0 else K.WITHDRAWAL
    return KINDS.get(told, K.OTHER)


def _first(wrong: ValidationError) -> str:
    error = wrong.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
