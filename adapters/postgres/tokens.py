"""The tokens of a desk's HTTP API, in Postgres."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.token_tables import api_tokens
from trading.access import Token

_of = api_tokens.c


class PostgresTokens:
    """Tokens of one desk. Each method raises as `transaction` does."""

    def __init__(self, engine: AsyncEngine, desk_id: str) -> None:
        self._engine = engine
        self._desk_id = desk_id

    async def keep(self, token: Token) -> None:
        """Keep a token."""
        row = token.model_dump() | {"scopes": list(token.scopes)}
        async with transaction(self._engine) as connection:
            await connection.execute(insert(api_tokens).values(row))

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

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """Let nobody come with it any more; False for one that there is not. Once revoked it stays so since then."""
        ours = (_of.desk_id == self._desk_id) & (_of.token_id == token_id)
        kept = update(api_tokens).where(ours).values(revoked_at=func.coalesce(_of.revoked_at, at))
        async with transaction(self._engine) as connection:
            return (await connection.execute(kept.returning(_of.token_id))).one_or_none() is not None
