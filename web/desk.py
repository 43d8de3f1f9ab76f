"""What the API has in its hands: the same books, workflows and prices as a command, opened once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request
from temporalio.client import Client

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import application_engine
from adapters.postgres.tokens import PostgresTokens
from adapters.temporal.connection import connect
from console.chain import ChainLook
from console.desk import DeskBooks
from console.reach import Reach
from console.strategies import Desk, desk_with
from console.watchlist import Prices
from settings import Settings
from trading.memory_ports import Embedder
from wiring.markets import calendar_of, market_of
from wiring.memory import embedder_of
from wiring.rules import gate_rules

POOL = 5
"""Connections to the database, and half as many again in a burst: an embedded one has a hundred for all."""


@dataclass(frozen=True)
class WebDesk:
    """A desk as the API knows it."""

    settings: Settings
    found: Reach
    books: DeskBooks
    client: Client

    @property
    def desk_id(self) -> str:
        """The desk's name."""
        return self.books.desk_id

    @cached_property
    def prices(self) -> Prices:
        """Market and calendar, as the settings name them; a live one's requests are counted with the workers'."""
        calendar = calendar_of(self.settings.schedule)
        return Prices(market_of(self.settings, calendar, self.books.engine), calendar, gate_rules(self.settings))

    @cached_property
    def embedder(self) -> Embedder:
        """What compares texts."""
        return embedder_of(self.settings)

    @cached_property
    def tokens(self) -> PostgresTokens:
        """Who may come."""
        return PostgresTokens(self.books.engine, self.desk_id)

    @cached_property
    def runs(self) -> PostgresRuns:
        """The desk's backtests that are kept."""
        return PostgresRuns(self.books.engine, self.desk_id)

    @cached_property
    def chain(self) -> ChainLook:
        """A look at the log's chain, which goes on where it stopped."""
        return ChainLook(self.books.engine, self.desk_id)

    async def strategies(self) -> Desk:
        """The desk with its strategies as they are now."""
        return await desk_with(self.settings, self.found, self.books)


@asynccontextmanager
async def web_desk(settings: Settings, found: Reach, client: Client | None = None) -> AsyncIterator[WebDesk]:
    """Open it. Raises BadConfiguration when there is no Temporal server."""
    served = client or await connect(found.temporal_address)
    engine = application_engine(found.database, pool_size=POOL)
    try:
        yield WebDesk(settings, found, DeskBooks(engine, settings.desk.id), served)
    finally:
        await engine.dispose()


def _desk(request: Request) -> WebDesk:
    desk: WebDesk = request.app.state.desk
    return desk


AtDesk = Annotated[WebDesk, Depends(_desk)]
