"""`token`: who may come over HTTP. A token is shown once, when it is made; the books keep its hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError
from rich.console import RenderableType

from adapters.postgres.engine import application_engine
from adapters.postgres.tokens import PostgresTokens
from console.output import Output, grid, plain, toned
from console.reach import reach
from console.strategies import Said
from settings import Settings
from trading.access import OPERATOR, PREFIX, Scope, Token
from trading.errors import BadConfiguration

NO_LOG = "The desk has no books yet: that it was made is in the list of tokens alone, and not in the log."
_ID = re.compile(r"[0-9a-f]{12}")


def new_secret() -> tuple[str, str]:
    """256 bits of chance as a word, and the hash that is kept of it.

    A secret that nobody chose has no pattern to guess by: a slow hash would slow down requests and nobody else.
    """
    secret = secrets.token_urlsafe(32)
    return secret, hashlib.sha256(secret.encode()).hexdigest()


class Wish(NamedTuple):
    """A token that is to be made: whose, what for, for how many days (None: for good), and who wants it."""

    name: str
    scopes: Sequence[Scope]
    days: int | None = None
    by: str = OPERATOR


async def create(settings: Settings, output: Output, wish: Wish) -> int:
    """Make a token and show it, this once."""
    by, now, (secret, kept) = Said(wish.by).checked().by, datetime.now(UTC), new_secret()
    try:
        token = Token(
            token_id=secrets.token_hex(6),
            desk_id=settings.desk.id,
            name=wish.name.strip(),
            scopes=tuple(dict.fromkeys(wish.scopes)),
            secret_hash=kept,
            created_at=now,
            expires_at=None if wish.days is None else now + timedelta(days=wish.days),
        )
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise BadConfiguration(f"no token can be made so: {wrong['loc'][0]}: {wrong['msg']}") from error
    async with _tokens(settings) as tokens:
        logged = await tokens.keep(token, by)
    whole = f"{PREFIX}_{token.token_id}_{secret}"
    document = {"token": whole, **_line(token)}
    said = "It is not shown again. From now on nobody comes without one."
    lines = [f"  {said}", *(() if logged else (f"  {NO_LOG}",))]
    output.show(document, f"  {whole}", *(toned(line, "odd") for line in lines))
    return 0


async def listing(settings: Settings, output: Output) -> int:
    """Every token that there ever was: whose, what for, until when; never what it says."""
    async with _tokens(settings) as tokens:
        known = await tokens.listed()
    now = datetime.now(UTC)
    table = grid("token", "name", "scopes", "made", "until", "")
    for one in known:
        until = "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}"
        refused = one.refusal(now)
        state = toned("counts", "good") if refused is None else toned(refused.removeprefix("this token "), "faint")
        cells: list[RenderableType] = [one.token_id, plain(one.name), ", ".join(one.scopes)]
        table.add_row(*cells, f"{one.created_at:%Y-%m-%d}", until, state)
    output.show([_line(one) for one in known], table if known else toned("  none: whoever sits here may come", "faint"))
    return 0


async def revoke(settings: Settings, output: Output, token_id: str, by: str = OPERATOR) -> int:
    """Let nobody come with it any more, from the next request on."""
    async with _tokens(settings) as tokens:
        by = Said(by).checked().by
        if not (_ID.fullmatch(token_id) and await tokens.revoke(token_id, datetime.now(UTC), by)):
            raise BadConfiguration(f"there is no token {token_id[:40]!r}: `starter.py token list` shows them")
        guarded = await tokens.guards()
    last = "" if guarded else " It was the last: whoever sits at this machine may come without one again."
    output.show({"token_id": token_id, "revoked": True}, toned(f"  {token_id} is revoked.{last}", "good"))
    return 0


@asynccontextmanager
async def _tokens(settings: Settings) -> AsyncIterator[PostgresTokens]:
    engine = application_engine(reach(settings).database, pool_size=1)
    try:
        yield PostgresTokens(engine, settings.desk.id)
    finally:
        await engine.dispose()


def _line(token: Token) -> dict[str, object]:
    return token.model_dump(mode="json", exclude={"secret_hash", "desk_id"})
