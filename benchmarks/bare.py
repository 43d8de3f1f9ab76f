"""The least that the same server and framework can do: an application of one route, and nothing before or behind."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

ANSWER = {"status": "ok", "checks": [{"name": "database", "health": "ok", "found": "schema 0026"}]}


def main() -> None:
    """Serve at this machine's port that is named, until told to end."""
    app = FastAPI(openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, object]:
        return dict(ANSWER)

    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="asyncio",
        http="h11",
        log_level="error",
        access_log=False,
        ws="none",
    )


if __name__ == "__main__":
    main()
