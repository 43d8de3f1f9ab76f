"""A trade of one's own, typed: what comes of it, what holds it, and what is refused before anything begins."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.console.terminal import Terminal


def held(desk: Terminal) -> dict[str, Decimal]:
    lines = desk.type("portfolio", "--json").document["positions"]
    return {line["symbol"]: Decimal(line["quantity"]) for line in lines}


def test_a_person_sells_what_is_held_and_buys_what_no_agent_wanted(desk: Terminal) -> None:
    before = held(desk)
    assert "AAPL" not in before
    sold = desk.type("trade", "sell", "duk", "--reason", "enough of it", "--json")
    assert (sold.code, sold.err, sold.document["report"]["outcome"]) == (0, "", "traded")
    bought = desk.type("trade", "buy", "AAPL", "--shares", "3", "--stop", "100", "--reason", "a hunch", "--json")
    assert (bought.code, bought.document["report"]["rows"][0]["decided"]) == (0, "3")
    now = held(desk)
    assert (now.get("DUK"), now["AAPL"], now["KO"]) == (None, Decimal(3), before["KO"])
    entry, stop = bought.document["orders"][0], bought.document["orders"][1]
    assert (entry["leg"], stop["leg"]) in {("entry", "stop"), ("stop", "entry")}
    cycle = bought.document["report"]["cycle_id"]
    lines = desk.type("events", "--cycle", cycle, "--json").document
    said = {line["type"]: line["data"] for line in lines}
    assert (said["OperatorDecision"]["operator"], said["OperatorDecision"]["rationale"]) == ("operator", "a hunch")
    assert not {"RiskAssessed", "ValidationComplete", "MetaAgentDecision", "RuleDecision"} & set(said)
    assert desk.type("audit").code == 0
    assert desk.type("cycles", "--json").document[-1]["proposed_by"] == "operator"
    assert "by operator" in desk.type("cycles").out


def test_more_than_the_limits_allow_is_cut_or_refused_and_the_least_terminal_says_by_which(desk: Terminal) -> None:
    narrow = desk.but(COLUMNS="80")
    cut = narrow.type("trade", "buy", "MSFT", "--weight", "1", "--reason", "all of it")
    assert (cut.code, "has room for" in cut.out) == (0, True), cut.out
    refused = narrow.type("trade", "buy", "KO", "--shares", "1", "--stop", "999", "--reason", "a hunch")
    assert (refused.code, "stop" in refused.out.partition("none allowed")[2]) == (1, True), refused.out
    waits = narrow.type("trade", "sell", "KO", "--stop", "1", "--reason", "sell it there")
    assert (waits.code, "what closes is done at once" in waits.out) == (1, True), waits.out
    assert "KO" in held(desk)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("buy", "AAPL"), "no trade can be asked for like that: a buy needs a size: shares, or a part of the equity"),
        (("buy", "AAPL", "--shares", "x"), "no trade can be asked for like that: shares: "),
        (("buy", "AAPL", "--shares", "1", "--weight", "0.1"), "no trade can be asked for like that: a size is in"),
        (("sell", "A_B"), "not a ticker: 'A_B'"),
        (("sell", " "), "name the symbol that is to be traded"),
        (("buy", "ZZZZ", "--shares", "1"), "no bars of ZZZZ"),
        (("sell", "KO", "--strategy", "nobody"), "no such strategy: 'nobody'"),
    ],
)
def test_what_is_no_trade_begins_no_cycle(desk: Terminal, words: tuple[str, ...], why: str) -> None:
    before = desk.type("cycles", "--json").document[0]["cycle_id"]
    refused = desk.type("trade", *words, "--reason", "a hunch")
    assert (refused.code, refused.err[: 9 + len(why)], refused.err.count("\n")) == (1, f"starter: {why}", 1)
    assert desk.type("cycles", "--json").document[0]["cycle_id"] == before
