"""What a browser shows: pages without data, which ask the API for it as anybody else does."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

import web

PAGE = Path(web.__path__[0]) / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# Its own scripts and styles, its own API, and nothing from anywhere else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
async def first() -> Response:
    """The page that a browser begins with."""
    return RedirectResponse("/ask", 307)


@router.get("/ask")
async def ask() -> Response:
    """The box for questions, and what was asked before."""
    return _file("ask.html")


@router.get("/page/desk.css")
async def style() -> Response:
    """How pages look."""
    return _file("desk.css")


@router.get("/page/ask.js")
async def asking() -> Response:
    """What the box for questions does."""
    return _file("ask.js")


def _file(name: str) -> Response:
    path = PAGE / name
    return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers={"Content-Security-Policy": POLICY})
