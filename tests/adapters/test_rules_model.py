"""The rules model: plain rules over the facts, through the same questions and readers as any language model."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.rules_model import NAME, RulesModel
from adapters.rules_model import data as data_rules
from adapters.rules_model.validator import misquotes
from tests.trading.agents.cases import (
    ASK,
    AT,
    FALLING,
    PROMPTS,
    assessment,
    books,
    candidate,
    facts,
    holding,
    proposal,
    sale,
    snapshot,
)
from tests.trading.remembered import recalled
from trading.agents import data, meta, risk, validator
from trading.agents.facts import Books, Figures
from trading.agents.questions import Agent, Question
from trading.errors import ModelRefused
from trading.instruments import Side
from trading.market import Snapshot, SymbolFacts
from trading.memory import Precedents
from trading.portfolio import Portfolio
from trading.proposals import Proposal
from trading.readings import Reading
from trading.signals import Action, RiskAssessment, Signal, Validation, Verdict
from trading.snapshots import assemble, last_completed

Look = Callable[[date], Awaitable[Snapshot]]
SAMPLE = Path(__file__).resolve().parents[2] / "data"
MODEL = RulesModel()


async def _ask(question: Question) -> str:
    return (await MODEL.answer(question)).text


async def _signal(seen: SymbolFacts, portfolio: Portfolio | None = None) -> Signal:
    text = await _ask(
        data.question(PROMPTS[Agent.DATA], seen, Books.of(portfolio or books(), seen.instrument.symbol), AT, ASK)
    )
    return data.read(text, seen.instrument.symbol)


async def _assess(
    proposals: list[Proposal], portfolio: Portfolio | None = None, **numbers: float
) -> Mapping[str, RiskAssessment]:
    seen = snapshot(*(facts(p.symbol, **numbers) for p in proposals))
    text = await _ask(risk.question(PROMPTS[Agent.RISK], proposals, Books.of(portfolio or books()), seen, ASK))
    return {one.symbol: one for one in risk.read(text, proposals)}


async def _validate(one: Proposal, **numbers: float) -> Validation:
    text = await _ask(
        validator.question(
            PROMPTS[Agent.VALIDATOR],
            validator.Case(one, assessment(one.symbol)),
            snapshot(facts(one.symbol, **numbers)),
            ASK,
        )
    )
    return validator.read(text, one.symbol)


async def test_a_calm_rise_is_bought_at_a_size_that_risks_half_a_percent() -> None:
    signal = await _signal(facts())
    assert signal.action is Action.BUY
    assert float(signal.weight or 0) == pytest.approx(0.005 / (2 * 1.5 / 100), abs=1e-4)
    assert (float(signal.stop or 0), float(signal.target or 0)) == (97.0, 104.5)
    assert "SMA200 88.00" in signal.reasoning


async def test_a_very_calm_rise_asks_for_more_than_the_limit_lets_pass() -> None:
    signal = await _signal(facts(atr_14=0.5))
    assert float(signal.weight or 0) == 0.25


async def test_a_deep_fall_in_a_rising_long_trend_is_bought() -> None:
    signal = await _signal(facts(rsi_14=28.0, bollinger_lower=100.5, sma_50=103.0, ema_20=102.0, ema_50=103.0))
    assert (signal.action, signal.horizon_days) == (Action.BUY, 10)


@pytest.mark.parametrize(
    ("numbers", "because"),
    [
        (FALLING, "mixed"),
        ({"rsi_14": 78.0}, "stretched"),
        ({"bollinger_upper": 99.0}, "stretched"),
        ({"macd_histogram": -0.1}, "mixed"),
        ({"atr_14": 0.0}, "thinly"),
    ],
)
async def test_anything_less_is_held(numbers: Mapping[str, float], because: str) -> None:
    signal = await _signal(facts(**numbers))
    assert signal.action is Action.HOLD
    assert because in signal.reasoning


async def test_what_is_held_in_a_rise_is_neither_doubled_nor_sold() -> None:
    assert (await _signal(facts(), books(holding()))).action is Action.HOLD


async def test_a_broken_trend_is_sold_whole() -> None:
    signal = await _signal(facts(**FALLING), books(holding(shares=37)))
    assert (signal.action, signal.quantity) == (Action.SELL, Decimal(37))


async def test_a_price_far_above_its_band_is_sold() -> None:
    signal = await _signal(facts(rsi_14=82.0, bollinger_upper=99.0), books(holding()))
    assert signal.action is Action.SELL


async def test_what_is_not_held_is_never_sold() -> None:
    assert (await _signal(facts(**FALLING), books(holding("MSFT")))).action is Action.HOLD


async def test_the_votes_reach_from_minus_one_to_one() -> None:
    assert data_rules.score(Figures.of(facts())) == 1.0
    assert data_rules.score(Figures.of(facts(**FALLING))) == -1.0


async def test_one_quiet_buy_passes_whole() -> None:
    assert (await _assess([proposal()]))["AAPL"].adjusted_quantity == 100


async def test_high_volatility_halves() -> None:
    one = (await _assess([proposal()], realised_volatility_20=0.5))["AAPL"]
    assert (one.approved, one.adjusted_quantity) == (True, Decimal(50))


async def test_extreme_volatility_is_refused() -> None:
    one = (await _assess([proposal()], realised_volatility_20=0.9))["AAPL"]
    assert (one.approved, one.adjusted_quantity) == (False, Decimal(0))
    assert one.concerns


async def test_the_less_sure_of_two_buys_of_a_sector_is_halved() -> None:
    one = await _assess([proposal("AAPL", confidence=0.6), proposal("MSFT", confidence=0.8)])
    assert (one["MSFT"].adjusted_quantity, one["AAPL"].adjusted_quantity) == (Decimal(100), Decimal(50))
    assert one["AAPL"].risk_score > one["MSFT"].risk_score


async def test_a_holding_of_the_sector_halves_a_buy() -> None:
    one = await _assess([proposal()], books(holding("MSFT")))
    assert one["AAPL"].adjusted_quantity == 50


async def test_a_holding_that_is_being_sold_does_not() -> None:
    one = await _assess([sale("MSFT"), proposal()], books(holding("MSFT")))
    assert (one["MSFT"].adjusted_quantity, one["AAPL"].adjusted_quantity) == (Decimal(50), Decimal(100))


async def test_a_sale_passes_whole_in_any_weather() -> None:
    one = (await _assess([sale()], books(holding()), **{**FALLING, "realised_volatility_20": 2.0}))["AAPL"]
    assert (one.approved, one.adjusted_quantity) == (True, Decimal(50))


async def test_a_sound_buy_is_validated_with_its_pattern() -> None:
    one = await _validate(proposal())
    assert one.approved
    assert "uptrend" in one.patterns


@pytest.mark.parametrize(
    ("one", "numbers"),
    [
        (proposal(), FALLING),
        (proposal(), {"rsi_14": 83.0}),
        (proposal(stop="99.9"), {}),
        (proposal(reasoning="RSI 30.0 says oversold"), {}),
        (proposal(reasoning="SMA200 at 70.5 is far below"), {}),
        (sale(), {}),
    ],
)
async def test_a_contradiction_is_rejected(one: Proposal, numbers: Mapping[str, float]) -> None:
    validation = await _validate(one, **numbers)
    assert not validation.approved
    assert validation.concerns


async def test_a_sale_of_a_broken_trend_is_validated() -> None:
    broken = sale().model_copy(update={"signal": sale().signal.model_copy(update={"reasoning": "trend broken"})})
    assert (await _validate(broken, **FALLING)).approved


@pytest.mark.parametrize(
    ("numbers", "pattern"),
    [
        ({"sma_50": 89.0}, "golden_cross"),
        ({**FALLING, "sma_50": 114.0}, "death_cross"),
        ({"distance_from_52w_high": 0.0, "volume_zscore_20": 1.5}, "breakout"),
        ({"sma_20": 101.0}, "pullback"),
        ({"rsi_14": 71.0}, "overbought"),
        ({"rsi_14": 29.0}, "oversold"),
        ({"volume_zscore_20": 3.2}, "volume_climax"),
        ({"macd_histogram": -0.1}, "bearish_divergence"),
        ({"return_20d": -0.04}, "bullish_divergence"),
        ({"bollinger_upper": 99.0, "bollinger_lower": 97.0}, "band_squeeze"),
        (FALLING, "downtrend"),
    ],
)
async def test_each_pattern_is_named_when_the_figures_show_it(numbers: Mapping[str, float], pattern: str) -> None:
    assert pattern in (await _validate(proposal(), **numbers)).patterns
    assert pattern not in (await _validate(proposal())).patterns


@pytest.mark.parametrize(
    "said",
    [
        "RSI (14) is 62.0, the 20-day average rises, SMA50 95.00 > SMA200 88, EMA20=98",
        "price 5 % above its 50-day mean, RSI 14 neutral, MACD (12, 26, 9) positive",
        "price $100.00, ATR 1.50, macd_histogram 0.2",
        "no numbers at all",
    ],
)
def test_true_quotes_are_no_misquotes(said: str) -> None:
    assert list(misquotes(said, Figures.of(facts()))) == []


@pytest.mark.parametrize("said", ["RSI: 30", "price of 1,250.00", "sma_200 = 120", "EMA(50) 99.9", "ATR 14 15.0"])
def test_an_invented_number_is_found(said: str) -> None:
    assert len(list(misquotes(said, Figures.of(facts())))) == 1


async def test_the_five_best_buys_are_executed() -> None:
    symbols = [f"A{n}" for n in range(7)]
    candidates = [candidate(symbol, confidence=0.6 + n / 50) for n, symbol in enumerate(symbols)]
    seen = snapshot(*(facts(symbol) for symbol in symbols))
    decisions = meta.read(
        await _ask(meta.question(PROMPTS[Agent.META], meta.Weighed(candidates, Books.of(books())), seen, ASK)),
        candidates,
    )
    executed = [d.symbol for d in decisions if d.verdict is Verdict.EXECUTE]
    assert executed == symbols[2:]
    assert all(d.quantity == 100 for d in decisions if d.verdict is Verdict.EXECUTE)


async def test_a_risky_or_doubtful_buy_is_not_executed_and_a_sale_is() -> None:
    candidates = [
        candidate("AAPL", risk_score=0.6),
        candidate("MSFT", confidence=0.3),
        candidate("XOM", confidence=0.3).model_copy(update={"proposal": sale("XOM")}),
    ]
    seen = snapshot(*(facts(c.proposal.symbol) for c in candidates))
    decisions = meta.read(
        await _ask(meta.question(PROMPTS[Agent.META], meta.Weighed(candidates, Books.of(books())), seen, ASK)),
        candidates,
    )
    assert [d.verdict for d in decisions] == [Verdict.DO_NOT_EXECUTE, Verdict.DO_NOT_EXECUTE, Verdict.EXECUTE]


async def test_the_same_question_has_the_same_answer() -> None:
    question = data.question(PROMPTS[Agent.DATA], facts(), Books.of(books()), AT, ASK)
    first, second = await MODEL.answer(question), await RulesModel().answer(question)
    assert first == second
    assert first.model == NAME


async def test_facts_of_another_shape_are_refused() -> None:
    question = data.question(PROMPTS[Agent.DATA], facts(), Books.of(books()), AT, ASK)
    with pytest.raises(ModelRefused, match="cannot read the facts"):
        await MODEL.answer(question.model_copy(update={"facts": {"symbol": "AAPL"}}))


async def test_an_agent_without_rules_is_refused() -> None:
    question = data.question(PROMPTS[Agent.DATA], facts(), Books.of(books()), AT, ASK)
    with pytest.raises(ModelRefused, match="no rules for"):
        await MODEL.answer(question.model_copy(update={"agent": "Poet"}))


@pytest.fixture(scope="module")
async def market_of() -> Look:
    """Real prices: the sample's twenty stocks at the close of a day."""
    calendar = ExchangeCalendar("XNYS", until=date(2018, 1, 1))
    market = FileMarket(SAMPLE, calendar)
    symbols = _sampled()

    async def look(day: date) -> Snapshot:
        at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
        reading = Reading(
            provider=market.name,
            adjustment=market.adjustment,
            synthetic=False,
            as_of=at,
            taken_at=at,
            instruments=await market.instruments(symbols),
            bars=await market.bars(symbols, at, 300),
            quotes=await market.quotes(symbols, at),
        )
        completed_on = last_completed(calendar, at).session_on
        return assemble(reading, symbols, completed_on=completed_on, max_quote_age=timedelta(days=1))

    return look


def _sampled() -> list[str]:
    lines = (SAMPLE / "sectors.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.split(",")[0] for line in lines]


async def test_on_real_prices_of_a_rising_market_a_few_of_many_are_bought(market_of: Look) -> None:
    seen = await market_of(date(2017, 11, 10))
    actions = [(await _signal(one)).action for one in seen.symbols]
    assert len(actions) >= 10
    assert 2 <= actions.count(Action.BUY) <= len(actions) // 2
    assert Action.SELL not in actions


async def test_on_real_prices_what_is_held_is_sold_where_the_trend_broke(market_of: Look) -> None:
    seen = await market_of(date(2017, 11, 10))
    sold: list[str] = []
    kept: list[str] = []
    for one in seen.symbols:
        symbol = one.instrument.symbol
        signal = await _signal(one, books(holding(symbol)))
        (sold if signal.action is Action.SELL else kept).append(symbol)
        assert signal.action is not Action.BUY
        if signal.action is Action.SELL:
            figures = Figures.of(one)
            assert data_rules.score(figures) <= data_rules.SELL_SCORE or figures.rsi_14 > data_rules.HOT_RSI
    assert sold
    assert len(kept) > len(sold)


async def test_a_number_that_nobody_told_is_a_reason_to_reject() -> None:
    told = proposal()
    invented = told.model_copy(update={"signal": told.signal.model_copy(update={"uncited": ("$412",)})})
    assert (await _validate(told)).approved
    found = await _validate(invented)
    assert (found.approved, found.concerns[0]) == (False, "Cites what nobody told: $412.")


async def test_the_validator_doubts_for_each_near_loss_that_no_near_win_makes_up_for() -> None:
    near = [recalled(f"m-{number}", distance) for number, distance in enumerate((0.1, 0.4, 1.5))]
    plain = await _validated(None)
    for wins, doubts in (((), 2), ((recalled("w-1", 0.3, made=0.05),), 1)):
        told = await _validated(Precedents(symbol="AAPL", side=Side.BUY, wins=wins, losses=tuple(near)))
        lost = [one for one in told.concerns if one == "A setup like it in AAPL lost 5.0% (stop)."]
        assert len(lost) == doubts
        assert told.confidence == pytest.approx(plain.confidence - 0.1 * doubts)


async def _validated(past: Precedents | None) -> Validation:
    case = validator.Case(proposal(), assessment(), past)
    question = validator.question(PROMPTS[Agent.VALIDATOR], case, snapshot(facts()), ASK)
    return validator.read(await _ask(question), "AAPL")
