"""Every kind of bad answer, from every API, to every agent: it is tried later, refused, or nobody trades on it."""

from __future__ import annotations

from itertools import cycle
from random import Random

import pytest

from tests.adapters.wire.asked import ASKED
from tests.adapters.wire.dialects import DIALECTS, KEY, Dialect
from tests.adapters.wire.kinds import KINDS, Kind, text_of
from tests.adapters.wire.server import Wire, sends
from trading.agents.questions import Agent, Reply, Stop
from trading.errors import ModelUnavailable, TradingError, UnreadableAnswer


async def fate_of(kind: Kind, agent: Agent, dialect: Dialect, wire: Wire, seed: int) -> str:
    """What becomes of one answer of this kind."""
    asked = ASKED[agent]
    wire.clean().script = kind.script(dialect, asked, Random(seed))
    reply: Reply | None = None
    refused: TradingError | None = None
    try:
        reply = await dialect.at(wire.url, timeout_seconds=kind.timeout_seconds).answer(dialect.put(asked.question))
    except TradingError as error:
        refused = error
    assert len(wire.requests) <= 1, "a client asked again by itself"
    if reply is None:
        assert KEY not in str(refused)
        return "later" if isinstance(refused, ModelUnavailable) else type(refused).__name__
    if reply.stop is not Stop.END:
        return {Stop.TRUNCATED: "cut", Stop.REFUSED: "refused", Stop.FILTERED: "refused"}[reply.stop]
    try:
        asked.read(reply.text)
    except UnreadableAnswer:
        return "unreadable"
    return "readable"


@pytest.mark.parametrize("agent", ASKED)
async def test_a_good_answer_is_read(dialect: Dialect, agent: Agent, wire: Wire) -> None:
    asked = ASKED[agent]
    good = Kind("good", "unreadable", lambda *_: sends(200, dialect.says(text_of(asked))))
    assert await fate_of(good, agent, dialect, wire, 0) == "readable"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_bad_answer_meets_its_fate(kind: Kind, wire: Wire) -> None:
    dialects = cycle(DIALECTS)
    for seed, agent in enumerate(ASKED):
        assert await fate_of(kind, agent, next(dialects), wire, seed) == kind.fate, f"{agent}, seed {seed}"


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("agent", ASKED)
async def test_no_bad_answer_of_thousands_is_ever_traded_on(agent: Agent, wire: Wire, times: int) -> None:
    tried = 0
    for kind in KINDS:
        for seed, dialect in zip(range(times), cycle(DIALECTS), strict=False):
            assert await fate_of(kind, agent, dialect, wire, seed) == kind.fate, f"{kind.name}, seed {seed}"
            tried += 1
    assert tried * len(ASKED) >= 144 * times
