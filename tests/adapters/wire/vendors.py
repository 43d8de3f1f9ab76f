"""Two vendors on loopback whose models answer by our rules: what a desk is shown on that has no real key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from adapters.rules_model import RulesModel
from tests.adapters.wire.dialects import Body, message, put_out, response, written
from trading.agents.questions import Agent, Question

CHARACTERS = 3
"""Of a prompt or an answer in one token: fewer than vendors say of plain English, for ours hold many numbers."""


class Vendors(ThreadingHTTPServer):
    """Both vendors at one address. `asked` keeps every question's bytes; `ill` is how many are answered with a 500."""

    daemon_threads = True

    def __init__(self, *, ill: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Vendor)
        self.asked: list[bytes] = []
        self.ill = ill

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Vendor(BaseHTTPRequestHandler):
    server: Vendors

    def do_GET(self) -> None:
        self._say(200, {"id": self.path.rpartition("/")[2]})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append(raw)
        if self.server.ill >= len(self.server.asked):
            # As bad as it can be: an error that repeats the key.
            said = {"type": "api_error", "message": f"broken for {self.headers['authorization']}"}
            self._say(500, {"type": "error", "error": said})
            return
        self._say(200, (_anthropic if self.path == "/v1/messages" else _openai)(json.loads(raw)))

    def _say(self, status: int, body: Body) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def vendors(*, ill: int = 0) -> Iterator[Vendors]:
    """They answer as long as the block."""
    there = Vendors(ill=ill)
    Thread(target=there.serve_forever, daemon=True).start()
    try:
        yield there
    finally:
        there.shutdown()
        there.server_close()


def _anthropic(asked: Body) -> Body:
    system, user = asked["system"][0]["text"], asked["messages"][0]["content"]
    answer = _answer(system, user)
    usage = {"input_tokens": _tokens(user), "cache_read_input_tokens": _tokens(system)}
    told = {**usage, "cache_creation_input_tokens": 0, "output_tokens": _tokens(answer)}
    return message([written(answer)], "end_turn", model=asked["model"], usage=told)


def _openai(asked: Body) -> Body:
    system, user = asked["instructions"], asked["input"][0]["content"]
    answer = _answer(system, user)
    cached = {"cached_tokens": _tokens(system), "cache_write_tokens": 0}
    told = {"input_tokens": _tokens(system + user), "input_tokens_details": cached, "output_tokens": _tokens(answer)}
    return response([put_out(answer)], model=asked["model"], usage=told)


def _answer(system: str, user: str) -> str:
    facts: Any = json.loads(user.partition("<facts>\n")[2].rpartition("\n</facts>")[0])
    agent = next(each for each in Agent if f"You are the {each.value} " in system)
    question = Question(
        agent=agent, model="rules", system=system, user=user, answer_schema={}, facts=facts, prompt_version="told"
    )
    return asyncio.run(RulesModel().answer(question)).text


def _tokens(text: str) -> int:
    return len(text) // CHARACTERS
