"""A desk that deals with a paper broker by hand: short names for orders, a market that moves when the test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.paper_broker import PaperBroker, PaperTerms
from tests.fakes.market import FakeMarket
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Leg, OrderKind, OrderRequest
from trading.settlement import BrokerOrder

NOON = datetime(2017, 11, 10, 17, 0, tzinfo=UTC)
NO_SLIP = PaperTerms(slippage_bps=ZERO, opening_cash=Decimal(1_000_000_000))


class Floor:
    """A desk at a market that quotes AAPL at 100.00 / 100.10; time passes with every quote."""

    def __init__(self, engine: AsyncEngine, desk_id: str = "north") -> None:
        self.engine = engine
        self.desk_id = desk_id
        self.market = FakeMarket(unquoted=["MSFT"])
        self.at = NOON
        self.market.quote("AAPL", "100.00", "100.10", self.at)
        self.terms = NO_SLIP

    @property
    def broker(self) -> PaperBroker:
        return PaperBroker(self.engine, self.market, self.terms)

    def request(self, name: str, side: Side, quantity: str, **more: object) -> OrderRequest:
        terms = {"kind": OrderKind.LIMIT} if "limit_price" in more else {}
        return OrderRequest.model_validate(
            {
                "client_order_id": f"{self.desk_id}-{name}",
                "desk_id": self.desk_id,
                "strategy_id": "s",
                "cycle_id": f"{self.desk_id}-c",
                "leg": Leg.ENTRY if side is Side.BUY else Leg.EXIT,
                "symbol": "AAPL",
                "side": side,
                "quantity": quantity,
                "mark": "100",
                "as_of": self.at,
                "trace_id": "t",
                **terms,
                **more,
            }
        )

    async def buy(self, name: str, quantity: str, **more: object) -> BrokerOrder:
        return await self.broker.submit(self.request(name, Side.BUY, quantity, **more))

    async def sell(self, name: str, quantity: str, **more: object) -> BrokerOrder:
        return await self.broker.submit(self.request(name, Side.SELL, quantity, **more))

    async def quote(self, bid: str, ask: str | None = None) -> None:
        """A minute later the market stands elsewhere, and resting orders meet it."""
        self.at += timedelta(minutes=1)
        await self.broker.match({"AAPL": self.market.quote("AAPL", bid, ask or bid, self.at)})

    async def order(self, name: str) -> BrokerOrder:
        order = await self.broker.find(f"{self.desk_id}-{name}")
        assert order is not None
        return order

    async def states(self) -> dict[str, tuple[str, str]]:
        """State and filled quantity of every order of the desk, by the short name."""
        orders = await self.broker.orders(self.desk_id)
        return {
            order.client_order_id.removeprefix(f"{self.desk_id}-"): (order.state, f"{order.filled_quantity:f}")
            for order in orders
        }

    async def fills(self, name: str) -> list[tuple[str, str]]:
        """Quantity and price of an order's fills."""
        return [(f"{fill.quantity:f}", f"{fill.price:f}") for fill in await self.broker.fills(f"{self.desk_id}-{name}")]
