"""Asking an agent: what a reply must be to be read, who answers in whose place, and what is never paid for twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.agents import AgentActivities
from activities.calls import Seat
from activities.casting import Cast
from activities.hearing import FALLBACK_FROM
from tests.fakes.asking import PROMPTS
from tests.fakes.faulty import Fault, faulty
from tests.fakes.memory import MemoryJournal, MemorySnapshots
from tests.making import cycle
from tests.trading.agents.cases import books, facts, snapshot
from tests.trading.agents.test_reading import GOOD
from trading.agents.budget import Budget, Caps
from trading.agents.estimates import Tokens
from trading.agents.facts import Books
from trading.agents.questions import MOST_SAID, Agent, Asking, Question, Reply, Stop, Usage
from trading.errors import LedgerUnavailable, ModelRefused, ModelUnavailable
from trading.ports import Journal, LanguageModel
from trading.signals import Abstention, Signal
from trading.steps import SignalAsked, SignalHeard

SEEN = snapshot(facts("AAPL"), facts("MSFT"))
SPENT = Usage(input_tokens=900, output_tokens=100)


class Replies:
    """A model that gives these replies one after the other, the last one for ever; errors are raised."""

    def __init__(self, *replies: str | Reply | Exception, name: str = "first-20261101") -> None:
        self.asked: list[Question] = []
        self._replies = replies
        self._name = name

    async def answer(self, question: Question) -> Reply:
        said = self._replies[min(len(self.asked), len(self._replies) - 1)]
        self.asked.append(question)
        await asyncio.sleep(0)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Reply):
            return said
        return Reply(text=said, model=self._name, usage=SPENT, cost_usd=Decimal("0.01"))


def seated(model: LanguageModel, fallback: LanguageModel | None = None, patience_seconds: float = 30) -> Seat:
    instead = None if fallback is None else Seat(fallback, Asking(model="second"), tariff=a_cent)
    return Seat(model, Asking(model="first"), instead, patience_seconds, a_cent)


def a_cent(tokens: Tokens) -> Decimal:
    return Decimal("0.01")


def agents(seat: Seat, journal: Journal | None = None, budget: Budget | None = None) -> AgentActivities:
    seats = dict.fromkeys(Agent, seat)
    return AgentActivities(Cast(seats, PROMPTS), journal or MemoryJournal(), MemorySnapshots(SEEN), budget or Budget())


async def ask(
    asked: AgentActivities, symbol: str = "AAPL", attempt: int = 1, number: int = 1, seconds: float = 90
) -> SignalHeard:
    """Ask the DataAgent as Temporal would, at this try of the step, which may take so many seconds."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt, start_to_close_timeout=timedelta(seconds=seconds))
    told = SignalAsked(
        cycle=cycle(symbol, number=number),
        snapshot_id=SEEN.snapshot_id,
        symbol=symbol,
        books=Books.of(books(), symbol),
    )
    heard: SignalHeard = await environment.run(asked.ask_data, told)
    return heard


def abstained(heard: SignalHeard) -> tuple[str, str]:
    assert isinstance(heard.answer, Abstention)
    return heard.answer.cause, heard.answer.reason


async def test_an_answer_names_who_gave_it_and_what_was_asked() -> None:
    model = Replies(GOOD)
    heard = await ask(agents(seated(model)))
    assert isinstance(heard.answer, Signal)
    assert heard.source is not None
    [question] = model.asked
    assert heard.source.model_dump() == {
        "model": "first-20261101",
        "prompt_version": "data-3",
        "prompt_hash": question.prompt_hash,
        "call_id": question.call_id,
    }


async def test_numbers_that_were_never_told_are_named_beside_the_answer() -> None:
    invented = GOOD.replace("Price 100 above SMA200 88.", "Price 100 above SMA200 88, P/E 23.7 and 41 % growth.")
    heard = await ask(agents(seated(Replies(invented))))
    assert isinstance(heard.answer, Signal)
    assert heard.answer.uncited == ("23.7", "41 %")


async def test_an_unreadable_answer_is_asked_for_once_more_with_what_was_wrong() -> None:
    model, journal = Replies("Buy, surely!", GOOD), MemoryJournal()
    heard = await ask(agents(seated(model), journal))
    assert isinstance(heard.answer, Signal)
    first, second = model.asked
    assert second.repair is not None
    assert (second.repair.said, second.repair.wrong) == (
        "Buy, surely!",
        "not one JSON object: Expecting value at character 0",
    )
    assert first.call_id != second.call_id
    assert set(journal.calls) == {first.call_id, second.call_id}
    assert heard.source is not None
    assert heard.source.call_id == second.call_id


async def test_an_answer_that_is_unreadable_twice_is_an_abstention_and_was_asked_twice() -> None:
    model = Replies("no", "still no", GOOD)
    heard = await ask(agents(seated(model)))
    assert abstained(heard)[0] == "UnreadableAnswer"
    assert len(model.asked) == 2
    assert heard.source is not None


async def test_a_repair_repeats_only_the_beginning_of_a_flood() -> None:
    model = Replies("x" * 10_000_000, GOOD)
    assert isinstance((await ask(agents(seated(model)))).answer, Signal)
    repair = model.asked[1].repair
    assert repair is not None
    assert len(repair.said) == MOST_SAID


async def test_a_reply_that_was_cut_is_not_read_although_it_could_be() -> None:
    cut = Reply(text=GOOD, model="first", stop=Stop.TRUNCATED, detail="max_tokens")
    model = Replies(cut)
    assert abstained(await ask(agents(seated(model)))) == (
        "UnreadableAnswer",
        "cut off before its end: max_tokens",
    )
    assert len(model.asked) == 2


@pytest.mark.parametrize("stop", [Stop.REFUSED, Stop.FILTERED])
async def test_a_refusal_is_an_abstention_and_asked_no_further(stop: Stop) -> None:
    model, other = Replies(Reply(text=GOOD, model="first", stop=stop, detail="policy\n1")), Replies(GOOD)
    cause, reason = abstained(await ask(agents(seated(model, other))))
    assert (cause, reason) == ("ModelRefused", f"{stop} by the model's provider: policy 1")
    assert (len(model.asked), len(other.asked)) == (1, 0)


async def test_a_fallback_answers_for_a_model_that_refuses_before_any_reply() -> None:
    model, other = Replies(ModelRefused("no such model")), Replies(GOOD, name="second-1")
    heard = await ask(agents(seated(model, other)))
    assert isinstance(heard.answer, Signal)
    assert heard.source is not None
    assert heard.source.model == "second-1"
    assert [question.model for question in (*model.asked, *other.asked)] == ["first", "second"]


async def test_without_a_fallback_a_refused_question_is_an_abstention() -> None:
    assert abstained(await ask(agents(seated(Replies(ModelRefused("no key")))))) == ("ModelRefused", "no key")


async def test_a_model_that_is_away_twice_is_waited_for_and_then_replaced() -> None:
    model, other = Replies(ModelUnavailable("overloaded", retry_after_seconds=3)), Replies(GOOD)
    asked = agents(seated(model, other))
    for attempt in range(1, FALLBACK_FROM):
        with pytest.raises(ModelUnavailable, match="overloaded"):
            await ask(asked, attempt=attempt)
        assert other.asked == []
    assert isinstance((await ask(asked, attempt=FALLBACK_FROM)).answer, Signal)
    assert len(model.asked) == FALLBACK_FROM


async def test_a_model_without_a_fallback_stays_unavailable() -> None:
    with pytest.raises(ModelUnavailable):
        await ask(agents(seated(Replies(ModelUnavailable("overloaded")))), attempt=5)


async def test_a_model_that_never_answers_leaves_its_fallback_time() -> None:
    class Silent(Replies):
        async def answer(self, question: Question) -> Reply:
            self.asked.append(question)
            await asyncio.Event().wait()
            raise AssertionError

    silent, other = Silent(), Replies(GOOD)
    heard = await ask(agents(seated(silent, other, patience_seconds=0.01)), attempt=FALLBACK_FROM)
    assert isinstance(heard.answer, Signal)
    assert len(silent.asked) == 1


async def test_a_reply_that_could_not_be_kept_is_not_asked_for_again() -> None:
    model, kept = Replies(GOOD), MemoryJournal()
    journal = faulty(kept, Fault("keep", 1, "before", "error", LedgerUnavailable))
    asked = agents(seated(model), journal)
    with pytest.raises(LedgerUnavailable):
        await ask(asked)
    assert isinstance((await ask(asked, attempt=2)).answer, Signal)
    assert (len(model.asked), len(kept.calls)) == (1, 1)


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_worker_that_dies_after_a_reply_was_kept_pays_for_none_twice(lost: int) -> None:
    """The answer of `keep` is lost with the worker, at the first reply or at its repair; another worker goes on."""
    model, kept = Replies("n\x00o", GOOD), MemoryJournal()
    dying = agents(seated(model), faulty(kept, Fault("keep", lost, "after", "error", LedgerUnavailable)))
    with pytest.raises(LedgerUnavailable):
        await ask(dying)
    heard = await ask(agents(seated(model), kept), attempt=2)
    assert isinstance(heard.answer, Signal)
    assert len(model.asked) == len(kept.calls) == 2


async def test_a_repair_that_the_steps_end_would_cut_off_waits_for_the_next_try() -> None:
    class Slow(Replies):
        async def answer(self, question: Question) -> Reply:
            await asyncio.sleep(0.3)
            return await super().answer(question)

    model, journal = Slow("no", GOOD), MemoryJournal()
    asked = agents(seated(model), journal)
    with pytest.raises(ModelUnavailable, match="the next try repairs it"):
        await ask(asked, seconds=0.5)
    assert len(model.asked) == len(journal.calls) == 1
    assert isinstance((await ask(asked, attempt=2, seconds=0.5)).answer, Signal)
    assert len(model.asked) == len(journal.calls) == 2


async def test_a_reply_reads_the_same_as_it_came_and_as_the_journal_gives_it_back() -> None:
    model, kept = Replies(GOOD.replace("Price", "Pri\x00ce")), MemoryJournal()
    first = await ask(agents(seated(model), kept))
    again = await ask(agents(seated(model), kept), attempt=2)
    assert isinstance(first.answer, Signal)
    assert first == again
    assert len(model.asked) == 1


async def test_a_question_that_was_answered_in_an_earlier_cycle_costs_nothing_now() -> None:
    model, journal = Replies(GOOD), MemoryJournal()
    asked = agents(seated(model), journal, Budget(cycle=Caps(calls=1)))
    for number in range(1, 4):
        assert isinstance((await ask(asked, number=number)).answer, Signal)
    assert len(model.asked) == 1


def caps(**most: Any) -> Sequence[Budget]:
    return [Budget(cycle=Caps(**most)), Budget(day=Caps(**most))]


@pytest.mark.parametrize(
    ("budget", "calls", "reason"),
    [
        *((budget, 3, "3 of 3 calls") for budget in caps(calls=3)),
        *((budget, 0, "0 of 1500 tokens this ") for budget in caps(tokens=1500)),
        *((budget, 1, "0.0100 of 0.0150 dollars this ") for budget in caps(usd=Decimal("0.015"))),
        *((budget, 0, "0 of 0 calls") for budget in caps(calls=0)),
    ],
)
async def test_spending_stops_at_the_cap(budget: Budget, calls: int, reason: str) -> None:
    model = Replies("unreadable")
    asked = agents(seated(model, Replies(GOOD)), budget=budget)
    heard = [await ask(asked, symbol) for symbol in ("AAPL", "MSFT")]
    assert len(model.asked) == calls
    cause, why = abstained(heard[-1])
    assert (cause, reason in why) == ("BudgetSpent", True), why


async def test_calls_made_at_once_do_not_pass_the_cap_together() -> None:
    model = Replies(GOOD, GOOD.replace("AAPL", "MSFT"))
    asked = agents(seated(model), budget=Budget(cycle=Caps(calls=1)))
    heard = await asyncio.gather(ask(asked, "AAPL"), ask(asked, "MSFT"))
    assert len(model.asked) == 1
    assert [isinstance(one.answer, Signal) for one in heard] == [True, False]


async def test_another_day_and_another_cycle_have_caps_of_their_own() -> None:
    model = Replies("unreadable")
    asked = agents(seated(model), budget=Budget(cycle=Caps(calls=2)))
    assert abstained(await ask(asked, "AAPL", number=1))[0] == "UnreadableAnswer"
    assert abstained(await ask(asked, "MSFT", number=1))[0] == "BudgetSpent"
    assert abstained(await ask(asked, "MSFT", number=2))[0] == "UnreadableAnswer"
