"""Bars written by hand, and a desk's account that lives through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from backtest.cycles.bar_broker import BarBroker
from backtest.cycles.bar_day import BarDay, Played
from trading.backtest_plan import FillAt, Frictions, Plan
from trading.corporate_actions import CorporateAction
from trading.costs import Costs
from trading.instruments import Side
from trading.limits import Limits
from trading.market import Bar
from trading.money import ZERO
from trading.orders import Fill, Leg, OrderKind, OrderRequest
from trading.sessions import Session
from trading.settlement import BrokerOrder

FREE = Frictions(costs=Costs(slippage_bps=ZERO))
FIRST = date(2017, 1, 2)  # a Monday


def bar(prices: str, volume: int = 1_000_000) -> Bar:
    """A bar from "open high low close"."""
    names = ("open", "high", "low", "close")
    told = dict(zip(names, prices.split(), strict=True))
    return Bar.model_validate({"session_on": FIRST, "volume": volume, **told})


@dataclass
class Account:
    """The desk `north` at a broker over bars: every weekday has a session; orders are decided at its close."""

    frictions: Frictions = FREE
    fill: FillAt = FillAt.NEXT_OPEN
    cash: str = "100000"
    allow_short: bool = False
    intrabar: bool = True
    actions: Iterable[CorporateAction] = ()
    symbols: tuple[str, ...] = ("AAA", "BBB", "CCC")
    on: date = FIRST - timedelta(days=3)
    played: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = Plan(
            strategy="any",
            symbols=self.symbols,
            from_on=FIRST,
            to_on=FIRST + timedelta(days=365),
            cash=Decimal(self.cash),
            frictions=self.frictions,
            fill=self.fill,
            intrabar=self.intrabar,
            limits=Limits(allow_short=self.allow_short),
        )
        self.broker = BarBroker("north", plan, lambda: self.closes_at, self.actions)

    @property
    def closes_at(self) -> datetime:
        """The newest close."""
        return datetime.combine(self.on, time(21, tzinfo=UTC))

    def day(self, last: Iterable[str] = (), **prices: str | Bar) -> Played:
        """Live through the next weekday: bars as "open high low close", by symbol."""
        return self.next({s: bar(told) if isinstance(told, str) else told for s, told in prices.items()}, last)

    def next(self, bars: Mapping[str, Bar], last: Iterable[str] = ()) -> Played:
        """Live through the next weekday with these bars."""
        self.on += timedelta(days=3 if self.on.weekday() == 4 else 1)
        opens_at = datetime.combine(self.on, time(14, 30, tzinfo=UTC))
        session = Session(session_on=self.on, opens_at=opens_at, closes_at=self.closes_at)
        self.played.append(self.broker.play(BarDay(session, bars, frozenset(last))))
        return self.played[-1]

    def request(self, name: str, side: Side, quantity: str, **more: object) -> OrderRequest:
        """An order decided at the newest close, for the day."""
        kind = (
            OrderKind.LIMIT if "limit_price" in more else OrderKind.STOP if "stop_price" in more else OrderKind.MARKET
        )
        fields: dict[str, object] = {
            "client_order_id": f"north-{name}",
            "desk_id": "north",
            "strategy_id": "s",
            "cycle_id": "north-c",
            "leg": Leg.ENTRY if side is Side.BUY else Leg.EXIT,
            "symbol": "AAA",
            "side": side,
            "kind": kind,
            "quantity": quantity,
            "mark": "100",
            "as_of": self.closes_at,
            "expires_at": self.closes_at,
            "trace_id": "t",
        }
        return OrderRequest.model_validate(fields | more)

    async def buy(self, name: str, quantity: str, **more: object) -> BrokerOrder:
        return await self.broker.submit(self.request(name, Side.BUY, quantity, **more))

    async def sell(self, name: str, quantity: str, **more: object) -> BrokerOrder:
        return await self.broker.submit(self.request(name, Side.SELL, quantity, **more))

    async def short(self, name: str, quantity: str, **more: object) -> BrokerOrder:
        return await self.sell(name, quantity, leg=Leg.ENTRY, **more)

    async def state(self, name: str) -> tuple[str, str]:
        """An order's state, and what it has filled."""
        found = await self.broker.find(f"north-{name}")
        assert found is not None
        return str(found.state), f"{found.filled_quantity:f}"

    async def dollars(self) -> tuple[str, str]:
        """Cash and equity."""
        account = await self.broker.account("north")
        return f"{account.cash:f}", f"{account.equity:f}"


def told(fills: Iterable[Fill]) -> list[str]:
    """Fills as one reads them: order, shares, price."""
    named = ((fill, fill.client_order_id.removeprefix("north-")) for fill in fills)
    return [f"{name} {fill.quantity:f} at {fill.price.normalize():f}" for fill, name in named]
