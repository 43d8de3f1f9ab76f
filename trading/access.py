"""Who may do what over HTTP: tokens, what each may, and until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints

from trading.events import Event, EventType, Occasion, desk_event
from trading.money import DeskId, Record

PREFIX = "tdk"
"""How every token begins, so that whoever finds one in a file knows what it is."""
OPERATOR = "operator"
"""Who asks where nobody is named: somebody at the desk's own machine."""

TokenId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}$")]
"""Whose token it is: a word of a person's, which the log repeats."""
SecretHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Scope(StrEnum):
    """What a token is for. Whoever may operate or approve may read as well; neither of the two is the other."""

    READ = "read"
    OPERATE = "operate"
    APPROVE = "approve"


class Token(Record):
    """A token as the books keep it: of what it says only the SHA-256."""

    token_id: TokenId
    desk_id: DeskId
    name: TokenName
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    secret_hash: SecretHash
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    def refusal(self, at: datetime) -> str | None:
        """Why nobody may come with it any more; None while one may."""
        if self.revoked_at is not None:
            return "this token was revoked"
        if self.expires_at is not None and self.expires_at <= at:
            return "this token has expired"
        return None

    def allows(self, scope: Scope) -> bool:
        """Whether it is for this."""
        return allows(self.scopes, scope)


def token_created(token: Token, by: str) -> Event:
    """Somebody may come from now on: whose token it is, what for and until when, never what it says or its hash."""
    data = _told(token) | {"expires_at": None if token.expires_at is None else token.expires_at.isoformat()}
    return desk_event(EventType.TOKEN_CREATED, _occasion(token, token.created_at), {**data, "by": by})


def token_revoked(token: Token, by: str, at: datetime) -> Event:
    """Nobody may come with it any more."""
    return desk_event(EventType.TOKEN_REVOKED, _occasion(token, at), {**_told(token), "by": by})


def _told(token: Token) -> dict[str, Any]:
    return {"token_id": token.token_id, "name": token.name, "scopes": [str(scope) for scope in token.scopes]}


def _occasion(token: Token, at: datetime) -> Occasion:
    return Occasion(token.desk_id, token.token_id, at)


def allows(scopes: tuple[Scope, ...], scope: Scope) -> bool:
    """Whether these include this: every scope includes reading."""
    return scope is Scope.READ or scope in scopes
