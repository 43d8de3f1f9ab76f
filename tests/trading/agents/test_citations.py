"""What counts as citing a number, what cites nothing, and what bears a number out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.market import look
from adapters.file_market import FileMarket
from adapters.rules_model import RulesModel
from tests.fakes.asking import PROMPTS
from tests.rig import CALENDAR, SYMBOLS
from tests.trading.agents.cases import ASK, assessment, books, candidate, facts, proposal, snapshot
from trading.agents import data, meta, risk, validator
from trading.agents.citations import checked, unsupported
from trading.agents.facts import Books
from trading.agents.questions import Agent

TOLD = {
    "symbol": "MMM",
    "name": "<untrusted>3M Company</untrusted>",
    "figures": {"price": 187.25, "rsi_14": 62.3456, "sma_200": 150.1234, "distance_from_52w_high": -0.052},
    "books": {"equity": 100234.55, "positions": [{"shares": 50, "weight": 0.094}]},
    "average_volume_20": 2123456,
    "headlines": [{"text": "<untrusted>Revenue up 34 %</untrusted>"}],
}


@pytest.mark.parametrize(
    "words",
    [
        "Price 187.25 above SMA200 150.12, RSI(14) 62.3, 5.2% below the 52-week high.",
        "about $187 and 2.1M shares a day, 2.12 million",
        "equity of $100,234.55, roughly $100k",
        "3M rises: 3 of 5 signs agree over 20 days, 50/200-day cross, 10-20 sessions",
        "EMA 20 over EMA 50, sma_200 150.12, MACD (12, 26, 9), bollinger 20",
        "a stop 2.5 ATR away, 2:1 reward, 1.5x risk",
        "RSI below 70 and above the 50, under 30",
        "score 0.62 of 0.35 needed, votes +0.85, confidence 0.7, risk 0.30, rank 3",
        "9.4 % of equity, 50 shares",
        "520 bps below the high; S&P 500 is unknown",
        "",
    ],
)
def test_numbers_that_were_told_or_cite_nothing_pass(words: str) -> None:
    assert unsupported([words], TOLD) == ()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("RSI 55 and P/E 23.7", ("55", "23.7")),
        ("revenue grew 34 %", ("34 %",)),
        ("price 1,872.5", ("1,872.5",)),
        ("levels 91.5,104.25, 12345,678", ("91.5", "104.25", "12345", "678")),
        ("trades at 190.00, 50/200-day cross", ("190.00",)),
        ("a target of $ 210 and again $ 210", ("$ 210",)),
        ("reported on 2026-11-20", ("2026", "11", "20")),
        ("RSI below 71", ("71",)),
        ("\u0661\u0662\u0663.5 dollars", ("\u0661\u0662\u0663.5",)),
    ],
)
def test_numbers_that_nobody_told_are_named_as_written(words: str, found: tuple[str, ...]) -> None:
    assert unsupported([words], TOLD) == found


def test_the_answers_own_numbers_bear_its_words_out() -> None:
    said = proposal(reasoning="Stop at 97, target 104.50, a weight of 10 %.").signal
    assert checked(said, TOLD).uncited == ()
    assert checked(said.model_copy(update={"stop": None}), TOLD).uncited == ("97",)


def test_no_more_than_twelve_are_named() -> None:
    assert len(unsupported([" ".join(f"{n}.5" for n in range(300, 400))], TOLD)) == 12


def test_the_next_agents_are_told_which_numbers_were_not_there() -> None:
    told = candidate()
    assert told.validation is not None
    doubtful = told.model_copy(
        update={
            "proposal": proposal(uncited=("23.7",)),
            "assessment": assessment().model_copy(update={"uncited": ("41 %",)}),
            "validation": told.validation.model_copy(update={"uncited": ("$ 9",)}),
        }
    )
    seen, known = snapshot(facts()), Books.of(books())
    for question, numbers in (
        (risk.question(PROMPTS[Agent.RISK], [doubtful.proposal], known, seen, ASK), ["23.7"]),
        (
            validator.question(
                PROMPTS[Agent.VALIDATOR], validator.Case(doubtful.proposal, doubtful.assessment), seen, ASK
            ),
            ["23.7", "41 %"],
        ),
        (meta.question(PROMPTS[Agent.META], meta.Weighed([doubtful], known), seen, ASK), ["23.7", "41 %", "$ 9"]),
    ):
        assert all(f'"{number}"' in question.user for number in numbers)
        assert question.user.count("unsupported_numbers") == len(numbers)


async def test_the_rules_own_words_cite_nothing_that_they_were_not_told(sample_data: Path) -> None:
    calendar, market = CALENDAR, FileMarket(sample_data, CALENDAR)
    at = await market.latest(datetime(2026, 11, 22, tzinfo=UTC))
    looked = 0
    for days in range(0, 600, 60):
        as_of = calendar.last_session(at - timedelta(days=days)).closes_at
        seen = await look(market, calendar, SYMBOLS, as_of, max_age=timedelta(days=5))
        for each in seen.symbols:
            symbol = each.instrument.symbol
            question = data.question(PROMPTS[Agent.DATA], each, Books.of(books(), symbol), as_of, ASK)
            said = data.read((await RulesModel().answer(question)).text, symbol)
            assert checked(said, question.facts).uncited == (), said.reasoning
            looked += 1
    assert looked >= 24
