"""What the desk remembers of its decisions, found by meaning."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adapters.postgres.memory import PostgresMemory
from console.days import LATEST
from console.desk import has_books
from console.memory import found_like
from trading.instruments import Symbol
from trading.memory import Remembered
from trading.memory_ports import Found
from trading.money import MOST_TEXT
from web.access import Reads
from web.desk import AtDesk
from web.problems import documented
from web.told import Limit, Page, told

router = APIRouter(prefix="/api/memory", tags=["memory"], dependencies=[Reads], responses=documented(409))


@router.get("", response_model=Page[Remembered])
async def memories(
    request: Request,
    at: AtDesk,
    *,
    pending: Annotated[bool, Query(description="Those that have not resolved, the oldest first.")] = False,
    limit: Limit = 50,
) -> Response:
    """What was decided and what became of it, the newest fate first."""
    await has_books(at.books)
    memory = PostgresMemory(at.books.engine)
    if pending:
        return told(request, {"items": await memory.pending(at.desk_id, limit), "next": None})
    resolved = await memory.resolved(at.desk_id, LATEST, limit)
    return told(request, {"items": resolved[::-1], "next": None})


@router.get("/search", response_model=Page[Found])
async def search(
    request: Request,
    at: AtDesk,
    text: Annotated[str, Query(min_length=1, max_length=MOST_TEXT, pattern=r"\S", description="What to look for.")],
    symbol: Annotated[Symbol | None, Query(description="Only of this symbol.")] = None,
    limit: Annotated[int, Query(ge=1, le=50, description="Most memories.")] = 10,
) -> Response:
    """The memories whose reasoning is nearest in meaning, nearest first."""
    await has_books(at.books)
    return told(request, {"items": await found_like(at.books, at.embedder, (text, symbol), limit), "next": None})
