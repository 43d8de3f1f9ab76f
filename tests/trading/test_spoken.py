"""A cycle's events as lines: of a debate, each side's last word stands for it."""

from __future__ import annotations

from tests.making import after, cycle
from trading.agents.questions import Agent
from trading.cycle_events import argument_made
from trading.signals import Argument
from trading.spoken import lines, voices
from trading.steps import Source


def test_of_a_debate_the_last_word_of_each_side_is_told() -> None:
    said = [(Agent.BULL, 0.8), (Agent.BEAR, 0.2), (Agent.BULL, 0.6), (Agent.BEAR, 0.5)]
    events = [
        argument_made(
            cycle("AAPL"),
            Argument(symbol="AAPL", speaker=speaker, conviction=conviction, points=("It rises.",)),
            word,
            Source(model="m-1", prompt_version="p-1", call_id=f"call-{word}"),
            after(word),
        )
        for word, (speaker, conviction) in enumerate(said, start=1)
    ]
    [line] = lines(events)
    assert [(word.who, word.says, word.why, word.call_id) for word in line.words] == [
        ("Bull", "0.60", "It rises.", "call-3"),
        ("Bear", "0.50", "It rises.", "call-4"),
    ]
    assert [(one.agent, one.approves) for one in voices(line)] == [(Agent.BULL, True), (Agent.BEAR, True)]
