"""What the clock does for a desk, as an operator sees and steers it, and what it cannot be set to."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import ScheduleActionStartWorkflow

from commands.running import typed_over
from console.output import Output
from console.schedules import backfill, pause, trigger
from console.timetable import ROLL_CALL_CATCH_UP, timetable_of
from console.watchlist import Prices
from settings import DeskSettings, MarketSettings, ScheduleSettings, Settings
from tests.clocks import ALWAYS, entry
from tests.console.terminal import Terminal
from trading.errors import BadConfiguration

pytestmark = pytest.mark.faults  # each types commands beside a desk that serves

NAMES = ["scan", "roll-call", "reconciliation", "daily-close", "weekly-report"]


def listed(desk: Terminal) -> dict[str, Any]:
    return {one["name"]: one for one in desk.type("schedules", "list", "--json").document}


def test_a_running_desk_has_its_schedules_with_their_next_times(desk: Terminal) -> None:
    found = listed(desk)
    assert list(found) == NAMES
    assert all(one["is_made"] and not one["is_paused"] for one in found.values())
    now = datetime.now(UTC)
    assert all(datetime.fromisoformat(at) > now for one in found.values() for at in one["next_at"])
    said = desk.type("schedules", "list")
    assert (said.code, said.err) == (0, "")
    assert "Schedules of main, by the clock of America/New_York" in said.out


def test_what_a_person_paused_stays_paused_whatever_is_applied(desk: Terminal) -> None:
    paused = desk.type("schedules", "pause", "scan", "--reason", "a holiday of ours", "--json").document
    assert [(one["name"], one["is_paused"], one["note"]) for one in paused] == [("scan", True, "a holiday of ours")]
    applied = desk.type("schedules", "apply")
    assert (applied.code, applied.err) == (0, "")
    assert "paused: a holiday of ours" in applied.out
    assert listed(desk)["scan"]["next_at"] == []
    (back,) = desk.type("schedules", "unpause", "scan", "--reason", "back", "--json").document
    assert (back["is_paused"], bool(back["next_at"])) == (False, True)


def test_a_triggered_scan_is_followed_to_its_end_and_listed_with_it(desk: Terminal) -> None:
    said = desk.type("schedules", "trigger", "scan", "--json")
    # Closed, or open with prices of the past that the first cycle has looked at: in both cases it trades nothing.
    assert (said.code, said.document["outcome"]) == (0, "skipped")
    assert said.document["reason"]
    assert said.document in listed(desk)["scan"]["last"]
    skipped = [e for e in desk.type("events", "--json").document if e["type"] == "CycleSkipped"]
    assert [event["aggregate_id"] for event in skipped] == [said.document["workflow_id"]]
    assert desk.type("audit").code == 0


def test_a_backfilled_scan_is_missed_and_never_late(desk: Terminal) -> None:
    said = desk.type("schedules", "backfill", "scan", "--since", "2026-11-23T11:00", "--until", "2026-11-23T14:30")
    assert (said.code, said.err) == (0, "")
    assert "ends as missed and trades nothing" in said.out
    due = ["2026-11-23T16:00:00Z", "2026-11-23T19:30:00Z"]
    for _ in range(20):
        ran = {one["due_at"]: one for one in listed(desk)["scan"]["last"]}
        if {*due} <= {*ran} and all(ran[at]["outcome"] == "skipped" for at in due):
            break
    assert all("not made up for" in ran[at]["reason"] for at in due)


def test_a_schedule_is_taken_away_and_made_again(desk: Terminal) -> None:
    gone = desk.type("schedules", "delete", "roll-call")
    assert "not there: starter.py schedules apply" in gone.out
    said = desk.type("schedules", "trigger", "roll-call")
    assert (said.code, said.out) == (1, "")
    assert said.err == "starter: the schedule roll-call is not there: make it with starter.py schedules apply\n"
    assert "new: roll-call" in desk.type("schedules", "apply").out
    assert listed(desk)["roll-call"]["is_made"]


async def test_what_is_no_schedule_no_reason_and_no_moment_is_refused_before_anyone_is_asked() -> None:
    settings, output = Settings(), Output(as_json=False)
    with pytest.raises(BadConfiguration, match=r"^no such schedule: 'scna' \(there are scan, roll-call, "):
        await trigger(settings, output, "scna", wait=True)
    with pytest.raises(BadConfiguration, match=r"^a reason has 1 to 400 characters"):
        await pause(settings, output, "scan", "  ")
    for since, until in (("yesterday", "2026-11-23"), ("2026-11-23", "2026-11-22"), ("2026-01-01", "2026-11-01")):
        with pytest.raises(BadConfiguration, match=r"^not a moment: 'yesterday'|^from .*: a backfill begins before"):
            await backfill(settings, output, "scan", since, until)
    for edge in ("0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"):
        with pytest.raises(BadConfiguration, match=r"^not a moment: "):
            await backfill(settings, output, "scan", edge, "2026-11-23")
    with pytest.raises(BadConfiguration, match="ends in the past"):
        await backfill(settings, output, "scan", "2026-11-23", "2126-11-23")


def test_a_scan_and_its_roll_call_wait_for_a_worker_as_long_as_a_missed_one_is_told() -> None:
    for name in ("scan", "roll-call"):
        action = entry(name).schedule(ALWAYS).action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.execution_timeout is not None
        assert action.execution_timeout >= ROLL_CALL_CATCH_UP


@pytest.mark.parametrize(
    ("command", "told", "words"),
    [
        ("up --once", {"SCHEDULE_SCAN_TIMES": "11:00,02:30"}, "SCHEDULE_SCAN_TIMES: 02:30 does not exist on "),
        ("schedules apply", {"SCHEDULE_CALENDAR": "NOWHERE"}, "no calendar for exchange 'NOWHERE'"),
        (
            "schedules apply",
            {"SCHEDULE_SCAN_TIMES": "25:00", "SCHEDULE_TIMEZONE": "America/Gotham"},
            "not a time of the day: '25:00' (one looks like 09:30); SCHEDULE_TIMEZONE: no time zone",
        ),
    ],
)
def test_a_clock_that_cannot_be_kept_is_one_line_and_starts_nothing(
    terminal: Terminal, command: str, told: dict[str, str], words: str
) -> None:
    said = terminal.but(**told).type(*command.split())
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert said.err.startswith("starter: ")
    assert words in said.err
    assert terminal.processes() == []


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (ScheduleSettings(close_time=time(1, 30)), "^SCHEDULE_CLOSE_TIME: 01:30 comes twice on "),
        (ScheduleSettings(report_time=time(2)), "^SCHEDULE_REPORT_TIME: 02:00 does not exist on "),
    ],
)
async def test_the_close_and_the_report_have_their_time_once_a_day_too(clock: ScheduleSettings, words: str) -> None:
    settings = Settings(schedule=clock)
    with pytest.raises(BadConfiguration, match=words):
        await timetable_of(settings, Prices.of(settings))


async def test_a_live_market_is_scanned_by_a_list_and_a_folder_as_a_whole(sample_data: Path) -> None:
    live = Settings(market=MarketSettings(providers=("yfinance",)))
    with pytest.raises(BadConfiguration, match="DESK_SYMBOLS"):
        await timetable_of(live, Prices.of(live))
    named = typed_over(live, None, ["aapl", "msft"])
    assert (await timetable_of(named, Prices.of(named))).scan.symbols == ("AAPL", "MSFT")
    files = Settings(market=MarketSettings(data_dir=sample_data))
    assert len((await timetable_of(files, Prices.of(files))).scan.symbols) == 20
    many = files.model_copy(update={"desk": DeskSettings(symbols=",".join(f"A{n}" for n in range(101)))})
    with pytest.raises(BadConfiguration, match=r"^the clock cannot scan 101 symbols: .*; set DESK_SYMBOLS"):
        await timetable_of(many, Prices.of(many))
