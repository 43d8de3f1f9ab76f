"""A random desk that agrees with its broker, and thirteen ways in which they come apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random

from tests.fakes.bookkeeping import account, activity, at_broker, folded, statement_of
from tests.making import AT, DESK, after, deposit, fill, order, request
from trading.books import Books
from trading.corporate_actions import ActionKind, CorporateAction, effective_at
from trading.differences import Case
from trading.instruments import Side
from trading.orders import Fill, Leg, Order, OrderState
from trading.portfolio import CapitalEvent
from trading.settlement import BrokerOrder
from trading.statement import Activity, Holding, Statement

EX_ON = (AT + timedelta(days=3)).date()
SYMBOLS = ("AAPL", "KO", "MSFT", "WMT", "XOM")


@dataclass(frozen=True)
class Scenario:
    """What the books were told, what the broker states, what was planted and in which symbols."""

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    capital: tuple[CapitalEvent, ...]
    statement: Statement
    planted: frozenset[tuple[Case, str]] = frozenset()
    touched: frozenset[str] = frozenset()
    actions: tuple[CorporateAction, ...] = ()

    @property
    def books(self) -> Books:
        return folded(self.orders, self.fills, self.capital)

    def free(self, symbol: str) -> bool:
        return symbol not in self.touched

    def plant(self, case: Case, about: str, symbol: str = "", **changes: object) -> Scenario:
        """The scenario with one more disturbance; `changes` are of the statement."""
        return replace(
            self,
            planted=self.planted | {(case, about)},
            touched=self.touched | {symbol},
            statement=self.statement.model_copy(update=changes),
        )


def agreed(random: Random) -> Scenario:
    """Books with shares, a stop and an open order in every symbol, and the statement that agrees with them."""
    orders: list[Order] = []
    fills: list[Fill] = []
    for symbol in SYMBOLS:
        entry = asked(symbol, str(random.randint(4, 60)))
        orders.append(entry)
        fills += parts(entry, entry.request.quantity, random)
        sold = random.randint(0, int(entry.request.quantity) - 3)
        if sold:
            orders.append(asked(symbol, str(sold), Side.SELL, cycle_id="paper/cycle-2"))
            fills += parts(orders[-1], Decimal(sold), random, since=10)
        if random.random() < 0.5:
            legs = {"client_order_id": f"0f-{symbol}", "parent_id": entry.request.client_order_id}
            orders.append(
                asked(
                    symbol,
                    str(entry.request.quantity - sold),
                    Side.SELL,
                    leg=Leg.STOP,
                    kind="stop",
                    stop_price=str(random.randint(80, 95)),
                    **legs,
                )
            )
        orders.append(
            asked(symbol, str(random.randint(3, 9)), cycle_id="paper/cycle-3", kind="limit", limit_price="90")
        )
        if random.random() < 0.5:
            fills += parts(orders[-1], Decimal(2), random, since=20)
        gone = random.choice([OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED])
        ended = asked(symbol, "5", cycle_id="paper/cycle-4").model_copy(update={"state": gone})
        orders.append(ended)
        if gone is not OrderState.REJECTED:
            fills += parts(ended, Decimal(random.randint(1, 4)), random, since=30)
    capital = (deposit("1000000", occurred_at=after(-600)),)
    books = folded(orders, fills, capital)
    return Scenario(tuple(orders), tuple(fills), capital, statement_of(books))


def asked(symbol: str, quantity: str, side: Side = Side.BUY, **more: object) -> Order:
    made = order(request(symbol, quantity, side, **more))
    return made.model_copy(update={"broker_order_id": f"b-{made.request.client_order_id}"})


def parts(filled: Order, quantity: Decimal, random: Random, since: int = 0) -> list[Fill]:
    """Up to three fills that come to so many shares."""
    name, made, left = filled.request.client_order_id, list[Fill](), quantity
    while left:
        part = left if len(made) == 2 else Decimal(random.randint(1, int(left)))
        price, at = f"{random.randint(9000, 11000) / 100:.2f}", after(since + len(made))
        commission = random.choice(["0", "0.01", "1.00"])
        made.append(
            fill(filled.request, f"{part}", price, fill_id=f"{name}/{len(made)}", filled_at=at, commission=commission)
        )
        left -= part
    return made


def misses_a_fill(scenario: Scenario, random: Random) -> Scenario:
    gone = random.choice([one for one in scenario.fills if scenario.free(one.symbol)])
    planted = scenario.plant(Case.MISSED_FILL, gone.client_order_id, gone.symbol)
    return replace(planted, fills=tuple(one for one in planted.fills if one is not gone))


def misses_a_cancel(scenario: Scenario, random: Random) -> Scenario:
    """An order that is open in the books is cancelled, expired or rejected; or taken, where they wait to hear of it."""
    found = random.choice(resting(scenario))
    name, filled = found.client_order_id, bool(found.filled_quantity)
    case, state = random.choice(
        [
            (Case.MISSED_CANCEL, OrderState.CANCELLED),
            (Case.MISSED_EXPIRY, OrderState.EXPIRED),
            *([] if filled else [(Case.MISSED_REJECTION, OrderState.REJECTED)]),
            *([] if filled else [(Case.MISSED_ACCEPTANCE, OrderState.ACCEPTED)]),
        ]
    )
    said = scenario.orders
    if case is Case.MISSED_ACCEPTANCE:
        waiting = random.choice([OrderState.INTENDED, OrderState.SUBMITTED, OrderState.UNKNOWN])
        unheard = {"state": waiting, "broker_order_id": None}
        said = tuple(o.model_copy(update=unheard) if o.request.client_order_id == name else o for o in said)
    moved = found.model_copy(update={"state": state})
    planted = scenario.plant(case, name, found.symbol, orders=swapped(scenario, found, moved))
    return replace(planted, orders=said)


def has_an_external_order(scenario: Scenario, random: Random) -> Scenario:
    name = f"{random.getrandbits(64):016x}"
    state = random.choice([OrderState.ACCEPTED, OrderState.CANCELLED, OrderState.EXPIRED])
    side = random.choice(list(Side))
    other = at_broker(asked("TSLA", "3", side, client_order_id=name, leg="entry"), state=state)
    return scenario.plant(Case.EXTERNAL_ORDER, name, orders=(*(scenario.statement.orders or ()), other))


def holds_too_much(scenario: Scenario, random: Random) -> Scenario:
    if random.random() < 0.3:
        more = (*(scenario.statement.holdings or ()), Holding(symbol="TSLA", quantity=Decimal(3)))
        return scenario.plant(Case.POSITION_UNKNOWN, "TSLA", "TSLA", holdings=more)
    return holding_as(scenario, random, Case.POSITION_TOO_LARGE, lambda held: held + random.randint(1, 9))


def holds_too_little(scenario: Scenario, random: Random) -> Scenario:
    return holding_as(scenario, random, Case.POSITION_TOO_SMALL, lambda held: Decimal(random.randint(0, int(held) - 1)))


def holds_the_opposite(scenario: Scenario, random: Random) -> Scenario:
    return holding_as(scenario, random, Case.POSITION_FLIPPED, lambda held: Decimal(-random.randint(1, 90)))


def tells_it_twice(scenario: Scenario, random: Random) -> Scenario:
    told = scenario.statement
    if random.random() < 0.5:
        again = random.choice([one for one in told.fills or () if scenario.free(one.symbol)])
        more = (*(told.fills or ()), again)
        return scenario.plant(Case.DUPLICATE_REPORT, again.fill_id, again.symbol, fills=more)
    twice = random.choice(resting(scenario))
    more_orders = (*(told.orders or ()), twice)
    return scenario.plant(Case.DUPLICATE_REPORT, twice.client_order_id, twice.symbol, orders=more_orders)


def loses_an_order(scenario: Scenario, random: Random) -> Scenario:
    gone = random.choice(resting(scenario))
    return scenario.plant(Case.LOST_ORDER, gone.client_order_id, gone.symbol, orders=swapped(scenario, gone))


def is_a_cent_off(scenario: Scenario, random: Random) -> Scenario:
    off = random.choice([Decimal("0.01"), Decimal("-0.01")])
    return scenario.plant(Case.CASH_SLIGHTLY_OFF, "cash", account=paid(scenario, off))


def pays_a_dividend(scenario: Scenario, random: Random) -> Scenario:
    symbol = random.choice(SYMBOLS)
    return pays(scenario, activity("dividend", f"{random.randint(1, 9000) / 100:.2f}", symbol=symbol))


def charges_a_fee(scenario: Scenario, random: Random) -> Scenario:
    kind = random.choice(["fee", "interest", "withdrawal"])
    return pays(scenario, activity(kind, f"-{random.randint(1, 9000) / 100:.2f}"))


def splits(scenario: Scenario, random: Random) -> Scenario:
    """The broker holds the new shares, at times only whole ones and cash for the rest; a list or the broker names it.

    What was left over only a list's ratio can tell.
    """
    found = random.choice([one for one in scenario.statement.holdings or () if scenario.free(one.symbol)])
    symbol, at = found.symbol, effective_at(EX_ON)
    ratio = Decimal(random.choice(["2", "3", "4", "1.5", "0.5", "0.1"]))
    exact = found.quantity * ratio
    cut = random.random() < 0.5 and exact != exact.to_integral_value()
    theirs = exact.quantize(Decimal(1), rounding=ROUND_DOWN) if cut else exact
    told = scenario.statement.activities or ()
    listed: tuple[CorporateAction, ...] = ()
    if cut or random.random() < 0.5:
        listed = (CorporateAction(symbol=symbol, kind=ActionKind.SPLIT, ex_on=EX_ON, ratio=ratio),)
    else:
        moved = random.choice([[exact - found.quantity], [-found.quantity, exact]])
        told = (
            *told,
            *(
                activity("split", activity_id=f"split-{symbol}-{n}", symbol=symbol, shares=shares, occurred_at=at)
                for n, shares in enumerate(moved)
            ),
        )
    changed = {"holdings": regarding(scenario, found, theirs), "activities": told}
    planted = scenario.plant(Case.SPLIT, symbol, symbol, **changed)
    if cut:
        cash = activity("cash_in_lieu", "7.31", activity_id=f"cil-{symbol}", symbol=symbol, occurred_at=at)
        planted = pays(planted, cash)
    return replace(planted, actions=(*planted.actions, *listed))


def has_an_order_in_our_name(scenario: Scenario, random: Random) -> Scenario:
    name = f"{DESK}/cycle-{random.randint(50, 99)}-TSLA-buy-entry"
    other = at_broker(asked("TSLA", "3", client_order_id=name))
    return scenario.plant(Case.UNBOOKED_ORDER, name, orders=(*(scenario.statement.orders or ()), other))


def resting(scenario: Scenario) -> list[BrokerOrder]:
    """Entries that are open to both, in symbols where nothing was planted yet."""
    found = scenario.statement.orders or ()
    open_states = {OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED}
    return [one for one in found if one.leg is Leg.ENTRY and one.state in open_states and scenario.free(one.symbol)]


def swapped(scenario: Scenario, gone: BrokerOrder, *new: BrokerOrder) -> tuple[BrokerOrder, ...]:
    return (*(one for one in scenario.statement.orders or () if one is not gone), *new)


def regarding(scenario: Scenario, found: Holding, quantity: Decimal) -> tuple[Holding, ...]:
    rest = tuple(one for one in scenario.statement.holdings or () if one is not found)
    return (*rest, Holding(symbol=found.symbol, quantity=quantity)) if quantity else rest


def holding_as(scenario: Scenario, random: Random, case: Case, change: Callable[[Decimal], Decimal]) -> Scenario:
    found = random.choice([one for one in scenario.statement.holdings or () if scenario.free(one.symbol)])
    held = regarding(scenario, found, change(found.quantity))
    return scenario.plant(case, found.symbol, found.symbol, holdings=held)


def paid(scenario: Scenario, amount: Decimal) -> object:
    told = scenario.statement.account
    assert told is not None
    return account(told.cash + amount, told.equity - told.cash)


def pays(scenario: Scenario, told: Activity) -> Scenario:
    more = (*(scenario.statement.activities or ()), told)
    about, account_after = told.symbol or "cash", paid(scenario, told.amount)
    return scenario.plant(Case(told.kind.value), about, activities=more, account=account_after)


PLANTS = (
    misses_a_fill,
    misses_a_cancel,
    has_an_external_order,
    holds_too_much,
    holds_too_little,
    holds_the_opposite,
    tells_it_twice,
    loses_an_order,
    is_a_cent_off,
    pays_a_dividend,
    charges_a_fee,
    splits,
    has_an_order_in_our_name,
)
