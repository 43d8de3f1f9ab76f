"""What a person and a program see of the trades that were only thought of."""

from __future__ import annotations

import json

import pytest

from console.output import Output
from console.shadow import show
from console.tables import decisions
from tests.properties.test_shadow_scoring import FREE, HALTED, look, trade
from trading.docket import Row
from trading.instruments import Side
from trading.shadow_scoring import score

WON = score(trade(), look(last="121"), HALTED, FREE)
LOST = score(trade(), look(last="89"), HALTED, FREE)
STANDING = score(trade(Side.SELL), look(last="97"), HALTED, FREE)


def test_totals_are_of_all_and_the_lists_of_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    show([WON, LOST, STANDING], Output(as_json=True), limit=1)
    said = json.loads(capsys.readouterr().out)
    assert [one["ending"] for one in said["closed"]] == ["stop"]
    assert [one["side"] for one in said["open"]] == ["sell"]
    assert said["totals"] == {
        "open": 1,
        "closed": 2,
        "won": 1,
        "lost": 1,
        "pnl": "100.00",
        "unrealised_pnl": "30.00",
    }


def test_a_person_sees_how_each_ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    show([WON, STANDING], Output(as_json=False), limit=50)
    said = capsys.readouterr().out
    for word in ("AAPL", "1, 1 won, 0 lost", "210.00 USD", "target", "open", "+210.00", "+30.00"):
        assert word in said
    show([], Output(as_json=False), limit=50)
    assert "no shadow trades" in capsys.readouterr().out


def test_a_decision_in_shadow_stands_in_the_table_of_a_cycle(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).show(None, decisions([Row(symbol="AAPL", order_state="shadow")], notes=False))
    assert "shadow" in capsys.readouterr().out
