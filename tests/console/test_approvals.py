"""`pending`, `approve` and `reject` beside a desk whose first cycle waits for a person."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from console.approvals import Wish, answer
from console.output import Output
from settings import Settings
from tests.console.conftest import homes_folder
from tests.console.terminal import Running, Terminal
from trading.errors import BadConfiguration

pytestmark = pytest.mark.faults  # each types commands beside a desk that serves


@pytest.fixture(scope="module")
def waiting() -> Iterator[tuple[Terminal, Running]]:
    """A desk whose first cycle wants to buy, and may not before a person has said so."""
    with homes_folder() as found:
        terminal = Terminal(found, {"TRADING_APPROVAL": "always"})
        running = terminal.start("up")
        try:
            running.wait_for("to execute")
            running.wait_until(lambda: bool(_pending(terminal)))
            yield terminal, running
        finally:
            running.end(signal.SIGTERM)


def _pending(terminal: Terminal) -> list[Any]:
    said = terminal.type("pending", "--json")
    return list(said.document) if said.code == 0 else []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cycle": "a b"}, "not the name of a cycle: 'a b'"),
        ({"hash": "0123456"}, "--hash: the hash needs at least 8 digits"),
        ({"hash": "yes please"}, "--hash: no hash: 'yes please'"),
        ({"only": " , "}, "--only names the symbols that may go"),
        ({"again": "a b"}, "--id: not an id of an earlier try: 'a b'"),
    ],
)
async def test_what_was_mistyped_is_refused_in_a_line_before_anybody_is_asked(
    changes: dict[str, Any], words: str
) -> None:
    wish = replace(Wish(cycle="main-1", hash="0" * 8, by="ann"), **changes)
    with pytest.raises(BadConfiguration, match=re.escape(words)) as refused:
        await answer(Settings(), Output(as_json=True), wish)
    assert "\n" not in str(refused.value)


def test_a_person_sees_what_waits_and_lets_a_part_of_it_go(waiting: tuple[Terminal, Running]) -> None:
    desk, running = waiting
    (one,) = _pending(desk)
    asked, cycle, seal = one["asked"], one["asked"]["cycle_id"], one["asked"]["hash"]
    symbols = [order["request"]["symbol"] for order in asked["orders"]]
    assert (one["live"], 0 < one["seconds_left"] <= 900, len(symbols) > 1) == (True, True, True)
    shown = desk.type("pending").out
    assert f"hash {seal[:8]}" in shown
    assert f"starter.py approve {cycle} --hash {seal[:8]}" in shown
    assert all(symbol in shown for symbol in symbols)
    assert "Silence is no. (starter.py alerts list, ack)" in desk.type("status").out
    wrong = {
        "there is no cycle main-nothing": ("approve", "main-nothing", "--hash", seal),
        "is not that of the orders that wait": ("approve", cycle, "--hash", "0" * 8),
        "IBM does not wait": ("approve", cycle, "--hash", seal, "--only", "IBM"),
        "--hash": ("approve", cycle),
    }
    for words, typed in wrong.items():
        said = desk.type(*typed)
        assert (said.code > 0, said.out, said.err.count("\n"), words in said.err) == (True, "", 1, True), said
    done = desk.type("approve", cycle, "--hash", seal[:8], "--only", symbols[0].lower(), "--by", "ann", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.document["approval"]["end"], done.document["approval"]["approved"]) == ("partly", symbols[:1])
    running.wait_for("Serving until Ctrl-C")
    replayed = desk.type("approve", f"cycle/{cycle}", "--hash", seal[:8])
    assert (replayed.code, f"cycle {cycle} has ended" in replayed.err) == (1, True)
    assert "nothing waits for a person" in desk.type("pending").out
    orders = desk.type("orders", "--json").document
    states = {order["symbol"]: order["state"] for order in orders if order["leg"] == "entry"}
    assert states == dict.fromkeys(symbols, "denied") | {symbols[0]: "filled"}
    (alert,) = [one for one in desk.type("alerts", "list", "--json").document if one["alert"]["topic"] == "approval"]
    assert f"Approve: starter.py approve {cycle} --hash {seal[:8]}" in alert["alert"]["reason"]
