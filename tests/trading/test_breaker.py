"""Three states, and what each lets pass."""

from __future__ import annotations

import pytest

from trading.breaker import CircuitBreaker, TradingState, forbids


@pytest.mark.parametrize(
    ("state", "reduces", "code"),
    [
        (TradingState.ACTIVE, False, None),
        (TradingState.ACTIVE, True, None),
        (TradingState.REDUCING, False, "reducing"),
        (TradingState.REDUCING, True, None),
        (TradingState.HALTED, False, "halted"),
        (TradingState.HALTED, True, "halted"),
    ],
)
def test_a_state_forbids_with_a_code(state: TradingState, *, reduces: bool, code: str | None) -> None:
    assert forbids(state, reduces_exposure=reduces) == code


def test_a_desk_starts_active_and_for_no_reason() -> None:
    assert CircuitBreaker() == CircuitBreaker(state=TradingState.ACTIVE, since_at=None, changed_by=None, reason=None)
