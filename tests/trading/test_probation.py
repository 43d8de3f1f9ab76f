"""After a halt the first entries are made smaller, by code; exits never are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.steps import FakeSteps, ordered
from tests.making import cycle, portfolio, position, signal, summary, these
from tests.trading.telling import data_of, holding
from trading.constraints import Case, Ruling, rule_on
from trading.cycle import run_cycle
from trading.events import EventType
from trading.instruments import Side
from trading.limits import Limit, Limits
from trading.money import ZERO
from trading.portfolio import Portfolio
from trading.signals import Signal

HALF = Decimal("0.5")
SNAPSHOT = summary({"AAPL": ("100", "Technology")})


def rule(asked: Signal, size: Decimal = HALF, books: Portfolio | None = None, **limits: object) -> Ruling:
    held_to = Limits.model_validate({"sizing_margin": ZERO, **limits})
    case = Case(cycle=cycle("AAPL"), snapshot=SNAPSHOT, portfolio=books or portfolio(), limits=held_to, size=size)
    (ruling,) = rule_on([asked], case)
    return ruling


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (signal(quantity="10"), 5),
        (signal(quantity="11"), 5),
        (signal(quantity="3"), 1),
        (signal(weight="0.1"), 50),
    ],
)
def test_an_entry_is_halved_and_says_so(asked: Signal, left: int) -> None:
    ruling = rule(asked)
    assert ruling.proposal is not None
    assert ruling.proposal.quantity == left
    assert ruling.constraint == ruling.proposal.constraint
    assert ruling.constraint is not None
    assert these(ruling.constraint.limit, ruling.constraint.before, ruling.constraint.after) == (
        Limit.PROBATION,
        ruling.asked,
        left,
    )
    assert "probation" in ruling.reason


def test_one_share_stays_one_and_a_part_of_a_share_is_halved_where_there_are_parts() -> None:
    one = rule(signal(quantity="1"))
    assert one.proposal is not None
    assert these(one.proposal.quantity, one.constraint) == (1, None)
    part = rule(signal(quantity="1"), fractional=True)
    assert part.proposal is not None
    assert part.proposal.quantity == HALF


def test_a_tighter_limit_is_the_one_that_is_named() -> None:
    ruling = rule(signal(quantity="1000"))
    assert ruling.constraint is not None
    assert these(ruling.constraint.limit, ruling.constraint.before, ruling.constraint.after) == (
        Limit.POSITION,
        1000,
        200,
    )


@given(st.integers(1, 50), st.decimals("0.01", "1", places=2))
def test_an_exit_is_never_made_smaller(held: int, size: Decimal) -> None:
    books = portfolio("100000", position("AAPL", str(held)))
    ruling = rule(signal(action="sell", quantity=None), size, books)
    assert ruling.proposal is not None
    assert these(ruling.proposal.quantity, ruling.constraint) == (held, None)


@given(st.integers(1, 150), st.decimals("0.01", "1", places=2))
def test_an_entry_is_never_more_than_its_part_and_never_nothing(shares: int, size: Decimal) -> None:
    ruling = rule(signal(quantity=str(shares)), size)
    assert ruling.proposal is not None
    assert 1 <= ruling.proposal.quantity <= max(shares * size, Decimal(1))
    assert (ruling.constraint is None) is (ruling.proposal.quantity == shares)


async def test_on_probation_half_is_ordered_and_all_is_sold() -> None:
    steps = await holding(XOM="20")
    steps.size = HALF
    steps.signals = {"AAPL": signal("AAPL"), "XOM": signal("XOM", "sell", quantity=None)}
    report = await run_cycle(steps, cycle("AAPL", "XOM", number=2))
    assert ordered(steps) == [(Side.SELL, "XOM", Decimal(20)), (Side.BUY, "AAPL", Decimal(5))]
    assert data_of(steps, EventType.CONSTRAINT_APPLIED) == {
        "symbol": "AAPL",
        "limit": "probation",
        "before": "10",
        "after": "5",
        "denied": False,
        "reason": "the desk is on probation after a halt: entries are smaller",
        "strategy_id": "agents",
    }
    assert report.findings == ()


async def test_off_probation_nothing_is_cut() -> None:
    steps = FakeSteps()
    steps.signals = {"AAPL": signal("AAPL")}
    await run_cycle(steps, cycle("AAPL"))
    assert ordered(steps) == [(Side.BUY, "AAPL", Decimal(10))]
