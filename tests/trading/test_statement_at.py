"""Which price counts at a moment, and in whose shares."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.properties.test_closes import adjusted
from tests.trading.closing import bell, history, traded
from trading.statement_at import Seen, Source, statement_at

HOUR = timedelta(hours=1)
# Ten shares are bought at 50 an hour before the first bell.
BOUGHT = traded(0, 0, "10", "50")


def seen(at: int, source: Source, price: str) -> Seen:
    return Seen(bell(0) + at * HOUR, source, {"AAPL": Decimal(price)})


@pytest.mark.parametrize(
    ("known", "price", "source"),
    [
        ([], "50", Source.FILL),
        ([seen(-2, Source.SNAPSHOT, "40")], "50", Source.FILL),
        ([seen(-1, Source.SNAPSHOT, "40")], "40", Source.SNAPSHOT),
        ([seen(0, Source.CLOSE, "60"), seen(0, Source.SNAPSHOT, "40")], "60", Source.CLOSE),
        ([seen(0, Source.CLOSE, "60"), seen(1, Source.SNAPSHOT, "40")], "40", Source.SNAPSHOT),
        ([seen(3, Source.CLOSE, "60")], "50", Source.FILL),
    ],
)
def test_the_newest_price_counts_and_of_one_moment_the_close(known: list[Seen], price: str, source: Source) -> None:
    at = bell(0) + 2 * HOUR
    (held,) = statement_at(history([BOUGHT]), at, at, known).held
    assert (held.position.mark, held.source) == (Decimal(price), source)
    assert held.unrealised == 10 * (Decimal(price) - 50) - BOUGHT.commission


def test_a_price_of_before_a_split_is_told_in_the_shares_of_after_it() -> None:
    (_, split), *_ = adjusted([(1, "AAPL", "2")])
    known, morning = [seen(0, Source.CLOSE, "60")], split.effective_at
    before = statement_at(history([BOUGHT], (), [split]), morning - HOUR, morning, known)
    after = statement_at(history([BOUGHT], (), [split]), morning, morning, known)
    assert [(one.position.quantity, one.position.mark) for one in before.held] == [(Decimal(10), Decimal(60))]
    assert [(one.position.quantity, one.position.mark) for one in after.held] == [(Decimal(20), Decimal(30))]
    assert before.equity == after.equity
