"""The API as an operator has it: beside a desk that is up, and in a process of its own; tokens made and revoked."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx2

from tests.console.terminal import Terminal

OWN = {"X-Trading-Desk": "1"}


def address(said: Path) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+(?=\n|$)", said.read_text().split("HTTP API", 1)[1])
    assert found is not None
    return found[0]


def asked(url: str, token: str | None = None) -> int:
    headers = OWN if token is None else {"Authorization": f"Bearer {token}"}
    return httpx2.get(f"{url}/api/portfolio", headers=headers, timeout=20, trust_env=False).status_code


def test_a_token_is_shown_once_counts_until_it_is_revoked_and_leaves_no_trace_of_what_it_says(desk: Terminal) -> None:
    url = address(desk.folder / "said.txt")
    assert asked(url) == 200
    made = desk.type("token", "create", "ann", "--scope", "operate", "--days", "30", "--json").document
    try:
        assert (asked(url), asked(url, made["token"])) == (401, 200)
        (line,) = desk.type("token", "list", "--json").document
        assert (line["name"], line["scopes"], line["token_id"]) == ("ann", ["operate"], made["token_id"])
        secret = made["token"].rpartition(made["token_id"])[2].lstrip("_")
        for shown in (desk.type("token", "list").out, (desk.folder / "said.txt").read_text()):
            assert secret not in shown
    finally:
        said = desk.type("token", "revoke", made["token_id"], "--by", "bob")
    assert "whoever sits at this machine may come without one again" in said.out
    assert (asked(url), asked(url, made["token"])) == (200, 401)
    log = [line for line in desk.type("events", "--json").document if line["type"].startswith("Token")]
    assert [(line["type"], line["data"]["name"], line["data"]["by"]) for line in log] == [
        ("TokenCreated", "ann", "operator"),
        ("TokenRevoked", "ann", "bob"),
    ]
    assert secret not in str(log)


def test_what_is_no_token_is_refused_in_one_line(desk: Terminal) -> None:
    for words in (("revoke", "000000000000"), ("revoke", "x"), ("create", "<b>")):
        said = desk.type("token", *words)
        assert (said.code, said.err.count("\n"), said.out) == (1, 1, "")


def test_it_serves_in_a_process_of_its_own_and_ends_well(desk: Terminal) -> None:
    beside = Terminal(desk.folder, {**desk.variables})
    said = desk.folder / "said.txt"
    before = said.read_text()
    running = beside.start("web", "--port", "0")
    try:
        running.wait_for("Serving until Ctrl-C.")
        url = address(said)
        health = httpx2.get(f"{url}/health", timeout=20, trust_env=False)
        assert (health.status_code, asked(url)) == (200, 200)
        with httpx2.stream("GET", f"{url}/api/live?after=0", headers=OWN, timeout=20, trust_env=False) as live:
            assert live.status_code == 200
            assert running.end(signal.SIGTERM) == 0
    finally:
        said.write_text(before)


def test_a_port_that_is_taken_and_a_door_without_a_token_are_one_line(desk: Terminal) -> None:
    port = address(desk.folder / "said.txt").rpartition(":")[2]
    taken = desk.type("web", "--port", port)
    assert (taken.code, taken.err.count("\n")) == (1, 1)
    assert taken.err.startswith(f"starter: cannot listen at 127.0.0.1:{port}: ")
    opened = desk.type("web", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  what is refused
    assert (opened.code, opened.err.count("\n")) == (1, 1)
    assert "make a token first" in opened.err
