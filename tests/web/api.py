"""The API of a desk under test, on its own port, and the least client that can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.postgres.engine import Database
from adapters.postgres.tokens import PostgresTokens
from console.reach import Reach
from console.tokens import new_secret
from settings import DeskSettings, MarketSettings, Settings, WebSettings
from trading.access import PREFIX, Scope, Token
from web.access import OWN_HEADER
from web.desk import WebDesk, web_desk
from web.serving import serving_web

OWN = {OWN_HEADER: "1"}


@dataclass
class Api:
    """An API that listens, and who asks it: somebody at this machine, unless `headers` say otherwise."""

    url: str
    desk: WebDesk
    headers: dict[str, str] = field(default_factory=lambda: dict(OWN))

    def but(self, **headers: str) -> Api:
        return Api(self.url, self.desk, {name.replace("_", "-"): value for name, value in headers.items()})

    def holding(self, token: str) -> Api:
        return self.but(Authorization=f"Bearer {token}")

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, document: Any = None, **more: Any) -> httpx2.Response:
        return await self.ask("POST", path, json=document, **more)

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        # Nothing here speaks TLS: the list of authorities takes longer to read than most answers.
        async with httpx2.AsyncClient(base_url=self.url, timeout=40, trust_env=False, verify=False) as client:
            return await client.request(method, path, headers=headers, **more)


def settings_of(data: Path, **groups: Any) -> Settings:
    """The settings of a desk on the sample's prices, which may be asked as fast as anybody can."""
    told: dict[str, Any] = {"desk": DeskSettings(id="main", symbols="AAPL,MSFT")}
    told |= {"market": MarketSettings(data_dir=data), "web": WebSettings(requests_per_second=10_000, burst=100_000)}
    return Settings(**(told | groups))


@asynccontextmanager
async def api(database: Database, client: Client, settings: Settings, host: str = "127.0.0.1") -> AsyncIterator[Api]:
    """The API of these settings, until the block is left."""
    found = Reach(database=database, temporal_address=None, ui_url="http://127.0.0.1:1")
    async with web_desk(settings, found, client) as desk, serving_web(desk, host, 0) as url:
        yield Api(url.replace("0.0.0.0", "127.0.0.1"), desk)  # noqa: S104  where a test may reach it


async def token(engine: AsyncEngine, *scopes: Scope, desk_id: str = "main", name: str = "ann", **changes: Any) -> str:
    """A token that was made just now."""
    secret, kept = new_secret()
    made = Token.model_validate(
        {
            "token_id": kept[:12],
            "desk_id": desk_id,
            "name": name,
            "scopes": scopes or (Scope.READ,),
            "secret_hash": kept,
            "created_at": datetime.now(UTC) - timedelta(days=2),
            **changes,
        }
    )
    await PostgresTokens(engine, desk_id).keep(made)
    return f"{PREFIX}_{made.token_id}_{secret}"
