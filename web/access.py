"""Who asks, and whether they may.

| who comes | may |
|---|---|
| with a token that counts | what it is for, from anywhere |
| with a ticket that somebody with leave to read has asked for | the files of one run, for ten minutes |
| without one, to a desk that has a token | nothing |
| without one, to a desk that listens elsewhere than on this machine | nothing |
| without one, through a proxy | nothing: it would make everybody a neighbour |
| without one, from this machine: a command, or the desk's own page | everything, as the command line may |
| from a page of another site, or under a name that is not the desk's | nothing |

A page of another site can send requests from the browser of somebody who sits here, but it cannot read the answers,
set a header of ours, or hide where it is from (`Origin`, `Sec-Fetch-Site`). One that has its name point to this machine
after it was loaded comes under that name (`Host`). What changes something therefore says `X-Trading-Desk: 1` as well.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from fastapi import Depends, Request
from starlette.datastructures import Headers

from adapters.postgres.tokens import PostgresTokens
from trading.access import OPERATOR, PREFIX, Scope, Token, allows
from web.problems import Refusal
from web.tickets import PARAMETER, Tickets

OWN_HEADER = "X-Trading-Desk"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
TICKET_HOLDER = "ticket"
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_NOBODY = hashlib.sha256(b"").hexdigest()
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="trading-desk"'}


@dataclass(frozen=True)
class Caller:
    """Who asks: the name that the log will know, and what for they came."""

    name: str
    scopes: tuple[Scope, ...]
    has_token: bool = False


@dataclass(frozen=True)
class Door:
    """Where the desk listens, and by which names it is known there."""

    host: str
    names: frozenset[str] = frozenset()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can come."""
        return is_loopback(self.host)

    def knows(self, host: str) -> bool:
        """Whether the desk is called so; where only tokens open it, by whatever name."""
        return _bare(host) in LOCAL_NAMES | self.names or not (self.is_local or self.names)


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether this address is the machine's own."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def may(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A route's condition: who asks may do this. Raises Refusal."""

    async def asked(request: Request) -> Caller:
        caller = await who(request)
        if not allows(caller.scopes, scope):
            raise Refusal(403, f"this token is not for `{scope}`")
        return caller

    return asked


Reads = Depends(may(Scope.READ))


async def who(request: Request) -> Caller:
    """Who asks. Raises Refusal when nobody that we know."""
    door: Door = request.app.state.door
    tokens: PostgresTokens = request.app.state.desk.tokens
    if not door.knows(request.headers.get("host", "")):
        raise Refusal(421, "the desk is not called so: WEB_NAMES names it")
    if _has_ticket(request):
        return Caller(TICKET_HOLDER, (Scope.READ,))
    said = request.headers.get("authorization")
    if said is not None:
        token = await _token(tokens, said)
        return Caller(token.name, token.scopes, has_token=True)
    _see_neighbour(door, request)
    if await tokens.guards():
        raise Refusal(401, "a token is needed: starter.py token create", _CHALLENGE)
    return Caller(OPERATOR, tuple(Scope))


def _has_ticket(request: Request) -> bool:
    """Whether a ticket for this very address came with it; one that is none leaves it to the rest who may."""
    tickets: Tickets = request.app.state.tickets
    said = request.query_params.get(PARAMETER)
    return said is not None and request.method in SAFE and tickets.opens(request.scope["path"], said)


async def _token(tokens: PostgresTokens, said: str) -> Token:
    """The token that somebody came with. Raises Refusal, which does not tell a wrong one from none."""
    kind, _, value = said.partition(" ")
    match = _TOKEN.fullmatch(value.strip()) if kind.lower() == "bearer" else None
    token = None if match is None else await tokens.find(match[1])
    secret = "" if match is None else match[2]
    known = hmac.compare_digest(hashed(secret), _NOBODY if token is None else token.secret_hash)
    if token is None or not known:
        raise Refusal(401, "there is no such token", _CHALLENGE)
    refusal = token.refusal(datetime.now(UTC))
    if refusal is not None:
        raise Refusal(401, refusal, _CHALLENGE)
    return token


def _see_neighbour(door: Door, request: Request) -> None:
    """See that a request without a token is of this machine and of the desk's own page, if of any. Raises Refusal."""
    headers = request.headers
    near = request.client is None or is_loopback(request.client.host)
    if not door.is_local or not near or any(name in headers for name in _PROXIED):
        raise Refusal(401, "a token is needed: starter.py token create", _CHALLENGE)
    if not _is_own(headers):
        raise Refusal(403, "pages of other sites may not ask")
    if request.method not in SAFE and headers.get(OWN_HEADER) != "1":
        raise Refusal(403, f"what changes something says `{OWN_HEADER}: 1`, which no other site can")


def _is_own(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
    if site not in {"none", "same-origin"}:
        return False
    return origin is None or origin == f"http://{headers.get('host', '')}"


def _bare(host: str) -> str:
    """A name without its port, as names are written."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower().rstrip(".")
