"""Every command beside a running desk, as a program and as a person has it."""

from __future__ import annotations

import json
import signal
from decimal import Decimal

import pytest

from console.capital import move
from console.output import Output
from settings import Settings
from tests.console.terminal import WORKER, Terminal
from trading.errors import BadConfiguration
from trading.statement import ActivityKind

# The cycle on the sample's last day; the same on every fresh desk.
BOUGHT = ["DUK", "INTC", "KO", "MSFT", "WMT"]


@pytest.mark.faults
def test_status_shows_state_cycles_equity_and_workers(desk: Terminal) -> None:
    said = desk.type("status", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document["breaker"]["state"] == "ACTIVE"
    assert said.document["cycles"][0]["outcome"] == "traded"
    assert said.document["positions"] == len(BOUGHT)
    assert said.document["workers"] == {"desk": 1, "orders": 1, "agents": 1}
    gauges = {gauge["rule"]: gauge for gauge in said.document["breaker"]["gauges"]}
    assert len(gauges) == 8
    fallen = Decimal(gauges["drawdown"]["value"])
    assert Decimal(gauges["drawdown"]["distance"]) == Decimal("0.20") - fallen
    assert said.document["spent_today"]["calls"] == 0, "what is free is in no ledger"


def test_status_cuts_no_number_on_a_narrow_terminal(desk: Terminal) -> None:
    shown = desk.but(COLUMNS="80").type("status").out
    table = shown.partition("Circuit breaker")[2].partition("Cycles\n")[0]
    assert [line.split()[-4:] for line in table.splitlines() if line.startswith(" rejected")] == [["0", "5", "5", "ok"]]
    for number in ("20.00%", "10.00%", "5.00%", "unknown"):
        assert number in table


def test_the_desk_is_watched_look_after_look(desk: Terminal) -> None:
    watching = desk.start("watch", "--seconds", "0.3", "--json")
    watching.wait_until(lambda: watching.said.read_text().count("\n") >= 3)
    assert watching.end(signal.SIGINT) == 130
    lines = [json.loads(line) for line in watching.said.read_text().splitlines()]
    assert {line["desk"] for line in lines} == {"main"}


@pytest.mark.faults
def test_cycles_are_listed_from_the_log(desk: Terminal) -> None:
    first = desk.type("cycles", "--limit", "1000", "--json").document[0]
    assert (first["outcome"], first["trigger"]) == ("traded", "manual")
    assert first["started_at"] < first["ended_at"]
    assert first["cycle_id"] in desk.but(COLUMNS="150").type("cycles").out


def test_portfolio_values_what_is_held(desk: Terminal) -> None:
    held = desk.type("portfolio", "--json").document
    assert [position["symbol"] for position in held["positions"]] == BOUGHT
    values = sum(Decimal(position["value"]) for position in held["positions"])
    assert Decimal(held["cash"]) + values == Decimal(held["equity"])


@pytest.mark.faults
def test_the_part_of_a_strategy_is_shown_alone(desk: Terminal) -> None:
    whole, part = (desk.type("portfolio", *more, "--json").document for more in ((), ("--strategy", "agents")))
    assert part.pop("strategy_id") == "agents"
    assert part["positions"] == whole["positions"]
    assert part["cash"] == whole["cash"]
    unknown = desk.type("portfolio", "--strategy", "nobody")
    assert (unknown.code, unknown.out) == (1, "")
    assert "has no strategy nobody (it has: agents)" in unknown.err


@pytest.mark.faults
def test_orders_say_what_was_filled_and_what_rests(desk: Terminal) -> None:
    orders = desk.type("orders", "--json").document
    entries = [order for order in orders if order["leg"] == "entry"]
    assert {order["symbol"]: order["state"] for order in entries} == dict.fromkeys(BOUGHT, "filled")
    assert all(Decimal(order["average_price"]) > 0 for order in entries)
    resting = desk.type("orders", "--open", "--json").document
    assert {order["leg"] for order in resting} == {"stop", "target"}


@pytest.mark.faults
def test_trades_are_open_until_they_are_sold(desk: Terminal) -> None:
    trades = desk.type("trades", "--json").document
    assert [(trade["symbol"], trade["closed_at"]) for trade in trades] == [(symbol, None) for symbol in BOUGHT]


def test_a_desk_that_was_never_halted_has_thought_of_nothing(desk: Terminal) -> None:
    thought = desk.type("shadow", "--json").document
    assert (thought["open"], thought["closed"], thought["totals"]["closed"]) == ([], [], 0)


@pytest.mark.faults
def test_events_are_numbered_and_can_be_asked_by_cycle(desk: Terminal) -> None:
    events = desk.type("events", "--limit", "1000", "--json").document
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    cycle = events[-1]["aggregate_id"]
    of_cycle = desk.type("events", "--cycle", cycle, "--limit", "1000", "--json").document
    assert {event["aggregate_id"] for event in of_cycle} == {cycle}
    assert of_cycle[0]["type"] == "CycleStarted"
    assert len({event[name] for event in events for name in ("content_hash", "hash")}) == 2 * len(events)


@pytest.mark.faults
def test_money_is_paid_in_and_out_once_under_its_id(desk: Terminal) -> None:
    before = Decimal(desk.type("portfolio", "--json").document["cash"])
    paid = desk.type("capital", "deposit", "2500.50", "--reason", "a gift", "--json")
    assert (paid.code, Decimal(paid.document["cash"])) == (0, before + Decimal("2500.50"))
    name = paid.document["capital_event_id"]
    again = desk.type("capital", "deposit", "2500.50", "--reason", "a gift", "--id", name, "--json")
    assert again.document == paid.document
    other = desk.type("capital", "deposit", "1", "--reason", "a gift", "--id", name)
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "was entered before with other content" in other.err
    gone = desk.type("capital", "withdraw", "2500.50", "--reason", "rent", "--json")
    assert (Decimal(gone.document["amount"]), Decimal(gone.document["cash"])) == (Decimal("-2500.50"), before)
    moved = desk.type("capital", "list", "--json").document
    assert [(event["kind"], event["amount"], event["reason"]) for event in moved] == [
        ("deposit", "100000.00", ""),
        ("deposit", "2500.50", "a gift"),
        ("withdrawal", "-2500.50", "rent"),
    ]
    assert "a gift" in desk.type("capital", "list").out
    assert desk.type("audit").code == 0


@pytest.mark.parametrize("amount", ["NaN", "0", "1.005", "ten", "1e30", "-5", ""])
@pytest.mark.parametrize("kind", [ActivityKind.DEPOSIT, ActivityKind.WITHDRAWAL])
async def test_what_is_no_amount_is_refused(kind: ActivityKind, amount: str) -> None:
    with pytest.raises(BadConfiguration, match=f"^not an amount of dollars and cents: {amount}$"):
        await move(Settings(), Output(as_json=False), kind, (amount, "odd", None))


def test_an_amount_that_looks_like_an_option_is_one_line(desk: Terminal) -> None:
    said = desk.type("capital", "deposit", "--reason", "odd", "--", "-5")
    assert (said.code, said.out, said.err) == (1, "", "starter: not an amount of dollars and cents: -5\n")


def test_no_more_is_paid_out_than_is_free(desk: Terminal) -> None:
    said = desk.type("capital", "withdraw", "99999.00", "--reason", "all of it")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert said.err.startswith("starter: 99999.00 USD to withdraw, ")


def test_events_of_a_cycle_that_never_was_are_an_error(desk: Terminal) -> None:
    said = desk.type("events", "--cycle", "nosuch")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("starter: no such cycle: nosuch (")
    assert said.err.count("\n") == 1


def test_events_can_be_followed_one_document_a_line(desk: Terminal) -> None:
    running = desk.start("events", "--follow", "--limit", "2", "--json")
    first = running.wait_for("\n").splitlines()[0]
    assert running.end(signal.SIGINT) == 130
    assert json.loads(first)["sequence"] > 0


def test_the_audit_finds_nothing_and_says_where_it_looked(desk: Terminal) -> None:
    said = desk.type("audit", "--json")
    assert said.code == 0
    assert said.document["findings"] == []
    assert said.document["looked_at"]["fills"] == said.document["looked_at"]["positions"] == len(BOUGHT)


def test_the_doctor_finds_all_well(desk: Terminal) -> None:
    said = desk.type("doctor", "--json")
    statuses = {check["id"]: check["status"] for check in said.document["checks"]}
    assert set(statuses.values()) == {"ok"}
    assert {
        "temporal",
        "migrations",
        "role",
        "clock",
        "queue orders",
        "market",
        "env file",
        "data age",
        "watches",
    } <= set(statuses)
    found = {check["id"]: check["found"] for check in said.document["checks"]}
    assert found["broker"] == "paper: fills are computed here, no order leaves this machine"
    assert found["data age"].startswith("2017-11-10: a market of the past")
    assert said.code == 0


@pytest.mark.faults
def test_a_quote_is_that_of_the_day_asked_for(desk: Terminal) -> None:
    now, then = (desk.type("quote", "aapl", *day, "--json").document for day in ([], ["--as-of", "2017-06-01"]))
    assert now["quotes"]["AAPL"]["last"] == "174.67"
    assert then["as_of"] == "2017-06-01T20:00:00Z"
    assert then["quotes"]["AAPL"]["last"] != "174.67"


def test_indicators_are_those_of_a_snapshot(desk: Terminal) -> None:
    (facts,) = desk.type("indicators", "KO", "--json").document["symbols"]
    assert facts["instrument"]["symbol"] == "KO"
    assert 0 < facts["indicators"]["rsi_14"] < 100


@pytest.mark.faults
def test_a_cycle_can_be_asked_for_and_is_found_again_by_its_trace(desk: Terminal) -> None:
    another = desk.but(DESK_ID="another")  # the books of this one are further already
    said = another.type("run", "ko", "KO", "--as-of", "2017-11-09", "--trace-id", "trace-7", "--json")
    report = said.document["report"]
    assert said.code == 0
    assert report["as_of"] == "2017-11-09T21:00:00Z"
    assert report["outcome"] != "skipped"
    assert report["findings"] == []
    events = another.type("events", "--cycle", report["cycle_id"], "--json").document
    assert {event["trace_id"] for event in events} == {"trace-7"}
    assert events[0]["data"]["symbols"] == ["KO"]


@pytest.mark.faults
def test_a_cycle_need_not_be_waited_for(desk: Terminal) -> None:
    said = desk.type("run", "KO", "--no-wait", "--json")
    assert said.document["ticket"]["workflow_id"] == f"cycle/{said.document['ticket']['cycle_id']}"


@pytest.mark.faults
def test_a_day_without_a_session_is_skipped_in_plain_words(desk: Terminal) -> None:
    said = desk.but(DESK_ID="sunday").type("run", "KO", "--as-of", "2017-11-05")
    assert said.code == 0
    assert "skipped: the exchange is closed" in said.out


@pytest.mark.faults
def test_a_strategy_that_there_is_not_starts_no_cycle_and_has_none(desk: Terminal) -> None:
    said = desk.type("run", "--strategy", "nobody")
    assert (said.code, said.out) == (1, "")
    assert said.err == "starter: no such strategy: 'nobody' (the desk has agents)\n"
    assert desk.type("cycles", "--strategy", "nobody", "--json").document == []
    ours = desk.type("cycles", "--strategy", "agents", "--json").document
    assert {one["strategy_id"] for one in ours} == {"agents"}


@pytest.mark.faults
def test_an_unknown_symbol_starts_no_cycle(desk: Terminal) -> None:
    before = desk.type("status", "--json").document["cycles"]
    said = desk.type("run", "KO", "NOPE")
    assert said.code == 1
    assert said.err.startswith("starter: no bars of NOPE")
    assert said.err.count("\n") == 1
    assert desk.type("status", "--json").document["cycles"] == before


@pytest.mark.faults
def test_a_halted_desk_thinks_and_sends_nothing_until_it_is_resumed(desk: Terminal) -> None:
    assert desk.type("halt", "--reason", "lunch", "--json").document["state"] == "HALTED"
    orders = desk.type("orders", "--json").document
    thought = desk.type("run", "KO", "XOM", "--json").document
    assert (thought["report"]["shadow"], thought["orders"]) == (True, [])
    assert desk.type("orders", "--json").document == orders
    assert "HALTED by operator" in desk.type("status").out
    assert desk.type("resume", "--reason", "back", "--json").document["state"] == "ACTIVE"
    assert desk.type("resume", "--reason", "again").err == "starter: the desk refuses: the desk is ACTIVE already\n"
    unknown = desk.but(DESK_ID="nobody").type("resume", "--reason", "back")
    assert (unknown.code, unknown.err[:38]) == (1, "starter: desk nobody has no books yet:")
    mistyped = desk.but(DESK_ID="mian").type("halt", "--reason", "now")
    assert (mistyped.code, mistyped.err[:36]) == (1, "starter: desk mian has no books yet:")
    assert desk.type("run", "KO", "--json").document["report"]["shadow"] is False


@pytest.mark.faults
def test_one_strategy_is_halted_while_the_desk_trades_and_resumed(desk: Terminal) -> None:
    assert desk.type("halt", "--reason", "odd fills", "--strategy", "agents", "--json").document["state"] == "HALTED"
    look = desk.type("status", "--json").document
    assert look["breaker"]["state"] == "ACTIVE"
    assert [(one["strategy_id"], one["breaker"]["state"]) for one in look["strategies"]] == [("agents", "HALTED")]
    assert "odd fills" in desk.type("status").out
    back = desk.type("resume", "--reason", "they were ours", "--strategy", "agents")
    assert (back.code, back.out.strip()) == (0, "strategy agents ACTIVE: they were ours")
    again = desk.type("resume", "--reason", "again", "--strategy", "agents")
    assert again.err == "starter: the desk refuses: strategy agents is ACTIVE already\n"
    for words, said in {
        ("halt", "--strategy", "agent"): "the desk has no strategy agent, but agents",
        ("resume", "--strategy", "agent"): "the desk has no strategy agent, but agents",
        ("halt", "--strategy", "agents", "--flatten"): "--cancel-orders and --flatten are for the whole desk",
    }.items():
        refused = desk.type(*words, "--reason", "x")
        assert (refused.code, refused.err[: 9 + len(said)], refused.err.count("\n")) == (1, f"starter: {said}", 1)


@pytest.mark.faults
def test_a_moved_price_is_looked_at(desk: Terminal) -> None:
    assert desk.type("price-move", "WMT", "--percent", "-4", "--json").document["symbol"] == "WMT"
    cycles = desk.type("status", "--json").document["cycles"]
    assert "price_move" in {cycle["trigger"] for cycle in cycles}
    for words, said in {
        ("WMT", "--percent", "nan"): "not a percentage: nan",
        ("W_M",): "not a ticker: 'W_M'",
        (" ",): "name the symbol",
    }.items():
        refused = desk.type("price-move", *words)
        assert (refused.code, refused.err.splitlines()[0][: 9 + len(said)]) == (1, f"starter: {said}")
        assert len(refused.err.splitlines()) == 1


@pytest.mark.faults
def test_a_second_desk_on_the_same_home_is_refused(desk: Terminal) -> None:
    said = desk.type("up", "--once")
    assert said.code == 1
    assert "a desk is already running" in said.err
    assert said.out == ""


@pytest.mark.faults
def test_a_wrong_temporal_address_is_one_line(desk: Terminal) -> None:
    said = desk.but(TEMPORAL_ADDRESS="127.0.0.1:1", DB_HOST="127.0.0.1").type("status")
    assert said.code == 1
    assert said.err.startswith("starter: no Temporal server at 127.0.0.1:1 (")
    assert said.err.count("\n") == 1


@pytest.mark.faults
def test_a_narrow_terminal_keeps_every_line_within_its_width(desk: Terminal) -> None:
    narrow = desk.but(COLUMNS="80")
    for words in (["orders"], ["events"], ["doctor"]):
        assert max(map(len, narrow.type(*words).out.splitlines())) <= 80, words


@pytest.mark.faults
def test_a_worker_of_one_queue_serves_until_it_is_told_to_end(desk: Terminal) -> None:
    health = desk.folder / "health"
    running = desk.start("--queues", "agents", "--health-file", str(health), program=WORKER)
    running.wait_for("serving")
    running.wait_until(health.exists)
    assert running.end(signal.SIGTERM) == 0
    assert "draining" in running.said.read_text()
    assert "\x1b" not in running.said.read_text()
    assert not health.exists()


@pytest.mark.faults
def test_a_migrated_desk_can_be_migrated_again(desk: Terminal) -> None:
    said = desk.type("migrate", "--json")
    assert said.code == 0
    assert said.document["revision"] == desk.type("migrate", "--json").document["revision"]


@pytest.mark.faults
def test_a_worker_of_a_namespace_that_is_not_there_is_one_line(desk: Terminal) -> None:
    said = desk.but(TEMPORAL_NAMESPACE="nosuch").type(program=WORKER)
    assert said.code == 1
    assert said.err.startswith("worker: Temporal has no namespace nosuch: ")
    assert said.err.count("\n") == 1


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("looks", [5, pytest.param(100, marks=pytest.mark.soak)])
def test_each_of_many_looks_at_the_desk_ends_with_zero(desk: Terminal, looks: int) -> None:
    assert [desk.type("status", "--json").code for _ in range(looks)] == [0] * looks
