"""What a question may look up, by the settings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue, SecretStr

import settings as configuration
from adapters.postgres.engine import Database
from adapters.redaction import MASK, Redaction
from trading.inquiry import Lookup, LookupAsked, Tool
from wiring.asking import LOG_LINES, log_file_of, reader_of, redaction_of, tools_of

# In two pieces, for what looks like a key may stand in no file of the repository.
WEBHOOKS = "https://discord.com/api" + "/webhooks"
SAID = (
    ("postgresql://ann:s3cret@host/db", f"postgresql://{MASK}@host/db"),
    ("password=correct-horse, user=ann", f"password={MASK}, user=ann"),
    ('{"api_key": "abcdef123"}', f'{{"api_key": "{MASK}"}}'),
    ("Authorization: Bearer abc.def.ghi", f"Authorization: Bearer {MASK}"),
    ("sk-abcdefghijklmnop and AKIA" + "ABCDEFGHIJKLMNOP", f"{MASK} and {MASK}"),
    (f"{WEBHOOKS}/1234567/abcdef", f"{WEBHOOKS}/{MASK}"),
    ("tokens=1200 at https://host/path, main-20240301T170000-1-AAPL-buy-entry", None),
    ("input_tokens: 1200000", None),
)


def test_every_secret_of_the_settings_is_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = {
        "LLM_OPENAI_API_KEY": "openai-key-1",
        "ALPACA_API_SECRET": "alpaca-secret-2",
        "ALERT_DISCORD_WEBHOOK_URL": f"{WEBHOOKS}/1/token-3",
        "ASK_DB_PASSWORD": "reader-password-4",
        "DB_PASSWORD": "owner-password-5",
    }
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
    settings = configuration.load(tmp_path / "none")
    database = Database(host="h", port=1, name="n", user="u", password=SecretStr("embedded-password-6"))
    told = redaction_of(settings, database)(" ".join([*secrets.values(), "embedded-password-6"]))
    assert told == " ".join([MASK] * 6)


@pytest.mark.parametrize(("said", "told"), SAID)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(said: str, told: str | None) -> None:
    masked = Redaction()(said)
    assert masked == (told or said)
    assert not any(each in masked for each in ("s3cret", "correct-horse", "abcdef123", "abcdefghij"))


def test_a_login_of_its_own_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    database = Database(host="h", port=1, name="n", user="owner", password=SecretStr("x"))
    assert reader_of(configuration.load(tmp_path / "none"), database) == database
    monkeypatch.setenv("ASK_DB_USER", "reads")
    monkeypatch.setenv("ASK_DB_PASSWORD", "y")
    own = reader_of(configuration.load(tmp_path / "none"), database)
    assert (own.user, own.password.get_secret_value(), own.host) == ("reads", "y", "h")


def test_the_log_lines_are_those_that_are_named_else_those_of_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DESK_HOME", str(tmp_path))
    assert log_file_of(configuration.load(tmp_path / "none")) is None
    (tmp_path / LOG_LINES).parent.mkdir()
    (tmp_path / LOG_LINES).touch()
    assert log_file_of(configuration.load(tmp_path / "none")) == tmp_path / LOG_LINES
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "mine"))
    assert log_file_of(configuration.load(tmp_path / "none")) == tmp_path / "mine"


async def test_the_tools_read_a_real_database(database: Database, tmp_path: Path) -> None:
    tools = tools_of(configuration.load(tmp_path / "none"), database)
    words: dict[str, JsonValue] = {"text": "a gap up"}
    for tool, arguments in ((Tool.SEARCH_MEMORY, words), (Tool.QUERY_EVENTS, {})):
        lookup = Lookup(tool=tool, arguments=arguments)
        now = datetime.now(UTC)
        asked = LookupAsked(desk_id="main", inquiry_id="i-1", trace_id="t-1", lookup=lookup, as_of=now)
        assert (await tools.look_up(asked)).error.startswith("no ")
    await tools.close()
