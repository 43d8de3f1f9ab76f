"""Writing `.env`: as a person at a terminal has it, from the command line, and over a real loopback vendor."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest

import settings as configuration
from adapters.postgres.engine import Database
from console import env_file
from console.check import Health
from console.draft import Draft, known_variables
from console.env_example import example
from console.init import WATCHED, Wish, given_of, init, masked
from console.keys import CHECKS, KeyCheck
from console.output import Output
from settings import Settings
from tests.console.terminal import Terminal
from trading.errors import BadConfiguration, ModelRefused

SECRET = "correct-horse-battery-staple"  # noqa: S105  nobody's
NO_KEYS = [(f"{each.variables[0]}: ", "") for each in CHECKS if each.asked and each.id not in {"database", "temporal"}]
NOWHERE = {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}


def env_of(terminal: Terminal) -> Path:
    return terminal.folder / ".env"


@pytest.mark.faults
def test_passwords_of_compose_are_made_once_and_for_nobody_else(terminal: Terminal) -> None:
    assert terminal.type("init", "--compose").code == 0
    made = env_file.values_of(env_of(terminal).read_text())
    assert set(made) == {"DB_PASSWORD", "WORKER_DB_PASSWORD", "TEMPORAL_DB_PASSWORD"}
    assert len(set(made.values())) == 3
    assert min(map(len, made.values())) >= 32
    assert stat.S_IMODE(env_of(terminal).stat().st_mode) == 0o600
    assert terminal.type("init", "--compose").code == 0
    assert env_file.values_of(env_of(terminal).read_text()) == made


@pytest.mark.faults
def test_one_command_turns_the_profile_on(terminal: Terminal) -> None:
    assert terminal.type("init", "--compose", "--observability").code == 0
    made = env_file.values_of(env_of(terminal).read_text())
    assert set(made) == {"DB_PASSWORD", "WORKER_DB_PASSWORD", "TEMPORAL_DB_PASSWORD", "GRAFANA_PASSWORD", *WATCHED}
    assert made["COMPOSE_PROFILES"] == "observability"
    assert len(made["GRAFANA_PASSWORD"]) >= 32
    assert terminal.type("init", "--compose", "--observability").code == 0
    assert env_file.values_of(env_of(terminal).read_text()) == made


@pytest.mark.faults
def test_the_profile_alone_is_refused(terminal: Terminal) -> None:
    said = terminal.type("init", "--observability")
    assert (said.code, said.err) == (1, "starter: --observability is of docker-compose.yml: say --compose, too\n")


@pytest.mark.faults
def test_a_value_is_set_in_its_place_and_the_file_keeps_its_words(terminal: Terminal) -> None:
    env_of(terminal).write_text("# mine\nDESK_ID=old\n\nLOG_LEVEL=debug  # noisy\n")
    said = terminal.type("init", "--force", "--set", "DESK_ID=new", "--set", "DESK_SYMBOLS=KO, PEP", "--json")
    assert said.document["written"] == ["DESK_ID", "DESK_SYMBOLS"]
    assert env_of(terminal).read_text() == "# mine\nDESK_ID=new\n\nLOG_LEVEL=debug  # noisy\nDESK_SYMBOLS='KO, PEP'\n"


@pytest.mark.faults
def test_what_is_set_already_is_replaced_only_by_force(terminal: Terminal) -> None:
    env_of(terminal).write_text("DESK_ID=old\n")
    said = terminal.type("init", "--set", "DESK_ID=new")
    assert (said.code, said.err) == (1, "starter: DESK_ID is set already: --force replaces it\n")
    assert env_of(terminal).read_text() == "DESK_ID=old\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["DESK_ID=no spaces allowed"], "DESK_ID"),
        (["TRADING_MAX_POSITION=lots"], "TRADING_MAX_POSITION"),
        (["DESK_NAME=x"], "no such setting: DESK_NAM… "),
        (["DB_PASSWORD=it's"], "DB_PASSWORD holds a letter that a file cannot keep"),
        (["DB_PASSWORD"], "takes its value from the environment, where there is none"),
        (["LLM_META_AGENT_MODEL=llama"], "models: no such model: llama "),
        (["LLM_RISK_AGENT_FALLBACK_MODEL=claude-opus-5-5"], "models: Anthropic needs a key"),
        (["LLM_CHAT_BASE_URL=http://127.0.0.1:1/v1"], "the chat server cannot be reached"),
        ([f"{name}={value}" for name, value in NOWHERE.items()], "the database trading at 127.0.0.1:1 is unavailable"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(folder: Path, given: list[str], words: str) -> None:
    with pytest.raises(BadConfiguration, match=words):
        init(Output(as_json=True), Wish(given=given_of(given)))
    assert list(folder.iterdir()) == []


@pytest.mark.faults
def test_a_secret_need_not_be_on_the_command_line_and_is_never_shown(terminal: Terminal) -> None:
    said = terminal.but(DB_PASSWORD=SECRET).type("init", "--untried", "--set", "DB_PASSWORD", "--json")
    assert said.code == 0
    assert SECRET not in said.out + said.err
    assert env_file.values_of(env_of(terminal).read_text()) == {"DB_PASSWORD": SECRET}


@pytest.mark.faults
def test_without_a_terminal_there_is_nobody_to_ask(terminal: Terminal) -> None:
    said = terminal.type("init")
    assert (said.code, said.err) == (1, "starter: nobody to ask here: give values with --set NAME=VALUE\n")


@pytest.mark.faults
def test_a_person_is_asked_the_database_is_tried_and_the_password_is_not_shown(
    terminal: Terminal, database: Database
) -> None:
    password = database.password.get_secret_value()
    first = [("DB_HOST: ", database.host), ("DB_PORT: ", str(database.port)), ("DB_NAME: ", database.name)]
    code, shown = terminal.converse(
        [
            *NO_KEYS,
            *(*first, ("DB_USER: ", "postgres"), ("DB_PASSWORD: ", "guessed-wrongly"), ("[y/N] ", "n")),
            *(*first, ("DB_USER: ", "postgres"), ("DB_PASSWORD: ", password)),
            ("TEMPORAL_ADDRESS: ", ""),
        ],
        "init",
    )
    assert code == 0, shown
    assert "✗ database: the database" in shown
    assert "refuses the password" in shown
    assert "✓ database: PostgreSQL 18" in shown
    assert password not in shown
    assert "guessed-wrongly" not in shown
    assert env_file.values_of(env_of(terminal).read_text())["DB_PASSWORD"] == password


@pytest.mark.faults
def test_what_is_held_is_shown_masked_and_not_asked_for(terminal: Terminal) -> None:
    held = {"DB_HOST": "127.0.0.1", "DB_PASSWORD": SECRET, "DB_PORT": "1", "DB_NAME": "trading", "DB_USER": "postgres"}
    env_of(terminal).write_text("".join(f"{name}={value}\n" for name, value in held.items()))
    code, shown = terminal.converse([*NO_KEYS, ("TEMPORAL_ADDRESS: ", "")], "init")
    assert code == 0, shown
    assert "DB_PASSWORD is ********aple" in shown
    assert SECRET not in shown
    assert env_file.values_of(env_of(terminal).read_text()) == held


@pytest.mark.faults
def test_walking_away_writes_nothing(terminal: Terminal) -> None:
    code, shown = terminal.converse([*NO_KEYS, ("DB_HOST: ", "\x04")], "init")
    assert code == 130, shown
    assert list(terminal.folder.iterdir()) == []


class Vendor(BaseHTTPRequestHandler):
    """Knows one key."""

    def do_GET(self) -> None:
        known = self.headers["authorization"] == f"Bearer {SECRET}"
        self.send_response(200 if known else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def vendor() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Vendor)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def check_of(url: str) -> KeyCheck:
    """A vendor's check as one is plugged in: here the password stands for its key."""

    async def look(settings: Settings) -> str:
        key = settings.database.password.get_secret_value()
        async with httpx2.AsyncClient() as client:
            answer = await client.get(url, headers={"authorization": f"Bearer {key}"})
        if answer.status_code == 401:
            raise ModelRefused("the vendor refuses the key: correct DB_PASSWORD")
        return "the vendor knows the key"

    return KeyCheck(id="vendor", required="a key that it knows", variables=("DB_PASSWORD",), look=look)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_plugged_in_check_tries_the_key_on_the_wire(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with vendor() as url:
        check = check_of(url)
        with pytest.raises(BadConfiguration, match="vendor: the vendor refuses the key: correct DB_PASSWORD; nothing"):
            init(Output(as_json=False), Wish(given={"DB_PASSWORD": "guessed"}), [check])
        assert not (folder / ".env").exists()
        assert init(Output(as_json=False), Wish(given={"DB_PASSWORD": SECRET}), [check]) == 0
    assert "✓ vendor: the vendor knows the key" in capsys.readouterr().out
    assert env_file.values_of((folder / ".env").read_text()) == {"DB_PASSWORD": SECRET}


def test_a_key_that_nothing_can_try_is_said_to_be_unchecked(folder: Path) -> None:
    draft = Draft(folder / ".env", ())
    draft.put({"DB_PASSWORD": SECRET, "DESK_ID": "mine"})
    (found,) = draft.tried(["DB_PASSWORD", "DESK_ID"])
    assert (found.id, found.status, found.found) == ("DB_PASSWORD", Health.WARN, "not checked")


def test_every_check_names_variables_that_there_are() -> None:
    assert {name for each in CHECKS for name in each.variables} <= set(known_variables())


def test_a_value_that_the_environment_overrules_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    draft = Draft(folder / ".env", ())
    draft.put({"LOG_LEVEL": "error", "DESK_ID": "mine"})
    assert draft.shadowed == ["LOG_LEVEL"]


@pytest.mark.parametrize(
    "value", ["plain", "two words", "a#b", 'say "no"', "=", "tab&;|<>*?!(){}[]", "sk-ant-api03-_x"]
)
def test_a_written_value_is_read_back_as_it_was(folder: Path, value: str) -> None:
    text = env_file.with_values(example(configuration.groups()), {"DB_PASSWORD": value})
    (folder / ".env").write_text(text)
    assert env_file.values_of(text) == {"DB_PASSWORD": value}
    assert configuration.load().database.password.get_secret_value() == value


def test_a_masked_secret_gives_little_away() -> None:
    assert masked("DB_PASSWORD", "short") == "********"
    assert masked("DB_PASSWORD", SECRET) == "********aple"
    assert masked("DB_HOST", "10.0.0.1") == "10.0.0.1"
