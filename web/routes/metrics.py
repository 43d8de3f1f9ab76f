"""What this process counts, for Prometheus. Each worker tells its own at METRICS_PORT."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, generate_latest
from starlette.concurrency import run_in_threadpool

from web.access import Reads
from web.problems import documented

router = APIRouter(tags=["health"], dependencies=[Reads], responses=documented())
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Requests of this API, and what else this process was given to tell."""
    registries: tuple[CollectorRegistry, ...] = request.app.state.registries
    # A collector may read the books, and waits for them as a thread does.
    parts = [await run_in_threadpool(generate_latest, one) for one in registries]
    return Response(b"".join(parts), media_type=TEXT)
