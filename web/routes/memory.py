"""What the desk remembers of its decisions, found by meaning."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from console.desk import has_books
from console.memory import found_like
from trading.instruments import Symbol
from trading.memory_ports import Found
from trading.money import MOST_TEXT
from web.access import Reads
from web.desk import AtDesk
from web.problems import documented
from web.told import Page, told

router = APIRouter(prefix="/api/memory", tags=["memory"], dependencies=[Reads], responses=documented(409))


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
