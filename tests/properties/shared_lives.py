"""Random lives of a desk that several strategies share, and a plain count of what each of them has then.

The plain count keeps a list of lots and deals out cents; it shares no code with the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from tests.making import DESK, after, deposit, fill, request
from trading.adjustments import Adjustment
from trading.instruments import Side
from trading.orders import OPERATOR, Fill, Leg, Order, OrderState
from trading.portfolio import CapitalEvent
from trading.sleeves import Allocation, Told, owners_of

NAMES = ("agents", "trend", "mean", "value", "idle")
SYMBOLS = ("AAPL", "KO", "XOM")
OPENING = deposit("100000.00", capital_event_id="opening")
CENT = Decimal("0.01")


class Life(NamedTuple):
    """Orders, and all that came of them in the order of arrival."""

    orders: list[Order]
    fills: list[Fill]
    adjustments: list[Adjustment]
    capital: list[CapitalEvent]
    allocations: list[Allocation]

    @property
    def told(self) -> Told:
        """What the parts are made of."""
        return Told(self.fills, self.adjustments, self.capital, owners_of(self.orders))


ORDERED = {"buy": 4, "sell": 3, "stop": 1, "flatten": 1}
ELSEWHERE = {"split": 3, "adopt": 1, "dividend": 2, "lieu": 1, "deposit": 1, "withdrawal": 1, "fee": 1, "allocate": 2}
AMENDED = ("again", "bust", "correct")
what = st.sampled_from([*(kind for kind, times in (ORDERED | ELSEWHERE).items() for _ in range(times)), *AMENDED])
# What happens, to whom, in which symbol, how many hundredths of a share, at how many cents, the commission, and when.
moves = st.tuples(
    what,
    st.integers(0, 4),
    st.sampled_from((0, 0, 0, 1, 2)),
    st.integers(1, 900).flatmap(lambda most: st.sampled_from((most, most * 100))),
    st.integers(1, 50_000),
    st.integers(0, 150),
    st.integers(0, 12),
)
RATIOS = ("4", "0.1", "1.5", "0.333333333333333333333333333", "7", "1")


class Move(NamedTuple):
    """One thing that happens, `number` in its life."""

    desk: str
    number: int
    kind: str
    name: str
    symbol: str
    quantity: Decimal
    amount: Decimal
    commission: Decimal
    at: datetime


@st.composite
def shared_lives(draw: st.DrawFn, desk: str = DESK, most: int = 24) -> Life:
    """Draw a life of two to five strategies; what is told late, twice or taken back is among it."""
    strategies = draw(st.integers(2, 5))
    life = Life([], [], [], [OPENING.model_copy(update={"desk_id": desk, "capital_event_id": f"{desk}/opening"})], [])
    for number, (kind, who, which, shares, price, commission, minute) in enumerate(
        draw(st.lists(moves, max_size=most))
    ):
        quantity, amount, fee = (Decimal(hundredths) / 100 for hundredths in (shares, price, commission))
        name = OPERATOR if kind == "flatten" else NAMES[who % strategies]
        _add(life, Move(desk, number, kind, name, SYMBOLS[which], quantity, amount, fee, after(minute)))
    return life


def _add(life: Life, move: Move) -> None:
    if move.kind in ORDERED:
        life.orders.append(_order(move))
        life.fills.append(_fill(life.orders[-1], move))
    elif move.kind in AMENDED:
        life.fills.extend(_again(life.fills[move.number % len(life.fills)], move) if life.fills else [])
    elif move.kind in {"split", "adopt"}:
        life.adjustments.append(_adjustment(move))
    elif move.kind == "allocate":
        life.allocations.append(_allocation(move))
    else:
        life.capital.append(_capital(move))


def _order(move: Move) -> Order:
    side, leg = (Side.BUY, Leg.ENTRY) if move.kind == "buy" else (Side.SELL, Leg.EXIT)
    stop = {"leg": Leg.STOP, "kind": "stop", "stop_price": "1", "parent_id": "entry"}
    more = stop if move.kind == "stop" else {"leg": leg}
    known = {"cycle_id": f"{move.desk}/cycle-{move.number}", "strategy_id": move.name, "desk_id": move.desk}
    return Order(request=request(move.symbol, f"{move.quantity}", side, **known, **more), state=OrderState.ACCEPTED)


def _fill(order: Order, move: Move) -> Fill:
    terms = {"fill_id": f"{move.desk}/fill-{move.number}", "commission": f"{move.commission}", "filled_at": move.at}
    return fill(order.request, f"{move.quantity}", f"{move.amount}", **terms)


def _again(first: Fill, move: Move) -> list[Fill]:
    if move.kind == "again" or first.reverses:
        return [first]
    bust = first.model_copy(update={"fill_id": f"{move.desk}/bust-{move.number}", "reverses": first.fill_id})
    right = first.model_copy(update={"fill_id": f"{move.desk}/right-{move.number}", "quantity": Decimal("0.5")})
    return [bust, right] if move.kind == "correct" else [bust]


def _adjustment(move: Move) -> Adjustment:
    ratio = RATIOS[int(move.amount * 100) % len(RATIOS)]
    split = {"kind": "split", "ratio": ratio, "fractions": move.number % 2 == 0}
    adopted = {"quantity": move.quantity, "cost": f"{move.quantity * 12:.2f}", "strategy_id": move.name}
    known = {"desk_id": move.desk, "symbol": move.symbol, "evidence": "a script", "effective_at": move.at}
    of_kind = split if move.kind == "split" else {"kind": "adoption", **adopted}
    return Adjustment.model_validate({"adjustment_id": f"{move.desk}/adjustment-{move.number}", **known, **of_kind})


def _allocation(move: Move) -> Allocation:
    return Allocation(
        allocation_id=f"{move.desk}/{move.name}-{move.number}",
        desk_id=move.desk,
        strategy_id=move.name,
        amount=move.amount - 250 or CENT,
        allocation=Decimal("0.5"),
        desk_equity=Decimal(100_000),
        allocated_at=move.at,
    )


def _capital(move: Move) -> CapitalEvent:
    of_symbol = {"symbol": move.symbol} if move.kind in {"dividend", "lieu"} else {}
    return CapitalEvent.model_validate(
        {
            "capital_event_id": f"{move.desk}/capital-{move.number}",
            "desk_id": move.desk,
            "kind": "cash_in_lieu" if move.kind == "lieu" else move.kind,
            "amount": -move.amount if move.kind in {"withdrawal", "fee"} else move.amount,
            "occurred_at": move.at,
            **of_symbol,
        }
    )


class Lot(NamedTuple):
    """Signed shares of one strategy, opened together."""

    name: str
    shares: Decimal
    at: datetime


class Counted(NamedTuple):
    """What a plain count makes: shares by strategy and symbol, cash by strategy, cash of nobody."""

    shares: dict[tuple[str, str], Decimal]
    cash: dict[str, Decimal]
    reserve: Decimal


def plainly(life: Life) -> Counted:
    """Count share by share, in the order in which shares were opened; of one moment, by the strategies' names."""
    rows: dict[str, list[Lot]] = defaultdict(list)
    last: dict[str, dict[str, Decimal]] = defaultdict(dict)
    cash: dict[str, Decimal] = defaultdict(Decimal)
    owners = {one.request.client_order_id: one.request.strategy_id for one in life.orders}
    paid = {"dividend", "cash_in_lieu"}
    reserve = sum((one.amount for one in life.capital if one.kind not in paid), Decimal(0))
    for moved in life.allocations:
        cash[moved.strategy_id] += moved.amount
        reserve -= moved.amount
    for one in _moments(life):
        symbol, dealt = one.symbol or "", list[tuple[str, Decimal]]()
        if isinstance(one, CapitalEvent):
            reserve += one.amount if not last[symbol] else 0
            dealt = _dealt(one.amount, sorted(last[symbol].items()))
        elif isinstance(one, Fill):
            sizes = _matched(rows[symbol], Lot(owners[one.client_order_id], one.signed_quantity, one.filled_at))
            dealt = _dealt(one.cash_change, sizes)
        else:
            _adjusted(rows[symbol], one)
        for name, part in dealt:
            cash[name] += part
        held = _sums(rows[symbol])
        last[symbol] = {name: abs(shares) for name, shares in held.items() if shares} or last[symbol]
    shares = {(name, symbol): held for symbol, row in rows.items() for name, held in _sums(row).items() if held}
    return Counted(shares, dict(cash), reserve)


def _moments(life: Life) -> list[Fill | Adjustment | CapitalEvent]:
    gone = {one.reverses for one in life.fills} - {None}
    fills = {one.fill_id: one for one in life.fills if not one.reverses and one.fill_id not in gone}
    dated: list[tuple[datetime, int, str, Fill | Adjustment | CapitalEvent]] = []
    dated += [(one.effective_at, 0, one.adjustment_id, one) for one in life.adjustments]
    dated += [(one.filled_at, 1, one.fill_id, one) for one in fills.values()]
    dated += [(one.occurred_at, 2, one.capital_event_id, one) for one in life.capital if one.symbol]
    return [one for *_, one in sorted(dated, key=lambda each: each[:3])]


def _sums(row: Sequence[Lot]) -> dict[str, Decimal]:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for lot in row:
        held[lot.name] += lot.shares
    return held


def _matched(row: list[Lot], new: Lot) -> list[tuple[str, Decimal]]:
    """Take shares off what stands against them, the owner's first; append the rest. Who gave how many, in turn."""
    gave: dict[str, Decimal] = {}
    rest = new.shares
    for place in sorted(range(len(row)), key=lambda at: (row[at].name != new.name, row[at].at, row[at].name)):
        lot = row[place]
        if lot.shares * rest < 0:
            taken = min(abs(lot.shares), abs(rest))
            row[place] = lot._replace(shares=lot.shares - taken.copy_sign(lot.shares))
            rest -= taken.copy_sign(rest)
            gave[lot.name] = gave.get(lot.name, Decimal(0)) + taken
    row[:] = [lot for lot in row if lot.shares]
    if rest:
        row.append(new._replace(shares=rest))
    return [*gave.items(), *([(new.name, abs(rest))] if rest else [])]


def _adjusted(row: list[Lot], one: Adjustment) -> None:
    if one.ratio is None:
        _matched(row, Lot(one.strategy_id or "agents", one.quantity, one.effective_at))
        return
    step = Decimal("1e-9") if one.fractions else Decimal(1)
    seen = given = Decimal(0)
    new: dict[str, Decimal] = {}
    for name, shares in sorted(_sums(row).items()):
        seen += shares
        exact = (seen * one.ratio).quantize(Decimal("1e-12"), ROUND_HALF_EVEN)
        upto = (exact / step).quantize(Decimal(1), ROUND_DOWN) * step
        new[name] = upto - given
        given = upto
    row[:] = _spread(row, new)


def _dealt(amount: Decimal, sizes: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """An amount by sizes, to the cent, the last gets what is left."""
    whole, dealt, seen, given = sum((size for _, size in sizes), Decimal(0)), [], Decimal(0), Decimal(0)
    for number, (name, size) in enumerate(sizes):
        seen += size
        upto = amount if number == len(sizes) - 1 else (amount * seen / whole).quantize(CENT, ROUND_HALF_EVEN)
        dealt.append((name, upto - given))
        given = upto
    return dealt


def _spread(row: list[Lot], new: dict[str, Decimal]) -> list[Lot]:
    """The lots of each strategy, with so many shares together, each in its old part."""
    old = _sums(row)
    seen: dict[str, Decimal] = defaultdict(Decimal)
    given: dict[str, Decimal] = defaultdict(Decimal)
    spread: list[Lot] = []
    for lot in row:
        name, shares = lot.name, new[lot.name]
        seen[name] += lot.shares
        part = (shares * seen[name] / old[name]).quantize(Decimal("1e-9"), ROUND_DOWN)
        upto = shares if seen[name] == old[name] else part
        spread.append(lot._replace(shares=upto - given[name]))
        given[name] = upto
    return [lot for lot in spread if lot.shares]
