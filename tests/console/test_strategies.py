"""The operator's strategies beside a running desk: each command, good and bad, and the ladder with its switches."""

from __future__ import annotations

from typing import Any

import pytest

import embedded
from tests.console.terminal import Terminal

pytestmark = pytest.mark.faults  # each types commands beside a desk that serves

LIVE = {
    "TRADING_MODE": "live",
    "TRADING_LIVE_CONFIRM": "123456789",
    "BROKER": "alpaca",
    "MARKET_PROVIDERS": "alpaca",
    "ALPACA_API_KEY": "AKTEST",
    "ALPACA_API_SECRET": "secret",
    "ALPACA_TRADING_BASE_URL": "https://api.alpaca.markets",
}
NO_BAR = {f"STRATEGY_PROMOTE_MIN_{what}": "0" for what in ("DAYS", "TRADES")} | {"STRATEGY_PROMOTE_MIN_RETURN": "-1"}


def known(desk: Terminal) -> dict[str, dict[str, Any]]:
    return {one["strategy_id"]: one for one in desk.type("strategies", "list", "--json").document}


def done(desk: Terminal, *words: str) -> Any:
    said = desk.type("strategies", *words, "--json")
    assert (said.code, said.err) == (0, "")
    return said.document


def test_a_desk_begins_with_the_agents_and_shows_all_that_is_known_of_them(desk: Terminal) -> None:
    assert known(desk)["agents"]["source"] == "agents"
    shown = done(desk, "show", "agents")
    assert (shown["evidence"]["cycles"], shown["evidence"]["findings"]) == (1, 0)
    assert [one["outcome"] for one in shown["cycles"]] == ["traded"]
    said = desk.type("strategies", "show", "agents").out
    assert "missing for real money: 1 of 20 days with a cycle" in said


def test_a_strategy_lives_from_its_first_day_in_shadow_to_its_last(desk: Terminal) -> None:
    (desk.folder / "few.txt").write_text("ko\nwmt  # what people buy anyway\n")
    wish = ("--universe", str(desk.folder / "few.txt"), "--max-position", "10%", "--scan-times", "14:30,11:00")
    added = done(desk, "add", "careful", "--allocation", "30%", *wish, "--approval", "above_notional,above_usd=500")
    assert (added["rung"], added["enabled"], added["universe"]["symbols"]) == ("shadow", True, ["KO", "WMT"])
    assert (added["limits"]["max_position"], added["approval"]["above_usd"]) == ("0.1", "500")
    assert added["scan_times"] == ["11:00:00", "14:30:00"]

    edited = done(desk, "edit", "careful", "--symbols", "none", "--screen", "most=5", "--approval", "none")
    assert (edited["universe"]["symbols"], edited["universe"]["screen"]["most"]) == ([], 5)
    assert (edited["approval"], edited["limits"], edited["allocation"]) == (None, added["limits"], "0.3")

    assert [one["allocation"] for one in done(desk, "allocate", "agents=70%", "careful=30%")] == ["0.7", "0.3"]
    up = done(desk, "promote", "careful", "--yes", "--by", "ada", "--reason", "let us see")
    assert (up["strategy"]["rung"], up["evidence"]["days"]) == ("paper", 0)
    assert up["missing"] == ["0 of 20 days with a cycle", "0 of 20 trades that are over"]
    assert done(desk, "disable", "careful")["enabled"] is False
    assert desk.type("portfolio", "--strategy", "careful", "--json").document["trading_state"] == "REDUCING"
    assert done(desk, "enable", "careful")["enabled"] is True
    assert done(desk, "demote", "careful")["rung"] == "shadow"
    told = done(desk, "show", "careful")["changes"]
    assert [one["what"] for one in told][-4:] == [
        "shadow to paper",
        "changed enabled",
        "changed enabled",
        "paper to shadow",
    ]
    assert (told[-4]["by"], told[-4]["reason"]) == ("ada", "let us see")
    done(desk, "remove", "careful")
    assert "careful" not in known(desk)
    assert done(desk, "allocate", "agents", "100%")["allocation"] == "1"
    events = desk.type("events", "--limit", "1000", "--json").document
    (promoted,) = [one["data"] for one in events if one["data"].get("came_from") == "shadow"]
    assert promoted["evidence"]["cycles"] == 0


REFUSED = (
    ("add more --allocation 10% --symbols AAPL,NOPE", "no bars of NOPE"),
    ("add agents --allocation 10%", "there is a strategy agents already"),
    ("add more", "Missing option '--allocation'"),
    ("add More --allocation 10%", "not a strategy's name: 'More'"),
    ("add more --allocation 10% --max-position 30%", "max_position of 30% is looser than the desk's 20%"),
    ("edit nobody --symbols AAPL", "no such strategy: 'nobody' (the desk has agents)"),
    ("edit agents --by \n --symbols AAPL", "--by is a name of 1 to 80 characters"),
    ("allocate agents=0.123456789", "agents: allocation: Decimal input should have no more than 8 decimal places"),
    ("allocate agents=0%", "agents is to trade and has an allocation of 0%"),
    ("promote agents --confirm agents", "this desk is on paper"),
    ("demote agents --to live", "that is no demotion to live"),
    ("remove agents", "agents holds "),
)


def test_what_cannot_be_is_one_line_and_leaves_the_books_alone(desk: Terminal) -> None:
    before = known(desk)
    for words, complaint in REFUSED:
        said = desk.type("strategies", *words.split(" "))
        assert said.code != 0
        assert complaint in said.err
        assert len(said.err.strip().splitlines()) == 1
    assert known(desk) == before


def test_a_third_that_does_not_fit_says_what_is_free(desk: Terminal) -> None:
    done(desk, "add", "third", "--allocation", "30%")
    said = desk.type("strategies", "promote", "third", "--yes")
    assert said.code == 1
    assert "allocations would sum to 130% (agents 100%, third 30%): 0% is free for third" in said.err
    done(desk, "remove", "third")


def test_real_money_takes_both_switches_the_bar_and_one_rung_at_a_time(desk: Terminal) -> None:
    live = desk.but(**LIVE)
    refusals = {
        "not enough for real money: 1 of 20 days with a cycle": (live, ()),
        "(else --reason)": (live, ("--force", "--confirm", "agents")),
        "its name was not typed (--confirm agents)": (live, ("--force", "--reason", "we know")),
        "TRADING_LIVE_CONFIRM": (live.but(TRADING_LIVE_CONFIRM=""), ("--confirm", "agents")),
        "ALPACA_API_KEY is a key for paper": (live.but(ALPACA_API_KEY="PKTEST"), ("--confirm", "agents")),
    }
    for words, (terminal, more) in refusals.items():
        said = terminal.type("strategies", "promote", "agents", *more)
        assert (said.code, len(said.err.strip().splitlines())) == (1, 1)
        assert words in said.err
    assert known(desk)["agents"]["rung"] == "paper"
    up = done(live.but(**NO_BAR), "promote", "agents", "--to", "live", "--confirm", "agents")
    assert (up["strategy"]["rung"], up["missing"]) == ("live", [])
    assert done(desk, "demote", "agents", "--to", "paper")["rung"] == "paper"


def test_a_person_at_a_terminal_is_asked_and_may_say_no(desk: Terminal) -> None:
    done(desk, "add", "asked", "--allocation", "10%")
    ended, shown = desk.converse([("Let asked trade on paper?", "n")], "strategies", "promote", "asked")
    assert ended == 1
    assert "asked stays where it is: nobody said yes (--yes)" in shown
    done(desk, "remove", "asked")


def test_evidence_may_come_from_another_desk_of_the_same_books(desk: Terminal) -> None:
    done(desk, "add", "seen", "--allocation", "10%")
    said = desk.type("strategies", "promote", "seen", "--yes", "--evidence-of", "nobody")
    assert "desk nobody has no strategy seen" in said.err
    done(desk, "remove", "seen")


def test_a_desk_without_books_and_no_desk_at_all_are_one_line(desk: Terminal, terminal: Terminal) -> None:
    said = desk.but(DESK_ID="other").type("strategies", "list")
    assert said.err.startswith("starter: desk other has no books yet")
    nobody = terminal.type("strategies", "add", "more", "--allocation", "10%")
    assert nobody.err.startswith("starter: no desk is running on ")
    away = terminal.but(DB_HOST="127.0.0.1", DB_PORT="1", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert "is unavailable" in away.type("strategies", "list").err


def test_the_database_is_enough(desk: Terminal) -> None:
    servers = embedded.running(desk.home)
    assert servers is not None
    own = servers.database
    where = {"DB_HOST": own.host, "DB_PORT": str(own.port), "DB_NAME": own.name, "DB_USER": own.user}
    alone = desk.but(**where, DB_PASSWORD=own.password.get_secret_value(), TEMPORAL_ADDRESS="127.0.0.1:1")
    said = alone.type("strategies", "edit", "agents", "--reason", "no server", "--restrict", "TSLA")
    assert (said.code, "it is written, but a desk that runs was not told: no Temporal server at" in said.out) == (
        0,
        True,
    )
    assert done(desk, "edit", "agents", "--restrict", "none")["limits"]["restricted_symbols"] == []
