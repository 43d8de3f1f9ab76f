"""What a browser shows: one page without data, which asks the API for it as anybody else does.

The page's own addresses are read by its scripts (`page/main.js`); all of them are answered by the same file.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

import web
from web.problems import NOTHING_HERE, Refusal, missing, rendered, request_id

PAGE = Path(web.__path__[0]) / "page"
FILES = {path.relative_to(PAGE).as_posix(): path for path in PAGE.rglob("*") if path.is_file()}
"""All that there is to ask for: an address is looked up here and never becomes a path."""
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
ADDRESSES = (
    "/",
    "/cycles",
    "/cycles/{cycle_id:path}",
    "/decisions",
    "/approvals",
    "/orders",
    "/strategies",
    "/strategies/{name}",
    "/backtests",
    "/backtests/{run_id}",
    "/agents",
    "/memory",
    "/ask",
    "/log",
    "/alerts",
    "/settings",
)
_IMPORTS = FILES["index.html"].read_bytes().partition(b'<script type="importmap">')[2].partition(b"</script>")[0]
_SEAL = base64.b64encode(hashlib.sha256(_IMPORTS).digest()).decode()
# Its own scripts and styles, the one line in the page that says where a script finds another, its own API, a tear sheet
# in a frame of its own, and nothing from anywhere else.
POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{_SEAL}'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


async def shell(request: Request) -> Response:
    """The one page."""
    return _file(request, "index.html")


for address in ADDRESSES:
    router.add_api_route(address, shell)


@router.get("/page/{name:path}")
async def part(request: Request, name: str) -> Response:
    """One of the page's scripts, styles and licences."""
    return _file(request, name)


async def lost(request: Request, _: Exception) -> Response:
    """Where there is nothing: to a browser the page, which says so and leads on, else a problem."""
    if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/api/"):
        return rendered(Refusal(404, NOTHING_HERE), request_id(request))
    return Response(FILES["index.html"].read_bytes(), 404, {"Content-Security-Policy": POLICY}, "text/html")


def _file(request: Request, name: str) -> Response:
    """A file, asked for again each time and sent again only when it is another."""
    path = FILES.get(name)
    if path is None:
        raise missing("file")
    body = path.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=KINDS.get(path.suffix, "text/plain"), headers=headers)
