"""`ask` and `inquiries` beside a desk that is up, without a key: real cycles, real tools, the rules' answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.console.conftest import homes_folder
from tests.console.terminal import Running, Terminal

Desk = tuple[Terminal, Running]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A desk that has run a cycle of three symbols."""
    with homes_folder() as found:
        terminal = Terminal(found, {})
        running = terminal.start("up", "AAPL", "MSFT", "JPM")
        try:
            running.wait_for("Serving until")
            yield terminal, running
        finally:
            running.end(signal.SIGTERM)


def test_a_question_without_a_worker_is_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    said = Terminal(tmp_path_factory.mktemp("home"), {}).type("ask", "what halted us?")
    assert said.code != 0
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("why did we not buy AAPL today?", "DataAgent"),
        ("what happened today?", "completed: outcome="),
        ("what halted us?", "Nothing halted us"),
        ("what did models cost this week?", "answers were free"),
        ("which agent is the slowest?", "Slowest"),
        ("what do we hold?", "cash"),
        ("what does the limit max_position mean?", "max_position"),
    ],
)
def test_the_documented_questions_are_answered_from_the_books(desk: Desk, question: str, words: str) -> None:
    said = desk[0].type("ask", question, "--json")
    assert said.code == 0, said.err
    report = said.document
    assert report["ending"] == "answered", report
    assert words in report["text"]
    assert report["model"] == "rules-1"


def test_an_answer_is_shown_with_what_it_rests_on_and_kept(desk: Desk) -> None:
    said = desk[0].type("ask", "why did we not buy AAPL today?")
    assert said.code == 0
    assert "query_view" in said.out
    assert "/SignalGenerated/AAPL" in said.out
    kept = desk[0].type("inquiries", "--json").document
    assert "why did we not buy AAPL today?" in {one["request"]["question"] for one in kept}


def test_what_is_to_be_done_is_refused_in_words(desk: Desk) -> None:
    report = desk[0].type("ask", "buy 100 AAPL", "--json").document
    assert (report["ending"], report["findings"]) == ("refused", [])
