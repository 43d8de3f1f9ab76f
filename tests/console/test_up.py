"""Bringing a desk up and down: what it prints, what it leaves behind, and what it refuses to start on."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from console.up import at_any_time
from console.watchlist import Prices
from settings import MarketSettings, OrderSettings, Settings
from tests.console.terminal import Said, Terminal
from trading.steps import CycleRequest

SECRET = "correct-horse"  # noqa: S105  nobody's


def assert_one_line(said: Said, *words: str) -> None:
    assert said.code == 1
    assert said.err.startswith("starter: ")
    assert said.err.count("\n") == 1
    for each in words:
        assert each in said.err


def assert_nothing_left(terminal: Terminal) -> None:
    assert terminal.processes() == []
    assert not (terminal.home / "lock").exists()
    assert not (terminal.home / "endpoints.json").exists()


@pytest.mark.faults
def test_one_cycle_is_run_shown_and_everything_ended(terminal: Terminal) -> None:
    said = terminal.type("up", "--once")
    assert (said.code, said.err) == (0, "")
    for words in (
        "rules, not a language model",
        "as of 2017-11-10, not today's prices",
        "no order leaves this machine",
    ):
        assert words in said.out
    for words in (
        "MetaAgent   5 of 5 to execute",
        "0 findings",
        "Decisions",
        "Orders",
        "Portfolio",
        "/workflows/cycle%2F",
    ):
        assert words in said.out
    assert " AAPL " in said.out, "a long reason leaves room for the symbol"
    assert_nothing_left(terminal)

    again = terminal.type("up", "KO", "--once", "--json")
    assert again.code == 0
    assert again.document["report"]["cycle_id"].endswith("-2"), "the desk went on where it stopped"


@pytest.mark.faults
@pytest.mark.parametrize("how", [pytest.param(signal.SIGINT, marks=pytest.mark.faults), signal.SIGTERM])
def test_a_serving_desk_drains_and_ends_with_zero(terminal: Terminal, how: signal.Signals) -> None:
    running = terminal.start("up", "KO", "--market", "simulated")
    assert "invented prices" in running.wait_for("Serving until Ctrl-C")
    assert terminal.processes() != []
    assert running.end(how) == 0
    assert "Draining" in running.said.read_text()
    assert_nothing_left(terminal)


@pytest.mark.faults
def test_a_desk_interrupted_before_its_only_cycle_ended_says_so(terminal: Terminal) -> None:
    running = terminal.start("up", "--once")
    running.wait_for("Trading desk main")
    assert running.end(signal.SIGINT) == 130
    assert_nothing_left(terminal)


@pytest.mark.faults
def test_without_a_desk_each_look_says_how_to_start_one(terminal: Terminal) -> None:
    assert_one_line(terminal.type("status"), "no desk is running", "make run")


@pytest.mark.faults
def test_a_bad_setting_is_named(terminal: Terminal) -> None:
    assert_one_line(terminal.but(TRADING_MAX_POSITION="lots").type("config"), "TRADING_MAX_POSITION")


@pytest.mark.faults
def test_each_bad_setting_is_named_once(terminal: Terminal) -> None:
    said = terminal.but(TRADING_MAX_POSITION="lots", MARKET_PROVIDERS="oracle", LOG_LEVEL="loud").type("config")
    assert_one_line(said, "TRADING_MAX_POSITION", "MARKET_PROVIDERS", "LOG_LEVEL")
    assert said.err.count("MARKET_PROVIDERS") == 1


@pytest.mark.faults
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"DESK_ID=caf\xe9\n", ".env cannot be read (it is not UTF-8)"),
        (f"# ours\n\n\nDB_PASSWORD {SECRET}\nDESK_ID=main\n".encode(), ".env: line 4 is not NAME=VALUE"),
        (f"DESK_ID=main\nDB_PASSWORD='{SECRET}\n".encode(), ".env: line 2 is not NAME=VALUE"),
    ],
)
def test_a_malformed_env_file_is_one_line(terminal: Terminal, content: bytes, reason: str) -> None:
    (terminal.folder / ".env").write_bytes(content)
    (terminal.folder / ".env").chmod(0o600)
    said = terminal.type("config")
    assert_one_line(said, reason, "correct or remove it")
    assert SECRET not in said.err + said.out


@pytest.mark.faults
def test_what_mends_an_env_file_and_what_looks_at_it_name_one_that_is_malformed(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text(f"DB_PASSWORD {SECRET}\n")
    (terminal.folder / ".env").chmod(0o600)
    said = terminal.type("init", "--set", "DESK_ID=main")
    assert_one_line(said, ".env: line 1 is not NAME=VALUE", "correct or remove it")
    looked = terminal.type("doctor", "--json")
    checks = {check["id"]: check["status"] for check in looked.document["checks"]}
    assert (checks["env file"], checks["settings"]) == ("fail", "fail")
    assert SECRET not in said.err + said.out + looked.err + looked.out


@pytest.mark.faults
def test_an_env_file_that_is_a_folder_is_one_line(terminal: Terminal) -> None:
    (terminal.folder / ".env").mkdir()
    assert_one_line(terminal.type("config"), ".env cannot be read (Is a directory)")


@pytest.mark.faults
def test_a_name_that_leads_nowhere_is_told_in_words(terminal: Terminal) -> None:
    nowhere = terminal.but(DB_HOST="127.0.0.1", TEMPORAL_ADDRESS="nosuch.invalid:7233").type("status")
    assert_one_line(nowhere, "no Temporal server at nosuch.invalid:7233 (")
    assert "tonic" not in nowhere.err


@pytest.mark.faults
def test_secrets_are_masked(terminal: Terminal) -> None:
    said = terminal.but(DB_HOST="127.0.0.1", DB_PASSWORD=SECRET, TEMPORAL_API_KEY=SECRET).type("config", "--json")
    shown = {setting["variable"]: setting["value"] for setting in said.document}
    assert (shown["DB_PASSWORD"], shown["TEMPORAL_API_KEY"]) == ("********", "********")
    assert SECRET not in said.out
    proxied = terminal.but(LLM_CHAT_BASE_URL=f"http://me:{SECRET}@127.0.0.1:9/v1").type("config", "--json")
    shown = {setting["variable"]: setting["value"] for setting in proxied.document}
    assert shown["LLM_CHAT_BASE_URL"] == "http://********@127.0.0.1:9/v1"


@pytest.mark.faults
def test_an_empty_folder_of_data_is_named(terminal: Terminal) -> None:
    (terminal.folder / "empty").mkdir()
    assert_one_line(
        terminal.but(MARKET_DATA_DIR="empty").type("up", "--once"), "no daily bars in empty", "MARKET_DATA_DIR"
    )


@pytest.mark.faults
def test_a_corrupt_file_is_named(terminal: Terminal, sample_data: Path) -> None:
    folder = terminal.folder / "corrupt"
    folder.mkdir()
    whole = (sample_data / "sample_daily.parquet").read_bytes()
    (folder / "bars.parquet").write_bytes(whole[: len(whole) // 2])
    assert_one_line(terminal.but(MARKET_DATA_DIR="corrupt").type("up", "--once"), "bars.parquet", "MARKET_DATA_DIR")
    assert not terminal.home.exists()


@pytest.mark.faults
def test_a_file_with_an_unreadable_price_is_named_before_any_server_starts(terminal: Terminal) -> None:
    folder = terminal.folder / "worn"
    folder.mkdir()
    (folder / "AAPL.csv").write_text("date,open,high,low,close,volume\n2017-11-10,1,2,1,x,100\n")
    said = terminal.but(MARKET_DATA_DIR="worn").type("up", "AAPL", "--once")
    assert_one_line(said, "worn/AAPL.csv", "invalid value 'x'", "MARKET_DATA_DIR")
    assert not terminal.home.exists()


@pytest.mark.faults
def test_a_port_in_use_is_named(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(terminal.but(DESK_UI_PORT=port).type("up", "--once"), f"port {port}", "DESK_UI_PORT")
    assert_nothing_left(terminal)


@pytest.mark.faults
def test_a_missing_database_is_named(terminal: Terminal) -> None:
    missing = terminal.but(DB_HOST="127.0.0.1", DB_PORT="1", DB_PASSWORD=SECRET, TEMPORAL_ADDRESS="127.0.0.1:1")
    said = missing.type("up", "--once")
    assert_one_line(said, "the database trading at 127.0.0.1:1", "DB_HOST")
    assert SECRET not in said.err + said.out


@pytest.mark.faults
@pytest.mark.parametrize(
    ("words", "named"), [("up --once", {"DB_HOST": "127.0.0.1"}), ("status", {"TEMPORAL_ADDRESS": "127.0.0.1:1"})]
)
def test_half_named_servers_are_refused(terminal: Terminal, words: str, named: dict[str, str]) -> None:
    assert_one_line(terminal.but(**named).type(*words.split()), "TEMPORAL_ADDRESS and DB_HOST go together")


@pytest.mark.faults
def test_temporals_own_variables_may_stand_in_the_env_file(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("DB_HOST=127.0.0.1\nTEMPORAL_ADDRESS=127.0.0.1:1\n")
    assert_one_line(terminal.type("status"), "no Temporal server at 127.0.0.1:1")
    named = terminal.but(TEMPORAL_ADDRESS="127.0.0.1:2").type("status")
    assert_one_line(named, "no Temporal server at 127.0.0.1:2")


def test_a_mistyped_command_is_one_line(terminal: Terminal) -> None:
    said = terminal.type("statsu")
    assert said.code == 2
    assert said.err.startswith("starter: No such command")


@pytest.mark.faults
def test_the_doctor_names_what_is_missing(terminal: Terminal) -> None:
    said = terminal.but(LLM_META_AGENT_MODEL="rules-99").type("doctor", "--json")
    failed = {check["id"]: check["found"] for check in said.document["checks"] if check["status"] == "fail"}
    assert said.code == 1
    assert set(failed) == {"models", "servers"}


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_starts_and_stops_leave_nothing_behind(terminal: Terminal, times: int) -> None:
    for _ in range(times):
        assert terminal.type("up", "KO", "--once").code == 0
        assert_nothing_left(terminal)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("told", "named"),
    [
        # Each of the refusals has its test in tests/wiring: here it is that they come before a server does.
        ({"TRADING_MODE": "live"}, "BROKER=paper"),
        ({"BROKER": "alpaca", "MARKET_PROVIDERS": "yfinance"}, "the broker alpaca needs ALPACA_API_KEY"),
        ({"BROKER": "elsewhere"}, "BROKER"),
    ],
)
def test_orders_that_would_go_astray_are_refused_before_a_server_starts(
    terminal: Terminal, told: dict[str, str], named: str
) -> None:
    assert_one_line(terminal.but(**told).type("up", "--once"), named)
    assert_nothing_left(terminal)


@pytest.mark.parametrize(("broker", "anytime"), [("paper", True), ("alpaca", False)])
async def test_only_on_paper_is_a_closed_exchange_no_reason_to_wait(broker: str, anytime: bool) -> None:  # noqa: FBT001  a column
    settings = Settings(
        market=MarketSettings(providers=("simulated",)), orders=OrderSettings.model_validate({"broker": broker})
    )
    asked = CycleRequest(symbols=("AAPL",), trace_id="trace")
    found = await at_any_time(asked, settings, Prices.of(settings))
    assert found.anytime is anytime
