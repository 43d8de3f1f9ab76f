"""The audit log's chain: how far it is sealed, and a look at all of it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from console.chain import ChainStatus, Verified, chain_status
from console.desk import has_books
from trading.access import Scope
from web.access import Reads, may
from web.desk import AtDesk
from web.problems import documented
from web.told import told

router = APIRouter(prefix="/api/chain", tags=["log"], responses=documented(409))


@router.get("", response_model=ChainStatus, dependencies=[Reads])
async def chain(request: Request, at: AtDesk) -> Response:
    """The newest seal, since when nothing came after it, and what looks at the chain have found."""
    await has_books(at.books)
    return told(request, await chain_status(at.books, at.chain.last))


@router.post("/verify", response_model=Verified, dependencies=[Depends(may(Scope.OPERATE))])
async def verify(request: Request, at: AtDesk) -> Response:
    """Look at every line from the first on, for 20 seconds at most; asked again, it goes on where it stopped."""
    await has_books(at.books)
    return told(request, await at.chain.look())
