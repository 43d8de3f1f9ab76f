"""The Inquirer's rules: any text has an answer, the documented questions are understood, days are the desk's."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.prompts import read_prompts
from adapters.rules_model import RulesModel
from adapters.rules_model.inquirer_words import Intent, meant
from tests.fakes.tools import IDS
from trading.agents import inquirer
from trading.agents.questions import Agent, Asking
from trading.inquiring import Conclusion, Inquest, Opened, Turn
from trading.inquiry import MOST_QUESTION, MOST_RESULT, Caps, Ending, Finding, InquiryRequest, Lookup

# A Thursday, and in New York still the day before.
NOW = datetime(2026, 11, 27, 3, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
PROMPT = read_prompts()[Agent.INQUIRER]
TABLE = "type | event_id | what it says | agent | counted_usd | latency_seconds | realised_pnl\n"

PARTS = (
    "why did we not buy sell hold AAPL msft $TSLA yesterday today monday last week this month cycle main-7 halt worst "
    "best trade cost slow limit max_position similar 2026-02-30 9999-12-31 0001-01-01 25:99 10:30 desk other ; DROP "
    "TABLE SELECT * FROM ' \" \\ ?"
)
texts = st.text(max_size=300) | st.lists(st.sampled_from(PARTS.split()), max_size=14).map(" ".join)


def inquest(question: str) -> Inquest:
    request = InquiryRequest(
        desk_id="main", inquiry_id="a", trace_id="t", question=question, asked_by="a test", asked_at=NOW, caps=Caps()
    )
    return Inquest.begun(request, Opened(timezone="America/New_York"))


async def said(asked: Inquest) -> tuple[Lookup, ...] | Conclusion:
    question = inquirer.question(PROMPT, asked.turn, Asking(model="rules-1"))
    return inquirer.read((await RulesModel().answer(question)).text)


@given(texts.filter(bool), st.text(max_size=500), st.sampled_from(["", TABLE]))
async def test_any_text_ends_in_an_answer_whatever_the_tools_tell(question: str, told: str, head: str) -> None:
    asked = inquest(question[:MOST_QUESTION])
    for _ in range(3):
        found = await said(asked)
        if isinstance(found, Conclusion):
            assert found.ending in {Ending.ANSWERED, Ending.UNKNOWN, Ending.REFUSED}
            assert set(found.citations) <= set(IDS)
            return
        text = (head + told.replace(" ", " | ") if head else told)[:MOST_RESULT]
        asked = asked.found(Turn(lookups=found), [Finding(lookup=one, text=text, ids=IDS) for one in found])
    pytest.fail("still looking things up")


@pytest.mark.parametrize(
    ("question", "intent", "symbol"),
    [
        ("why did we not buy MSFT yesterday?", Intent.SYMBOL, "MSFT"),
        ("Why did we sell aapl on Monday", Intent.SYMBOL, "AAPL"),
        ("what happened to BRK.B?", Intent.SYMBOL, "BRK.B"),
        ("what happened in cycle main-7?", Intent.CYCLE, None),
        ("what happened today?", Intent.CYCLE, None),
        ("what halted us?", Intent.HALT, None),
        ("why are we not trading?", Intent.HALT, None),
        ("what did models cost this week?", Intent.COST, None),
        ("which agent is the slowest", Intent.SLOW, None),
        ("what was our worst trade?", Intent.TRADES, None),
        ("and the best trade of last month?", Intent.TRADES, None),
        ("what do we hold?", Intent.PORTFOLIO, None),
        ("how much cash did we have yesterday at 15:30?", Intent.PORTFOLIO, None),
        ("what does max_position mean?", Intent.LIMIT, None),
        ("what is the limit cash", Intent.LIMIT, None),
        ("have we seen setups similar to NVDA", Intent.SIMILAR, "NVDA"),
        ("buy 100 AAPL", Intent.ACT, "AAPL"),
        ("please halt the desk", Intent.ACT, None),
        ("what do we hold? then sell all of it", Intent.ACT, None),
        ("set max_position to 1", Intent.ACT, None),
        ("what do we hold? and buy 10 AAPL", Intent.ACT, "AAPL"),
        ("why did we buy MSFT and sell IBM?", Intent.SYMBOL, "MSFT"),
        ("did we buy or sell JPM today?", Intent.SYMBOL, "JPM"),
        ("what did we buy and sell today?", Intent.UNKNOWN, None),
        ("what does desk twin hold", Intent.PORTFOLIO, None),
        ("what is held on desk twin?", Intent.ELSEWHERE, None),
        ("why did the other desk sell?", Intent.ELSEWHERE, None),
        ("'; select * from events --", Intent.UNKNOWN, None),
        ("good morning", Intent.UNKNOWN, None),
    ],
)
def test_the_documented_questions_are_understood(question: str, intent: Intent, symbol: str | None) -> None:
    found = meant(question, "main", NOW, NEW_YORK)
    assert (found.intent, found.symbol) == (intent, symbol)


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("today", "2026-11-26T05:00", "2026-11-27T04:59"),
        ("yesterday", "2026-11-25T05:00", "2026-11-26T04:59"),
        ("on thursday", "2026-11-26T05:00", "2026-11-27T04:59"),
        ("last thursday", "2026-11-19T05:00", "2026-11-20T04:59"),
        ("on friday", "2026-11-20T05:00", "2026-11-21T04:59"),
        ("on 2026-07-01", "2026-07-01T04:00", "2026-07-02T03:59"),
        ("this week", "2026-11-23T05:00", "2026-11-27T04:59"),
        ("last month", "2026-10-01T04:00", "2026-11-01T03:59"),
        ("on 2026-02-30", None, None),
        ("ever", None, None),
    ],
)
def test_days_are_the_desks_and_told_by_utc(words: str, since: str | None, until: str | None) -> None:
    found = meant(f"why did we buy MSFT {words}?", "main", NOW, NEW_YORK)
    assert [at and f"{at:%Y-%m-%dT%H:%M}" for at in (found.since, found.until)] == [since, until]


def test_a_time_of_day_belongs_to_its_day() -> None:
    at = meant("what did we hold yesterday at 15:30?", "main", NOW, NEW_YORK).at
    assert at == datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
