"""Log lines in a file, and what is looked up in its end: by cycle, trace, level, time and words, of one desk."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import JsonValue

from adapters import logs
from adapters.looking_up.log_lines import query_logs
from adapters.looking_up.reading import Whose
from adapters.looking_up.telling import Told, Untold
from adapters.redaction import MASK, Redaction
from trading.errors import BadConfiguration
from trading.inquiry import Lookup, Tool
from trading.inquiry_arguments import QueryLogs, arguments_of
from trading.inquiry_limits import MOST_LOG_BYTES

AT = datetime(2024, 3, 1, 17, tzinfo=UTC)


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The log as it was before, whatever a test makes of it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def line(minute: int, event: str, **more: object) -> str:
    at = (AT + timedelta(minutes=minute)).isoformat()
    return json.dumps({"timestamp": at, "level": "info", "event": event, **more})


def written(folder: Path, *lines: str) -> Path:
    file = folder / "desk.jsonl"
    file.write_text("\n".join(lines) + "\n")
    return file


async def ask(file: Path | None, as_of: datetime = AT + timedelta(days=1), **arguments: JsonValue) -> Told:
    asked = arguments_of(Lookup(tool=Tool.QUERY_LOGS, arguments=arguments))
    assert isinstance(asked, QueryLogs), asked
    return await query_logs(file, Whose("main", as_of), asked)


def test_lines_go_into_a_file_beside_the_console_without_secrets(root: logging.Logger, tmp_path: Path) -> None:
    logs.configure(form="console", level="error")
    logs.write_also(tmp_path / "logs" / "desk.jsonl", Redaction(["hunter2-hunter2"]))
    structlog.get_logger().info("done", cycle_id="main-20240301T170000-1", key="hunter2-hunter2")
    logging.getLogger("some.library").warning("failed with %s", "Bearer abcdef123456")
    logging.getLogger("some.library").debug("too little")
    ours, theirs = map(json.loads, (tmp_path / "logs" / "desk.jsonl").read_text().splitlines())
    assert (ours["event"], ours["cycle_id"], ours["level"], ours["key"]) == (
        "done",
        "main-20240301T170000-1",
        "info",
        MASK,
    )
    assert datetime.fromisoformat(ours["timestamp"]).tzinfo is not None
    assert theirs["event"] == f"failed with Bearer {MASK}"
    assert [handler.level for handler in root.handlers][:1] == [logging.ERROR]


def test_a_file_that_is_full_is_turned_over(root: logging.Logger, tmp_path: Path) -> None:
    logs.configure(form="json", level="error")
    file = tmp_path / "desk.jsonl"
    logs.write_also(file, Redaction())
    for number in range(6):
        structlog.get_logger().info("x" * (logs.MOST_FILE_BYTES // 4), number=number)
    sizes = sorted(each.stat().st_size for each in tmp_path.iterdir())
    assert len(sizes) == 2
    assert sizes[-1] <= logs.MOST_FILE_BYTES


def test_a_file_that_cannot_be_written_is_named(root: logging.Logger, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadConfiguration, match=r"LOG_FILE: .*taken"):
        logs.write_also(tmp_path / "taken" / "desk.jsonl", Redaction())


async def test_lines_are_found_by_cycle_trace_level_time_and_words(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "half a line",
        line(0, "began", cycle_id="main-20240301T170000-1", trace_id="t-1", desk_id="main"),
        line(1, "an order", workflow_id="main-20240301T170000-1-AAPL-buy-entry", level="warning"),
        line(2, "of the cycle's workflow", workflow_id="cycle/main-20240301T170000-1"),
        line(3, "another cycle", cycle_id="main-20240301T170000-11", desk_id="main"),
        line(4, "Failed Again", level="error"),
        "[1, 2]",
        '{"timestamp": "no time", "event": "x"}',
    )
    assert len((await ask(file)).lines) == 5
    of_cycle = await ask(file, cycle_id="main-20240301T170000-1")
    assert [part.split(" | ")[2] for part in of_cycle.lines] == ["of the cycle's workflow", "an order", "began"]
    assert "main-20240301T170000-1" in of_cycle.ids
    assert len((await ask(file, trace_id="t-1")).lines) == 1
    assert len((await ask(file, level="warning")).lines) == 2
    assert len((await ask(file, contains="failed AGAIN")).lines) == 1
    assert len((await ask(file, since="2024-03-01T17:02:30Z", until="2024-03-01T17:03:30Z")).lines) == 1
    assert len((await ask(file, as_of=AT + timedelta(minutes=1))).lines) == 2
    few = await ask(file, most=2)
    assert (few.rows, bool(few.more)) == (2, True)


async def test_no_line_of_another_desk_is_told(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        line(0, "theirs", desk_id="main-2", cycle_id="main-2-20240301T170000-1"),
        line(1, "theirs", workflow_id="cycle/main-2-20240301T170000-1"),
        line(2, "theirs", workflow_id="main-2-20240301T170000-1-AAPL-buy-entry"),
        line(3, "theirs", workflow_id="desk/main-2"),
        line(4, "ours", workflow_id="desk/main"),
        line(5, "ours, too", workflow_id="main-20240301T170000-1-AAPL-buy-entry"),
        line(6, "ours as well", workflow_id="reconciliation/main-start-20240301T170000"),
        line(6, "theirs", workflow_id="reconciliation/main-2-start-20240301T170000"),
        line(6, "theirs", desk="main-2"),
        line(7, "everybody's"),
    )
    assert [part.split(" | ")[2] for part in (await ask(file)).lines] == [
        "everybody's",
        "ours as well",
        "ours, too",
        "ours",
    ]


async def test_only_the_end_of_a_long_log_is_read_with_the_file_before_it(tmp_path: Path) -> None:
    padding = "x" * 1000
    old = [line(0, "oldest")] + [line(1, "old", padding=padding)] * (MOST_LOG_BYTES // 1000)
    (tmp_path / "desk.jsonl.1").write_text("\n".join(old) + "\n")
    file = written(tmp_path, line(2, "new"))
    assert (await ask(file, contains="new")).rows == 1
    assert (await ask(file, contains='"old"', most=1)).more
    with pytest.raises(Untold, match="at its end"):
        await ask(file, contains="oldest")


async def test_control_characters_of_a_line_are_cleaned(tmp_path: Path) -> None:
    file = written(tmp_path, line(0, "red\x1b[31m\nalert", said="a\u202eb"))
    (told,) = (await ask(file)).lines
    assert not {"\x1b", "\n", "\u202e"} & set(told)
