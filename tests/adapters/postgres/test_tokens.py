"""Tokens leave a line in the desk's log when they are made and when they are revoked, once, and nothing of a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.tokens import PostgresTokens
from tests.adapters.postgres.desk import DESK, opening
from trading.access import Scope, Token
from trading.events import Event, EventType, broken_links

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TOKEN = Token.model_validate(
    {
        "token_id": "0123456789ab",
        "desk_id": DESK,
        "name": "ann",
        "scopes": (Scope.OPERATE, Scope.READ),
        "secret_hash": "c" * 64,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=30),
    }
)


async def told(engine: AsyncEngine) -> list[Event]:
    books = await PostgresLedger(engine).books(DESK)
    assert broken_links(books.events) == []
    kinds = {EventType.TOKEN_CREATED, EventType.TOKEN_REVOKED}
    return [one.event for one in books.events if one.event.type in kinds]


async def test_a_token_is_told_when_it_is_made_and_once_when_it_is_revoked(engine: AsyncEngine) -> None:
    opened, cash = opening()
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    tokens = PostgresTokens(engine, DESK)
    assert await tokens.keep(TOKEN, "bob") is True
    gone = await tokens.revoke(TOKEN.token_id, NOW + timedelta(days=1), "cid")
    again = await tokens.revoke(TOKEN.token_id, NOW + timedelta(days=2), "dan")
    assert gone is not None
    assert gone == again
    assert gone.revoked_at == NOW + timedelta(days=1)
    made, revoked = await told(engine)
    who = {"token_id": TOKEN.token_id, "name": "ann", "scopes": ["operate", "read"]}
    assert made.data == {**who, "by": "bob", "expires_at": "2026-12-20T00:00:00+00:00"}
    assert (revoked.data, revoked.occurred_at) == ({**who, "by": "cid"}, NOW + timedelta(days=1))
    assert TOKEN.secret_hash not in f"{made}{revoked}"


async def test_of_a_desk_without_a_log_and_of_no_token_nothing_is_told(engine: AsyncEngine) -> None:
    tokens = PostgresTokens(engine, DESK)
    assert await tokens.keep(TOKEN, "bob") is False
    opened, cash = opening()
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    assert await tokens.revoke("ffffffffffff", NOW) is None
    assert await PostgresTokens(engine, "another").revoke(TOKEN.token_id, NOW) is None
    assert await told(engine) == []
    assert await tokens.guards() is True
