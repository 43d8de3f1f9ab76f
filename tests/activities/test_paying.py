"""Paying in advance: what is reserved, what becomes of it when a call fails, and whom a strategy has asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from activities.agents import AgentActivities
from activities.casting import Cast
from tests.activities.test_agents import SEEN, Replies
from tests.fakes.faulty import Fault, faulty
from tests.fakes.memory import MemoryJournal, MemorySnapshots
from tests.fakes.seats import RULES, Dear, cast, seat
from tests.making import cycle
from tests.trading.agents.cases import books, holding
from tests.trading.agents.test_reading import GOOD
from trading.agents.budget import Budget, Caps, Level
from trading.agents.estimates import FRAME_TOKENS, upper_tokens
from trading.agents.facts import Books
from trading.agents.questions import Agent, Question, Repair, Reply, Usage
from trading.errors import LedgerUnavailable, ModelRefused, ModelUnavailable
from trading.ports import Journal
from trading.signals import Abstention, Signal
from trading.spending import SpendState
from trading.steps import SignalAsked, SignalHeard, Terms


def spent(journal: MemoryJournal) -> list[tuple[int, str, str]]:
    """Attempt, state and dollars of every row."""
    return [(at.number, row.state, f"{row.counted.usd.normalize():f}") for at, row in journal.spend.items()]


def told(number: int = 1, terms: Terms = Terms(), *, held: bool = False) -> SignalAsked:  # noqa: B008  frozen
    own = books(holding("AAPL")) if held else books()
    return SignalAsked(
        cycle=cycle("AAPL", number=number),
        snapshot_id=SEEN.snapshot_id,
        symbol="AAPL",
        books=Books.of(own, "AAPL"),
        terms=terms,
    )


async def ask(
    seated: Cast,
    journal: Journal,
    asked: SignalAsked,
    budget: Budget = Budget(),  # noqa: B008  frozen
    attempt: int = 1,
) -> SignalHeard:
    """Ask the DataAgent as Temporal would, at this try of the step."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    activities = AgentActivities(seated, journal, MemorySnapshots(SEEN), budget)
    heard: SignalHeard = await environment.run(activities.ask_data, asked)
    return heard


@pytest.mark.parametrize(
    ("error", "row"),
    [
        (ModelRefused("no such key", uncharged=True), (1, "released", "0.1")),
        (ModelRefused("not a model's API"), (1, "lost", "0.1")),
    ],
)
async def test_a_refusal_costs_nothing_where_that_is_certain(error: Exception, row: tuple[int, str, str]) -> None:
    journal = MemoryJournal()
    heard = await ask(cast(seat(Replies(error))), journal, told())
    assert isinstance(heard.answer, Abstention)
    assert spent(journal) == [row]


async def test_a_try_that_broke_off_counts_and_the_next_reserves_anew() -> None:
    journal, model = MemoryJournal(), Replies(ModelUnavailable("cut off"), GOOD)
    with pytest.raises(ModelUnavailable):
        await ask(cast(seat(model)), journal, told())
    assert isinstance((await ask(cast(seat(model)), journal, told(), attempt=2)).answer, Signal)
    assert spent(journal) == [(1, "lost", "0.1"), (2, "settled", "0.01")]


async def test_a_reply_that_could_not_be_kept_is_settled_by_the_next_try_of_this_process() -> None:
    kept, model = MemoryJournal(), Replies(GOOD)
    journal = faulty(kept, Fault("keep", 1, "before", "error", LedgerUnavailable))
    activities = AgentActivities(cast(seat(model)), journal, MemorySnapshots(SEEN))
    environment = ActivityEnvironment()
    with pytest.raises(LedgerUnavailable):
        await environment.run(activities.ask_data, told())
    assert isinstance((await environment.run(activities.ask_data, told())).answer, Signal)
    assert (len(model.asked), spent(kept)) == (1, [(1, "settled", "0.01")])


async def test_what_the_journal_knows_costs_nothing_even_when_all_is_spent() -> None:
    journal, model = MemoryJournal(), Replies(GOOD)
    for number, cap in ((1, Decimal(1)), (2, Decimal(0))):
        heard = await ask(cast(seat(model)), journal, told(number), Budget(day=Caps(usd=cap)))
        assert isinstance(heard.answer, Signal)
        assert heard.strain is None
    assert len(journal.spend) == 1


async def test_when_all_is_spent_rules_judge_what_is_held_and_nobody_the_rest() -> None:
    journal, model, nothing = MemoryJournal(), Replies(GOOD), Budget(month=Caps(usd=Decimal(0)))
    held = await ask(cast(seat(model)), journal, told(held=True), nothing)
    assert held.source is not None
    assert held.source.model == "rules-1"
    free = await ask(cast(seat(model)), journal, told(), nothing)
    assert isinstance(free.answer, Abstention)
    assert free.answer.cause == "BudgetSpent"
    assert [heard.strain and heard.strain.level for heard in (held, free)] == [Level.CLOSED, Level.CLOSED]
    assert (model.asked, journal.spend) == ([], {})


async def test_what_is_free_is_asked_whatever_was_spent_and_is_in_no_ledger() -> None:
    journal = MemoryJournal()
    heard = await ask(cast(RULES), journal, told(), Budget(day=Caps(calls=0)))
    assert isinstance(heard.answer, Signal)
    assert (heard.strain, journal.spend) == (None, {})


async def test_a_repair_that_is_not_paid_for_is_left_to_the_rules() -> None:
    journal, model = MemoryJournal(), Replies("mumble", GOOD)
    heard = await ask(cast(seat(model)), journal, told(held=True), Budget(cycle=Caps(usd=Decimal("0.1"))))
    assert len(model.asked) == 1
    assert heard.source is not None
    assert heard.source.model == "rules-1"


async def test_calls_side_by_side_wait_for_each_other_rather_than_be_left_out() -> None:
    class Slow(Replies):
        async def answer(self, question: Question) -> Reply:
            await asyncio.sleep(0.01)
            return await super().answer(question)

    journal, budget = MemoryJournal(), Budget(day=Caps(usd=Decimal("0.13")))
    activities = AgentActivities(cast(seat(Slow(GOOD))), journal, MemorySnapshots(SEEN), budget)
    asked = [told(number, Terms(prompt="data-3")) for number in range(1, 4)]
    # Three cycles with questions of their own: only their books differ.
    asked = [
        one.model_copy(update={"books": one.books.model_copy(update={"cash": float(number)})})
        for number, one in enumerate(asked)
    ]
    heard = await asyncio.gather(*(activities.ask_data(one) for one in asked))
    assert [type(one.answer) for one in heard] == [Signal] * 3
    assert [row.state for row in journal.spend.values()] == [SpendState.SETTLED] * 3


async def test_a_strategy_has_its_own_model_and_budget() -> None:
    journal, usual, other = MemoryJournal(), Replies(GOOD), Replies(GOOD)
    seated = cast(seat(usual), {"other-1": seat(other, name="other-1")})
    terms = Terms(model="other-1", prompt="data-3", budget_usd_per_day=Decimal("0.10"))
    heard = await ask(seated, journal, told(terms=terms))
    assert isinstance(heard.answer, Signal)
    assert (len(usual.asked), [question.model for question in other.asked]) == (0, ["other-1"])
    spent_up = await ask(seated, journal, told(2, terms.model_copy(update={"model": ""})))
    assert isinstance(spent_up.answer, Abstention)
    assert "of this strategy today" in spent_up.answer.reason


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(prompt="data-99"), "no prompt data-99 for the DataAgent (there are data-3)"),
        (Terms(model="nobody-1"), "no model nobody-1 can be had for the DataAgent here"),
    ],
)
async def test_a_name_that_there_is_not_is_an_abstention_that_says_so(terms: Terms, words: str) -> None:
    model = Replies(GOOD)
    seated = cast(seat(model))
    seated = replace(seated, named=Cast(seated.seats, seated.prompts).named)
    heard = await ask(seated, MemoryJournal(), told(terms=terms))
    assert isinstance(heard.answer, Abstention)
    assert (heard.answer.cause, heard.answer.reason) == ("BadConfiguration", words)
    assert model.asked == []


async def test_a_model_without_a_known_price_is_settled_at_the_worst_case() -> None:
    journal, million = MemoryJournal(), Budget(unknown_usd_per_million_tokens=Decimal(1000))
    await ask(cast(seat(Dear(Replies(GOOD), None), None)), journal, told(), million)
    [row] = journal.spend.values()
    assert (row.counted.usd, row.counted.unpriced, row.asked.offers[0].most.unpriced) == (Decimal(1), 1, 1)
    silent = MemoryJournal()
    await ask(cast(seat(Replies(Reply(text=GOOD, model="local")), None)), silent, told(), million)
    [kept] = silent.spend.values()
    assert kept.counted == kept.asked.offers[0].most


@pytest.mark.parametrize("text", ["plain words", "\u80a1\u4ef7", "\U0001f4c8"])
def test_no_model_counts_more_tokens_than_the_upper_bound(text: str) -> None:
    plain = Question(
        agent=Agent.DATA,
        model="m",
        system=text,
        user=text,
        answer_schema={},
        facts={},
        parameters={"max_tokens": 77},
        prompt_version="1",
    )
    size = len(text.encode())
    assert upper_tokens(plain) == (2 * size + 2 + FRAME_TOKENS, size, 77)
    again = plain.model_copy(update={"repair": Repair(said=text, wrong="no")})
    assert upper_tokens(again).told == upper_tokens(plain).told + size + 2


async def test_what_a_call_takes_is_what_its_provider_says() -> None:
    journal = MemoryJournal()
    used = Usage(input_tokens=7, output_tokens=5)
    reply = Reply(text=GOOD, model="m", usage=used, cost_usd=Decimal("0.000000001"))
    await ask(cast(seat(Replies(reply))), journal, told())
    [row] = journal.spend.values()
    assert (row.counted.tokens, row.counted.usd) == (12, Decimal("0.000000001"))
