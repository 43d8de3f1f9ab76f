"""Who may do what over HTTP: tokens, what each may, and until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from trading.money import DeskId, Record

PREFIX = "tdk"
"""How every token begins, so that whoever finds one in a file knows what it is."""

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


def allows(scopes: tuple[Scope, ...], scope: Scope) -> bool:
    """Whether these include this: every scope includes reading."""
    return scope is Scope.READ or scope in scopes
