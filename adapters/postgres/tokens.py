"""The tokens of a desk's HTTP API, in Postgres."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import desks, log
from adapters.postgres.engine import transaction
from adapters.postgres.token_tables import api_tokens
from trading.access import OPERATOR, Token, token_created, token_revoked
from trading.events import Event

_of = api_tokens.c


class PostgresTokens:
    """Tokens of one desk. Each method raises as `transaction` does."""

    def __init__(self, engine: AsyncEngine, desk_id: str) -> None:
        self._engine = engine
        self._desk_id = desk_id

    async def keep(self, token: Token, by: str = OPERATOR) -> bool:
        """Keep a token, with its line in the log; False when the desk has no log yet to say so in."""
        row = token.model_dump() | {"scopes": list(token.scopes)}
        async with transaction(self._engine) as connection:
            await connection.execute(insert(api_tokens).values(row))
            return await self._tell(connection, token_created(token, by))

    async def listed(self) -> list[Token]:
        """Every token that there ever was, the oldest first."""
        query = select(api_tokens).where(_of.desk_id == self._desk_id).order_by(_of.created_at, _of.token_id)
        async with transaction(self._engine) as connection:
            return [Token.model_validate(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def find(self, token_id: str) -> Token | None:
        """One of this desk's tokens."""
        query = select(api_tokens).where(_of.desk_id == self._desk_id, _of.token_id == token_id)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else Token.model_validate(dict(row))

    async def guards(self) -> bool:
        """Whether there is a token that was not revoked, expired or not: then nobody comes without one."""
        query = select(func.count()).where(_of.desk_id == self._desk_id, _of.revoked_at.is_(None))
        async with transaction(self._engine) as connection:
            return bool((await connection.execute(query)).scalar_one())

    async def revoke(self, token_id: str, at: datetime, by: str = OPERATOR) -> Token | None:
        """Let nobody come with it any more, with a line in the log; None for one that there is not.

        Once revoked it stays so since then, and by whom.
        """
        ours = (_of.desk_id == self._desk_id) & (_of.token_id == token_id)
        now = update(api_tokens).where(ours & _of.revoked_at.is_(None)).values(revoked_at=at)
        async with transaction(self._engine) as connection:
            is_new = (await connection.execute(now.returning(_of.token_id))).one_or_none() is not None
            row = (await connection.execute(select(api_tokens).where(ours))).mappings().one_or_none()
            token = None if row is None else Token.model_validate(dict(row))
            if token is not None and is_new:
                await self._tell(connection, token_revoked(token, by, at))
        return token

    async def _tell(self, connection: AsyncConnection, event: Event) -> bool:
        """Write it into the desk's log, of a desk that has one."""
        if not await desks.is_open(connection, self._desk_id):
            return False
        await log.append(connection, [event])
        return True
