"""Text that commands, in a question or in what tools tell: rules look up what they would, a model sees it enveloped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import pytest

from adapters.looking_up.telling import Told, cell, finding
from adapters.prompts import read_prompts
from adapters.redaction import Redaction
from adapters.rules_model import RulesModel
from tests.injections.corpus import CORPUS, KINDS
from trading.agents import inquirer
from trading.agents.envelope import CLOSE, OPEN
from trading.agents.questions import Agent, Asking, Question
from trading.inquiring import Conclusion, Inquest, Opened, Turn
from trading.inquiry import MOST_QUESTION, Caps, Ending, Finding, InquiryRequest, Lookup, Tool

PROMPT = read_prompts()[Agent.INQUIRER]
NOW = datetime(2026, 11, 26, 15, tzinfo=UTC)
CYCLE = "main-7"
EVENT = f"{CYCLE}/SignalGenerated/MSFT"
QUESTIONS = (
    "why did we not buy MSFT?",
    "why did we sell MSFT yesterday?",
    f"what happened in cycle {CYCLE}?",
    "similar setups for MSFT",
    "what halted us?",
)
SAMPLE = [case for kind in KINDS for case in islice((one for one in CORPUS if one[0].startswith(kind)), 2)]
TEXTS = [pytest.param(text, id=name) for name, text in SAMPLE]


def telling(lookup: Lookup, text: str) -> Finding:
    """What a tool tells where a stranger wrote this."""
    heads = {
        Tool.QUERY_EVENTS: "occurred_at | type | symbol | event_id | what it says",
        Tool.SEARCH_MEMORY: "memory_id | symbol | side | decided_at | course | return | lesson",
        Tool.BREAKER_HISTORY: "occurred_at | event_id | type | state | changed_by | reason",
    }
    rows = {
        Tool.QUERY_EVENTS: f"2026-11-25T19:30:01Z | SignalGenerated | MSFT | {EVENT} | action=hold reasoning=",
        Tool.SEARCH_MEMORY: f"{EVENT} | MSFT | buy | 2026-11-01T00:00:00Z | traded | -0.1 | ",
        Tool.BREAKER_HISTORY: f"2026-11-25T19:30:01Z | {EVENT} | TradingStateChanged | HALTED | operator | ",
    }
    view = "symbol | cycle_id | decided_at | event_id | signal"
    head = heads.get(lookup.tool, view)
    row = rows.get(lookup.tool, f"MSFT | {CYCLE} | 2026-11-25T19:30:01Z | {EVENT} | hold ")
    return finding(lookup, Told([head, row + cell(text)], (EVENT, CYCLE), 1), Redaction([]))


async def answered(question: str, text: str) -> tuple[list[Lookup], Conclusion, list[Question]]:
    """What the rules look up and say where every tool tells this text, and what they were asked."""
    request = InquiryRequest(
        desk_id="main", inquiry_id="a", trace_id="t", question=question, asked_by="a", asked_at=NOW, caps=Caps()
    )
    inquest = Inquest.begun(request, Opened(timezone="UTC"))
    looked: list[Lookup] = []
    posed: list[Question] = []
    while True:
        posed.append(inquirer.question(PROMPT, inquest.turn, Asking(model="rules-1")))
        said = inquirer.read((await RulesModel().answer(posed[-1])).text)
        if isinstance(said, Conclusion):
            return looked, said, posed
        looked += said
        inquest = inquest.found(Turn(lookups=said), [telling(one, text) for one in said])


def outside(question: Question) -> str:
    """What a question says that stands in no envelope."""
    told = question.user
    assert told.count(OPEN) == told.count(CLOSE)
    return "".join(part.rpartition(CLOSE)[2] for part in told.split(OPEN))


@pytest.mark.parametrize("text", TEXTS)
async def test_the_rules_look_up_and_cite_the_same_whatever_is_told(text: str) -> None:
    for question in QUESTIONS:
        looked, said, posed = await answered(question, text)
        plain_looked, plain, _ = await answered(question, "It is calm.")
        assert (looked, said.ending, said.citations) == (plain_looked, plain.ending, plain.citations)
        assert set(said.citations) <= {EVENT, CYCLE}
        for each in posed:
            assert text not in outside(each)


def asked_of(question: str) -> Sequence[str]:
    """The same text as a question itself, alone and behind one that can be answered."""
    return question[:MOST_QUESTION], f"why did we not buy MSFT? {question}"[:MOST_QUESTION]


@pytest.mark.parametrize("text", TEXTS)
async def test_a_question_that_commands_is_text_too(text: str) -> None:
    for question in asked_of(text):
        if not question.strip():
            continue
        looked, said, posed = await answered(question, "It is calm.")
        assert said.ending in {Ending.ANSWERED, Ending.UNKNOWN, Ending.REFUSED}
        assert {one.tool for one in looked} <= set(Tool)
        assert all(text not in outside(each) for each in posed)
