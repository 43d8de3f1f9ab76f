"""An order is sent while its decision is fresh, and not a moment later."""

from __future__ import annotations

import pytest

from tests.making import after, request, sending


@pytest.mark.parametrize(("minute", "late"), [(-1, False), (4.999, False), (5, False), (5.001, True), (60, True)])
@pytest.mark.parametrize("again", [True, False])
def test_an_order_may_go_until_its_time_is_over(minute: float, *, late: bool, again: bool) -> None:
    assert sending(request(), asked_at=after(minute), send_by=after(5), again=again).is_late is late
