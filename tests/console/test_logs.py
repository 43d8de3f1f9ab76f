"""`logs`: the lines of a cycle from every file that there is, and those to come; no secret and no trick of a text."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters import logs
from adapters.log_file import following, newest
from adapters.redaction import MASK, Redaction
from console.logs import LogWish, shown
from tests.console.terminal import Terminal

SECRET = "correct-horse-battery"  # noqa: S105  nobody's
CYCLE = "main-20261126T160000-1"


def line(event: str, **told: Any) -> str:
    said = {"event": event, "level": "info", "timestamp": "2026-11-26T16:00:00Z", "desk_id": "main", **told}
    return json.dumps(said) + "\n"


def every(_: Any) -> bool:
    return True


@pytest.fixture
def written() -> Iterator[Callable[[str], io.StringIO]]:
    """The log of this process, as it is written; put back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configured(form: str) -> io.StringIO:
        logs.configure(form=form, level="info", redact=Redaction([SECRET]))
        [handler] = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        text = io.StringIO()
        handler.setStream(text)
        return text

    yield configured
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("form", ["console", "json"])
def test_secrets_are_masked_by_type_by_value_and_by_shape(written: Callable[[str], io.StringIO], form: str) -> None:
    text = written(form)
    structlog.get_logger().warning(
        f"refused {SECRET}",
        typed=SecretStr("hidden-by-type"),
        header="Authorization: Bearer abcdefghijkl",
        address="postgresql://desk:pa55word@db/trading",
    )
    logging.getLogger("a library").error("api_key=%s", "sk-ant-0123456789abcdef")
    said = text.getvalue()
    assert MASK in said
    for secret in (SECRET, "hidden-by-type", "abcdefghijkl", "pa55word", "0123456789abcdef"):
        assert secret not in said
    assert said.count("\n") == 2


@pytest.mark.parametrize("form", ["console", "json"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "L"]), max_size=30))
def test_no_text_makes_a_second_line_or_moves_the_cursor(
    written: Callable[[str], io.StringIO], form: str, hostile: str
) -> None:
    text = written(form)
    structlog.get_logger().warning(f"said {hostile}", words=hostile)
    said = text.getvalue()
    assert len(said.splitlines()) == 1
    assert said.endswith("\n")
    assert [
        letter for letter in said[:-1] if letter < " " or "\x7f" <= letter <= "\x9f" or letter in "\u202e\u2028"
    ] == []


def test_a_traceback_keeps_its_lines(written: Callable[[str], io.StringIO]) -> None:
    text = written("json")
    try:
        int("\x1b[2J")
    except ValueError:
        structlog.get_logger().exception("broke")
    assert "\n" in json.loads(text.getvalue())["exception"]
    assert "\x1b" not in json.loads(text.getvalue())["exception"]


def test_a_cycle_is_its_own_lines_and_those_of_its_orders() -> None:
    wish = LogWish(cycle=CYCLE, level="info")
    assert wish.fits({"cycle_id": CYCLE, "level": "info"})
    assert wish.fits({"workflow_id": f"{CYCLE}-AAPL-buy-entry", "level": "error"})
    assert not wish.fits({"cycle_id": CYCLE, "level": "debug"})
    assert not wish.fits({"cycle_id": f"{CYCLE}0", "level": "info"})
    assert not LogWish(trace="t").fits({"trace_id": "u"})


def test_older_files_are_looked_through_and_the_newest_lines_kept(tmp_path: Path) -> None:
    file = tmp_path / "desk.jsonl"
    (tmp_path / "desk.jsonl.2").write_text(line("a", cycle_id=CYCLE))
    (tmp_path / "desk.jsonl.1").write_text("no json\n" + line("b", cycle_id=CYCLE) + "[1]\n")
    file.write_text(line("c") + line("d", cycle_id=CYCLE) + '{"half')
    assert [one["event"] for one in newest(file, every, 10)] == ["a", "b", "c", "d"]
    assert [one["event"] for one in newest(file, every, 10, CYCLE)] == ["a", "b", "d"]
    assert [one["event"] for one in newest(file, every, 2)] == ["c", "d"]


async def test_lines_to_come_are_each_seen_once_also_when_the_file_is_turned_over(tmp_path: Path) -> None:
    file = tmp_path / "desk.jsonl"
    file.write_text(line("a") + line("b")[:-9])
    seen = following(file, every, 10)

    async def next_one() -> Any:
        async with asyncio.timeout(20):
            return (await anext(seen))["event"]

    assert await next_one() == "a"
    waiting = asyncio.create_task(next_one())
    await asyncio.sleep(0)
    with file.open("a") as opened:
        opened.write(line("b")[-9:] + line("c"))
    assert [await waiting, await next_one()] == ["b", "c"]
    with file.open("a") as opened:
        opened.write(line("d"))
    file.rename(tmp_path / "desk.jsonl.1")
    file.write_text(line("e"))
    assert [await next_one(), await next_one()] == ["d", "e"]
    await seen.aclose()


def test_a_line_is_shown_with_all_that_it_says_and_nothing_that_a_terminal_obeys() -> None:
    said = shown(json.loads(line("sent\x1b[2J", symbol="AAPL", exception="Traceback\n  boom")))
    assert said.plain == "2026-11-26 16:00:00.000 info    sent [2J  desk_id=main  symbol=AAPL\nTraceback\n  boom"


def test_the_command_shows_the_lines_of_one_desk_and_says_what_is_missing(terminal: Terminal) -> None:
    assert "LOG_FILE names one" in terminal.type("logs").err
    file = terminal.folder / "workers.jsonl"
    file.write_text(line("ours", cycle_id=CYCLE) + line("theirs", desk_id="other", cycle_id=CYCLE) + line("late"))
    beside = terminal.but(LOG_FILE=str(file))
    assert [one["event"] for one in beside.type("logs", "--json").document] == ["ours", "late"]
    assert "ours" in beside.type("logs", "--cycle", CYCLE).out
    missing = beside.type("logs", "--cycle", "nope")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert "is of nope" in missing.err
    assert beside.type("logs", "--level", "loud").code == 2
