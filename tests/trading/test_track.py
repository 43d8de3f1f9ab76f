"""What nothing could be measured on is refused when it is made."""

from __future__ import annotations

import numpy as np
import pytest

from trading.track import Days, Track


def days(count: int) -> Days:
    return np.arange(count).astype("datetime64[D]")


@pytest.mark.parametrize(
    ("count", "equity", "start"),
    [
        (0, [], None),
        (2, [1.0], None),
        (1, [np.nan], 1.0),
        (2, [1.0, np.inf], None),
        (2, [0.0, 1.0], None),
        (2, [1.0, 1.0], 0.0),
        (2, [1.0, 1.0], float("nan")),
    ],
)
def test_a_track_that_nothing_can_be_measured_on_is_refused(
    count: int, equity: list[float], start: float | None
) -> None:
    with pytest.raises(ValueError, match=r"equit|starts with money"):
        Track(days(count), np.array(equity), start)


def test_days_must_rise() -> None:
    with pytest.raises(ValueError, match="rising"):
        Track(days(2)[::-1], np.array([1.0, 1.0]))
