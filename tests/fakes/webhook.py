"""A webhook on loopback with a thread of its own, for programs that run while the test only waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What was posted, oldest first; each path may have a status of its own."""

    port: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    posts: list[tuple[str, Any]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def titles(self) -> list[str]:
        """What Discord would show, without its escapes."""
        return [said["embeds"][0]["title"].replace("\\", "") for _, said in self.posts]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook that listens as long as the block."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path = self.path.partition("?")[0]
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = hook.statuses.get(path, 204)
            if status < 300:
                hook.posts.append((path, said))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
