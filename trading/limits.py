"""The hard limits: what they are, which orders each is for, and what is known when an order is held to them.

Code holds them; a model can only ask for less. Those that leave a number of shares are computed in `trading/rooms.py`,
those that are a plain yes or no in `trading/breaches.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.breaker import TradingState
from trading.instruments import Symbol
from trading.money import Dollars, Fraction, Identifier, Quantity, Record, Text
from trading.orders import PROTECTIVE, Leg
from trading.portfolio import Portfolio
from trading.standing import Recent, Standing

Count = Annotated[int, Field(ge=0, le=100_000)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Days = Annotated[int, Field(ge=0, le=60)]
Budget = Annotated[Dollars, Field(ge=0)]
Turnover = Annotated[Decimal, Field(allow_inf_nan=False, ge=0, le=1000, decimal_places=8)]
"""A multiple of equity; may be more than one."""

WHOLE_SHARE, FRACTION_OF_SHARE = Decimal(1), Decimal("0.000001")
"""The steps that orders are sized in: whole shares, or as finely as brokers sell fractions."""


class Limits(Record):
    """The owner's limits; fractions are of equity unless said otherwise, a default of 0 minutes or days is off.

    The first three bound the book. `collar` is how far from the mark an order's own prices and the newest price may be,
    and how far above it cash is kept. A cycle's orders go out one after the other: sized to a limit exactly, the second
    would be refused for the slippage and commission of the first, so orders are sized `sizing_margin` of a limit inside
    it. The defaults of the rest are a guard against a desk that runs away, well beyond what 100,000 dollars need in a
    day: half of them in one order, more orders than ten positions turned over twice in a minute, each dollar traded
    four times. `max_volume_share` is of a symbol's average daily volume: with a hundredth of it a trade moves no price.
    """

    max_position: Fraction = Decimal("0.20")
    max_sector: Fraction = Decimal("0.30")
    max_positions: Annotated[int, Field(ge=0)] = 10
    collar: Fraction = Decimal("0.05")
    sizing_margin: Fraction = Decimal("0.005")
    max_order_usd: Budget = Decimal("50000.00")
    max_orders_per_minute: Count = 40
    max_orders_per_day: Count = 500
    max_daily_usd: Budget = Decimal("1000000.00")
    max_daily_turnover: Turnover = Decimal(4)
    min_price: Budget = Decimal("1.00")
    max_volume_share: Fraction = Decimal("0.01")
    restricted_symbols: tuple[Symbol, ...] = ()
    duplicate_minutes: Minutes = 1
    blackout_open_minutes: Minutes = 0
    blackout_close_minutes: Minutes = 0
    blackout_earnings_days: Days = 0
    allow_short: bool = False
    fractional: bool = False

    @property
    def step(self) -> Decimal:
        """The part of a share that orders are sized in."""
        return FRACTION_OF_SHARE if self.fractional else WHOLE_SHARE

    def for_sizing(self) -> Limits:
        """The limits that orders are sized to: a little inside those that they are held to."""
        inside = {name: getattr(self, name) * (1 - self.sizing_margin) for name in ("max_position", "max_sector")}
        return self.model_copy(update=inside)


class Limit(StrEnum):
    """The name of what an order would pass."""

    POSITION = "max_position"
    SECTOR = "max_sector"
    POSITIONS = "max_positions"
    CASH = "cash"
    HOLDING = "holding"
    ORDER = "max_order_usd"
    DAILY = "max_daily_usd"
    TURNOVER = "max_daily_turnover"
    VOLUME = "max_volume_share"
    BUYING_POWER = "buying_power"
    SETTLED = "settled_cash"
    SIZE = "smallest_order"
    STATE = "trading_state"
    PROTECTION = "protection"
    ACCOUNT = "account"
    ASSET = "asset"
    FRACTION = "fraction"
    SHORT = "short"
    RESTRICTED = "restricted"
    PRICE = "price"
    MIN_PRICE = "min_price"
    COLLAR = "collar"
    BLACKOUT = "blackout"
    PER_MINUTE = "max_orders_per_minute"
    PER_DAY = "max_orders_per_day"
    DUPLICATE = "duplicate"
    PROBATION = "probation"
    OPPOSED = "opposed"
    STRATEGY = "strategy"
    OWN_POSITION = "strategy_max_position"
    OWN_SECTOR = "strategy_max_sector"
    OWN_POSITIONS = "strategy_max_positions"
    OWN_CASH = "strategy_cash"
    OWN_HOLDING = "strategy_holding"
    OWN_ORDER = "strategy_max_order_usd"
    OWN_MIN_PRICE = "strategy_min_price"
    OWN_RESTRICTED = "strategy_restricted"
    MODEL_BUDGET = "model_budget"
    APPROVAL = "approval"
    PRECEDENT = "precedent"


class Part(StrEnum):
    """What an order is to the books: it opens or adds, it closes, or it waits to close (a stop or a target)."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECTIVE = "protective"


def part_of(leg: Leg) -> Part:
    """What a leg is to the books."""
    if leg in PROTECTIVE:
        return Part.PROTECTIVE
    return Part.ENTRY if leg is Leg.ENTRY else Part.EXIT


_ENTRY = frozenset({Part.ENTRY})
_SENT = frozenset({Part.ENTRY, Part.EXIT})
_CLOSING = frozenset({Part.EXIT, Part.PROTECTIVE})
# Which orders each limit is for. No budget, no liquidity and no black-out stands in the way of closing what is held;
# what bounds the number of orders bounds exits too, for a desk that runs away may do so by selling. Protective orders
# are held to nothing but what they protect: a position must not lose its stop to a limit.
APPLIES_TO: Mapping[Limit, frozenset[Part]] = {
    **dict.fromkeys((Limit.POSITION, Limit.SECTOR, Limit.POSITIONS, Limit.CASH), _ENTRY),
    **dict.fromkeys((Limit.ORDER, Limit.DAILY, Limit.TURNOVER, Limit.VOLUME), _ENTRY),
    **dict.fromkeys((Limit.BUYING_POWER, Limit.SETTLED), _ENTRY),
    **dict.fromkeys((Limit.PROTECTION, Limit.SHORT, Limit.RESTRICTED), _ENTRY),
    **dict.fromkeys((Limit.PRICE, Limit.MIN_PRICE, Limit.BLACKOUT), _ENTRY),
    **dict.fromkeys((Limit.ACCOUNT, Limit.ASSET, Limit.FRACTION, Limit.COLLAR), _SENT),
    **dict.fromkeys((Limit.PER_MINUTE, Limit.PER_DAY, Limit.DUPLICATE), _SENT),
    **dict.fromkeys((Limit.OPPOSED, Limit.STRATEGY), _ENTRY),
    **dict.fromkeys((Limit.OWN_POSITION, Limit.OWN_SECTOR, Limit.OWN_POSITIONS), _ENTRY),
    **dict.fromkeys((Limit.OWN_CASH, Limit.OWN_ORDER, Limit.OWN_MIN_PRICE, Limit.OWN_RESTRICTED), _ENTRY),
    **dict.fromkeys((Limit.HOLDING, Limit.OWN_HOLDING), _CLOSING),
    Limit.STATE: frozenset(Part),
}
# What a runaway is stopped by; an exit that flattens a desk on a person's word passes them.
RUNAWAY = frozenset({Limit.PER_MINUTE, Limit.PER_DAY, Limit.DUPLICATE})
# What only the broker's and the market's word can tell; an exit goes out without it when nobody could ask.
OF_WORLD = frozenset({Limit.ACCOUNT, Limit.ASSET})
# What asks who else trades on the desk, and how far the one who gives the order may go.
OF_SEVERAL = frozenset({Limit.OPPOSED, Limit.STRATEGY})
# What a strategy is held to besides the desk's limits; one that is the whole desk has none of these.
OF_OWN = frozenset(limit for limit in Limit if limit.name.startswith("OWN_"))


class OwnLimits(Record):
    """Limits of one strategy, of its own equity; None leaves it to the desk's, which hold in any case."""

    max_position: Fraction | None = None
    max_sector: Fraction | None = None
    max_positions: Annotated[int, Field(ge=0)] | None = None
    max_order_usd: Budget | None = None
    min_price: Budget | None = None
    restricted_symbols: tuple[Symbol, ...] = ()

    def looser_than(self, limits: Limits) -> tuple[str, ...]:
        """The names of those that ask for more than the desk allows."""
        most = ("max_position", "max_sector", "max_positions", "max_order_usd")
        loose = [name for name in most if (own := getattr(self, name)) is not None and own > getattr(limits, name)]
        if self.min_price is not None and self.min_price < limits.min_price:
            loose.append("min_price")
        return tuple(loose)

    def for_sizing(self, margin: Decimal) -> OwnLimits:
        """A little inside those that orders are held to, as the desk's."""
        given = {name: getattr(self, name) for name in ("max_position", "max_sector")}
        return self.model_copy(update={n: own * (1 - margin) for n, own in given.items() if own is not None})


class Own(Record):
    """A strategy's part of the books, and the limits that it has of its own."""

    portfolio: Portfolio
    limits: OwnLimits = OwnLimits()


class Giver(Record):
    """The strategy that gives an order, as far as it may go now.

    `state` is the strictest that is asked of it beside the desk's own; where that is not its breaker's, `because` says
    in words by what. `barred` is the code of
    why it opens nothing in this account at all: `only_thinks`, or `removed`.
    """

    strategy_id: Identifier
    state: TradingState = TradingState.ACTIVE
    because: Text = ""
    barred: Text = ""


class Scene(Record):
    """What is known when an order is held to its limits.

    While orders are only sized, nobody has asked the broker (`standing`) or counted what the desk did lately
    (`recent`): both are None, and what rests on them is looked at when the order is intended. `own` is the part of the
    strategy that gives the order, None when that is the whole desk; `giver` is that strategy, None of a person.
    `flattens`: the order is one of those that close all on a person's word.
    """

    portfolio: Portfolio
    limits: Limits
    own: Own | None = None
    giver: Giver | None = None
    standing: Standing | None = None
    recent: Recent | None = None
    flattens: bool = False


def held_to(part: Part, *, flattens: bool, informed: bool, own: bool = False) -> frozenset[Limit]:
    """The limits that an intent is held to.

    `informed` says whether there was a standing, `own` whether the strategy has only a part of the books.
    """
    passed = RUNAWAY if flattens and part is Part.EXIT else frozenset()
    unknown = frozenset() if informed or part is Part.ENTRY else OF_WORLD
    none = frozenset() if own else OF_OWN
    return frozenset(limit for limit, parts in APPLIES_TO.items() if part in parts) - passed - unknown - none


class Breach(Record):
    """A limit that an order would pass: its name, a code and a sentence with the numbers."""

    limit: Limit
    code: str
    reason: str


class Room(Record):
    """How many shares one limit still has room for."""

    limit: Limit
    quantity: Quantity
