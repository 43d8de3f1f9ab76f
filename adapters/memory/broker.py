"""The paper broker with its book in this process alone: the rules of `adapters/paper_broker`, without a database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.paper_broker.terms import PaperTerms
from trading.accounts import Account, Asset
from trading.corporate_actions import CorporateAction
from trading.market import Quote
from trading.orders import Fill, OrderRequest
from trading.ports import Market
from trading.settlement import BrokerOrder
from trading.statement import Activity, Statement

Clock = Callable[[], datetime]


class MemoryBroker:
    """Fills orders on paper at a market's quotes, as `PaperBroker` does."""

    name = "paper"
    synthetic = True
    late_visibility = timedelta(0)

    def __init__(self, market: Market, clock: Clock, terms: PaperTerms | None = None) -> None:
        raise NotImplementedError

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by our id; None when it never came."""
        raise NotImplementedError

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Enter an order and let it meet the market. Raises OrderRefused, or DuplicateOrder when its id is taken."""
        raise NotImplementedError

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Cancel what is left of an order. Raises OrderRefused when there is no such order."""
        raise NotImplementedError

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Let the resting orders of every desk meet these quotes; then end those whose session is over."""
        raise NotImplementedError

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The protective orders that came with an entry, the stop first."""
        raise NotImplementedError

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order, oldest first."""
        raise NotImplementedError

    async def orders(self, desk_id: str, since: datetime | None = None) -> tuple[BrokerOrder, ...]:
        """The book of one desk, oldest first: what came since a moment, and what is open."""
        raise NotImplementedError

    async def account(self, desk_id: str) -> Account:
        """A desk's money now; at the first look it opens with its first deposit."""
        raise NotImplementedError

    async def asset(self, symbol: str) -> Asset | None:
        """What may be done with a symbol; None when the market does not have it."""
        raise NotImplementedError

    async def statement(self, desk_id: str, since: datetime) -> Statement:
        """The account as a whole."""
        raise NotImplementedError

    async def moves(self, desk_id: str) -> AsyncGenerator[str]:
        """Nothing is told as it happens: everything is looked up."""
        raise NotImplementedError
        yield desk_id

    async def move_money(self, desk_id: str, activity: Activity) -> Activity:
        """Pay into an account or out of it, once under this id. Raises BrokerRefused when more would leave than is."""
        raise NotImplementedError

    async def apply(self, desk_id: str, actions: Sequence[CorporateAction]) -> None:
        """Let splits and dividends that are in force happen to an account, each once."""
        raise NotImplementedError
