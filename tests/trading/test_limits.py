"""The limits at their edges: 20 % a position, 30 % a sector, ten positions, cash to the cent, and who may sell what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from tests.making import order, portfolio, position, protection, request
from trading.breaches import breaches
from trading.breaker import TradingState
from trading.instruments import UNKNOWN_SECTOR, Side
from trading.limits import Breach, Limit, Limits, Room, Scene
from trading.orders import Leg, Order, OrderRequest, OrderState
from trading.portfolio import Portfolio, Position
from trading.rooms import cap, exposure_of, free_cash, rooms, sector_exposure_of, symbols_of

LIMITS = Limits()
TEN = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")
POSITION, SECTOR, POSITIONS, CASH, HOLDING = (
    *(Limit.POSITION, Limit.SECTOR, Limit.POSITIONS),
    *(Limit.CASH, Limit.HOLDING),
)


FREE = Limits(max_order_usd=Decimal("1e15"), min_price=Decimal(0))


def sizing(order: OrderRequest, books: Portfolio, limits: Limits = LIMITS) -> tuple[Breach, ...]:
    """What is found while an order is only sized."""
    return breaches(order, Scene(portfolio=books, limits=limits))


def capped(order: OrderRequest, books: Portfolio, limits: Limits = LIMITS) -> Room:
    return cap(order, Scene(portfolio=books, limits=limits))


class Edge(NamedTuple):
    """An order against books, the limits it passes in their order, and the whole shares code allows."""

    said: str
    order: OrderRequest
    books: Portfolio
    passed: list[Limit]
    cap: int


def buy(quantity: str, symbol: str = "AAPL", **more: Any) -> OrderRequest:
    """At ten dollars, so that 2,000 shares are 20 % of 100,000 dollars."""
    return request(symbol, quantity, Side.BUY, **{"mark": "10", **more})


def sell(quantity: str, symbol: str = "AAPL", **more: Any) -> OrderRequest:
    return request(symbol, quantity, Side.SELL, **{"mark": "10", **more})


def limit_buy(quantity: str, price: str, symbol: str = "AAPL", **more: Any) -> OrderRequest:
    return buy(quantity, symbol, kind="limit", limit_price=price, **more)


def stop_buy(quantity: str, price: str) -> OrderRequest:
    return buy(quantity, kind="stop", stop_price=price)


def at_ten(symbol: str, quantity: str, sector: str = "Technology") -> Position:
    return position(symbol, quantity, "10", sector)


def books(cash: str = "100000", *held: Position, resting: tuple[Order, ...] = (), **more: object) -> Portfolio:
    return portfolio(cash, *held, open_orders=resting, **more)


def rich(*held: Position, resting: tuple[Order, ...] = ()) -> Portfolio:
    """Equity of exactly 100,000 dollars, whatever is held of it."""
    return books(f"{100_000 - sum(p.value for p in held)}", *held, resting=resting)


def holds(quantity: str, *resting: Order) -> Portfolio:
    """A rich desk with shares of AAPL."""
    return rich(at_ten("AAPL", quantity), resting=resting)


def poor(cash: str, *resting: Order) -> Portfolio:
    """A desk whose wealth is shares of XOM, so that cash is what it lacks."""
    return books(cash, WEALTH, resting=resting)


def ten(count: int, *more: Position) -> tuple[Position, ...]:
    return (*(at_ten(symbol, "1", f"Sector {symbol}") for symbol in TEN[:count]), *more)


FLAT = at_ten("FLAT", "0")
TECH_20_PERCENT = at_ten("MSFT", "2000")
KO_BUY = order(buy("100", "KO"))
KO_PARTLY = order(buy("100", "KO"), OrderState.PARTIALLY_FILLED, "40")
HALF_SOLD = order(sell("50"))
PARTLY_SOLD = order(sell("50"), OrderState.PARTIALLY_FILLED, "20")
INTENDED = order(buy("1000"), OrderState.INTENDED)
KO, KO_SHORT = at_ten("KO", "100", "Staples"), at_ten("KO", "-100", "Staples")
UNKNOWN = at_ten("Q", "2000", UNKNOWN_SECTOR)
MSFT_SALE = order(sell("2000", "MSFT"))
PARTLY = order(buy("1000"), OrderState.PARTIALLY_FILLED, "400")
WEALTH = position("XOM", "900", "100", "Energy")  # 90,000 dollars that are not cash

# fmt: off
POSITION_EDGES = [
    Edge("19.99 % passes", buy("1999"), rich(), [], 1999),
    Edge("20.00 % passes", buy("2000"), rich(), [], 2000),
    Edge("20.01 % does not", buy("2001"), rich(), [POSITION], 2000),
    Edge("a billionth of a share over does not", buy("2000.000000001"), rich(), [POSITION, Limit.FRACTION], 2000),
    Edge("a cent of equity less makes it too much", buy("2000"), books("99999.99"), [POSITION], 1999),
    Edge("19.99 % with what is held", buy("999"), holds("1000"), [], 999),
    Edge("20.00 % with what is held", buy("1000"), holds("1000"), [], 1000),
    Edge("20.01 % with what is held", buy("1001"), holds("1000"), [POSITION], 1000),
    Edge("a full position takes no share", buy("1"), holds("2000"), [POSITION], 0),
    Edge("one that grew beyond takes none", buy("1"), holds("2500"), [POSITION], 0),
    Edge("one that grew beyond may be sold", sell("2500"), holds("2500"), [], 2500),
    Edge("an open buy counts", buy("1000"), rich(resting=(order(buy("1000")),)), [], 1000),
    Edge("an open buy counts to the share", buy("1001"), rich(resting=(order(buy("1000")),)), [POSITION], 1000),
    Edge("an intended buy counts", buy("1001"), rich(resting=(INTENDED,)), [POSITION], 1000),
    Edge("a partly filled buy counts once", buy("1000"), holds("400", PARTLY), [], 1000),
    Edge("and to the share", buy("1001"), holds("400", PARTLY), [POSITION], 1000),
    Edge("a cancelled buy does not", buy("2000"), rich(resting=(order(buy("1000"), OrderState.CANCELLED),)), [], 2000),
    Edge("a filled buy does not", buy("2000"), rich(resting=(order(buy("9"), OrderState.FILLED, "9"),)), [], 2000),
    Edge("an open buy of another symbol does not", buy("1000"), rich(resting=(order(buy("2000", "MSFT")),)), [], 1000),
    Edge("an open sale frees nothing yet", buy("1"), holds("2000", order(sell("2000"))), [POSITION], 0),
    Edge("an open limit buy counts at its limit", buy("800"), rich(resting=(order(limit_buy("1000", "12")),)), [], 800),
    Edge("at its limit to the share", buy("801"), rich(resting=(order(limit_buy("1000", "12")),)), [POSITION], 800),
    Edge("a limit above the mark is what it costs", limit_buy("1667", "12"), rich(), [POSITION, Limit.COLLAR], 1666),
    Edge("a limit below the mark is no discount", limit_buy("2001", "8"), rich(), [POSITION, Limit.COLLAR], 2000),
    Edge("a stop above the mark is what it costs", stop_buy("1667", "12"), rich(), [POSITION, Limit.COLLAR], 1666),
    Edge("a short position counts unsigned", buy("1001"), holds("-1000"), [POSITION], 1000),
]
SECTOR_EDGES = [
    Edge("29.99 % passes", buy("999"), rich(TECH_20_PERCENT), [], 999),
    Edge("30.00 % passes", buy("1000"), rich(TECH_20_PERCENT), [], 1000),
    Edge("30.01 % does not", buy("1001"), rich(TECH_20_PERCENT), [SECTOR], 1000),
    Edge("a full sector takes no share", buy("1"), rich(TECH_20_PERCENT, at_ten("IBM", "1000")), [SECTOR], 0),
    Edge("another sector does not count", buy("2000"), rich(at_ten("XOM", "2000", "Energy")), [], 2000),
    Edge("an open buy in the sector counts", buy("1001"), rich(resting=(order(buy("2000", "MSFT")),)), [SECTOR], 1000),
    Edge("an open sale in it frees nothing", buy("1001"), rich(TECH_20_PERCENT, resting=(MSFT_SALE,)), [SECTOR], 1000),
    Edge("unknown is a sector of its own", buy("1001", sector=UNKNOWN_SECTOR), rich(UNKNOWN), [SECTOR], 1000),
    Edge("position and sector together", buy("2001"), rich(TECH_20_PERCENT), [POSITION, SECTOR], 1000),
]
PLACE_EDGES = [
    Edge("the tenth position passes", buy("1"), rich(*ten(9)), [], 1),
    Edge("the eleventh does not", buy("1"), rich(*ten(10)), [POSITIONS], 0),
    Edge("more of the tenth does", buy("1", "J", sector="Sector J"), rich(*ten(10)), [], 1),
    Edge("an open buy has the tenth place", buy("1"), rich(*ten(9), resting=(order(buy("1", "KO")),)), [POSITIONS], 0),
    Edge("unless it is of this symbol", buy("1"), rich(*ten(9), resting=(order(buy("1")),)), [], 1),
    Edge("a position that is flat has none", buy("1"), rich(*ten(9, FLAT)), [], 1),
    Edge("one being sold still has it", buy("1"), rich(*ten(10), resting=(order(sell("1", "A")),)), [POSITIONS], 0),
    Edge("a short one has one", buy("1"), rich(*ten(9, at_ten("S", "-1", "Other"))), [POSITIONS], 0),
    Edge("selling needs none", sell("1", "A"), rich(*ten(10)), [], 1),
]
CASH_EDGES = [
    Edge("to the cent, with the collar", buy("100"), poor("1050.00"), [], 100),
    Edge("a cent less does not do", buy("100"), poor("1049.99"), [CASH], 99),
    Edge("a cent more is no share more", buy("101"), poor("1050.01"), [CASH], 100),
    Edge("no cash, no share", buy("1"), poor("0"), [CASH], 0),
    Edge("negative cash, no share", buy("1"), poor("-100"), [CASH], 0),
    Edge("an open buy keeps its cash", buy("100"), poor("2100", KO_BUY), [], 100),
    Edge("to the share", buy("101"), poor("2100", KO_BUY), [CASH], 100),
    Edge("a partly filled one keeps the rest", buy("140"), poor("2100", KO_PARTLY), [], 140),
    Edge("and no more", buy("141"), poor("2100", KO_PARTLY), [CASH], 140),
    Edge("open buys of more than there is", buy("1"), poor("100", KO_BUY), [CASH], 0),
    Edge("an open sale brings none yet", buy("1"), poor("0", order(sell("900", "XOM"))), [CASH], 0),
    Edge("a limit costs the limit and the collar", limit_buy("100", "12"), poor("1260"), [Limit.COLLAR], 100),
    Edge("a cent less than that", limit_buy("100", "12"), poor("1259.99"), [CASH, Limit.COLLAR], 99),
]
EQUITY_EDGES = [
    Edge("zero equity buys nothing", buy("1"), books("0"), [POSITION, SECTOR, CASH], 0),
    Edge("nor does negative equity", buy("1"), books("-5000", KO), [POSITION, SECTOR, CASH], 0),
    Edge("nor negative equity with cash in hand", buy("1"), books("500", KO_SHORT), [POSITION, SECTOR], 0),
    Edge("but it may sell", sell("100"), books("-5000", at_ten("AAPL", "100")), [], 100),
]
HOLDING_EDGES = [
    Edge("one less than is held", sell("99"), holds("100"), [], 99),
    Edge("all that is held", sell("100"), holds("100"), [], 100),
    Edge("one more than is held", sell("101"), holds("100"), [HOLDING], 100),
    Edge("a fraction more", sell("100.000000001"), holds("100"), [HOLDING], 100),
    Edge("a fraction that is held", sell("10.5"), holds("10.5"), [], 10),
    Edge("nothing is held", sell("1"), rich(), [HOLDING], 0),
    Edge("only another symbol is", sell("1"), rich(at_ten("MSFT", "100")), [HOLDING], 0),
    Edge("half is being sold", sell("50"), holds("100", HALF_SOLD), [], 50),
    Edge("half and one", sell("51"), holds("100", HALF_SOLD), [HOLDING], 50),
    Edge("a partly filled sale sells its rest", sell("51"), holds("80", PARTLY_SOLD), [HOLDING], 50),
    Edge("all is being sold", sell("1"), holds("100", order(sell("100"))), [HOLDING], 0),
    Edge("more than all is", sell("1"), holds("100", order(sell("150"))), [HOLDING], 0),
    Edge("another symbol is being sold", sell("100"), holds("100", order(sell("100", "MSFT"))), [], 100),
    Edge("an open buy is not held yet", sell("101"), holds("100", order(buy("100"))), [HOLDING], 100),
    Edge("a resting stop yields to an exit", sell("100"), holds("100", protection(Leg.STOP, quantity="100")), [], 100),
    Edge("as does a target", sell("100"), holds("100", protection(Leg.TARGET, quantity="100")), [], 100),
    Edge("what is short cannot be sold", sell("1"), holds("-100"), [HOLDING], 0),
]
# fmt: on


def stated(state: TradingState) -> Portfolio:
    return books("98000", at_ten("AAPL", "200"), trading_state=state)


STATE_EDGES = [
    Edge("an active desk buys", buy("1"), stated(TradingState.ACTIVE), [], 1),
    Edge("a reducing one does not", buy("1"), stated(TradingState.REDUCING), [Limit.STATE], 1),
    Edge("but it sells", sell("200"), stated(TradingState.REDUCING), [], 200),
    Edge("a halted one does not buy", buy("1"), stated(TradingState.HALTED), [Limit.STATE], 1),
    Edge("nor sell", sell("1"), stated(TradingState.HALTED), [Limit.STATE], 1),
    Edge("every breach is told", buy("1801"), stated(TradingState.HALTED), [Limit.STATE, POSITION], 1800),
]
WRONG = [Limit.PROTECTION]
PROTECTION_EDGES = [
    Edge("a stop below and a target above", buy("1", stop="9.99", target="10.01"), rich(), [], 1),
    Edge("a stop at the price", buy("1", stop="10"), rich(), WRONG, 1),
    Edge("a stop above it", buy("1", stop="10.01"), rich(), WRONG, 1),
    Edge("a target at the price", buy("1", target="10"), rich(), WRONG, 1),
    Edge("a target below it", buy("1", target="9.99"), rich(), WRONG, 1),
    Edge("both on the wrong side", buy("1", stop="11", target="9"), rich(), WRONG * 2, 1),
    Edge("a stop above the limit it may fill at", limit_buy("1", "9.60", stop="9.70"), rich(), WRONG, 1),
    Edge("a target below the limit it may fill at", limit_buy("1", "10.40", target="10.20"), rich(), WRONG, 1),
    Edge("a sale has nothing to protect", sell("1", stop="11", target="9"), holds("1"), [], 1),
]
EDGES = [
    *(POSITION_EDGES + SECTOR_EDGES + PLACE_EDGES + CASH_EDGES),
    *(EQUITY_EDGES + HOLDING_EDGES + STATE_EDGES + PROTECTION_EDGES),
]


@pytest.mark.parametrize("edge", [pytest.param(edge, id=edge.said) for edge in EDGES])
def test_an_order_at_the_edge_passes_or_not(edge: Edge) -> None:
    found = sizing(edge.order, edge.books)
    assert [breach.limit for breach in found] == edge.passed
    assert capped(edge.order, edge.books).quantity == edge.cap
    assert all(breach.code and breach.reason for breach in found)


def test_there_are_enough_edges() -> None:
    assert len({edge.said for edge in EDGES}) == len(EDGES) >= 60


@pytest.mark.parametrize(
    ("edge", "tightest"),
    [
        (POSITION_EDGES[2], POSITION),
        (SECTOR_EDGES[8], SECTOR),
        (PLACE_EDGES[1], POSITIONS),
        (CASH_EDGES[1], CASH),
        (HOLDING_EDGES[2], HOLDING),
    ],
)
def test_the_cap_names_the_limit_that_made_it(edge: Edge, tightest: Limit) -> None:
    assert capped(edge.order, edge.books).limit is tightest


def test_a_breach_says_its_code_and_both_figures() -> None:
    (breach,) = sizing(buy("2001"), rich())
    assert breach.code == "max_position_exceeded"
    assert breach.reason == "buy 2001 AAPL: max_position has room for 2000"
    assert [b.code for b in sizing(buy("1"), stated(TradingState.HALTED))] == ["halted"]
    assert [b.code for b in sizing(buy("1"), stated(TradingState.REDUCING))] == ["reducing"]
    wrong = sizing(buy("1", stop="11", target="9"), rich())
    assert [b.code for b in wrong] == ["stop_on_wrong_side", "target_on_wrong_side"]


def test_rooms_keep_fractions_of_a_share() -> None:
    found = {room.limit: room.quantity for room in rooms(buy("5", mark="30"), Scene(portfolio=rich(), limits=LIMITS))}
    assert found[POSITION] == Decimal("666.666666666")
    assert found[CASH] == Decimal("3174.603174603")


def test_a_penny_stock_and_a_great_fortune_fit_a_quantity() -> None:
    asked = buy("1000000000", mark="0.000001")
    assert capped(asked, books("1000000000000000"), FREE).quantity == 1_000_000_000


def test_other_limits_hold_as_they_are_set() -> None:
    strict = Limits(max_position=Decimal(0), max_sector=Decimal(0), max_positions=0, collar=Decimal(1))
    assert [b.limit for b in sizing(buy("1"), books("19.99"), strict)] == [POSITION, SECTOR, POSITIONS, CASH]
    free = Limits(max_position=Decimal(1), max_sector=Decimal(1), collar=Decimal(0))
    assert sizing(buy("10"), books("100"), free) == ()
    assert [b.limit for b in sizing(buy("10"), books("99.99"), free)] == [POSITION, SECTOR, CASH]


def test_exposure_is_what_is_held_with_every_open_buy_filled() -> None:
    resting = (order(limit_buy("10", "12")), HALF_SOLD, PARTLY)
    book = rich(at_ten("AAPL", "100"), TECH_20_PERCENT, resting=resting)
    assert exposure_of(book, "AAPL") == 1000 + 120 + 6000
    assert sector_exposure_of(book, "Technology") == 1000 + 20_000 + 120 + 6000
    assert symbols_of(book) == {"AAPL", "MSFT"}
    assert free_cash(book, LIMITS) == 79_000 - (120 + 6000) * Decimal("1.05")
