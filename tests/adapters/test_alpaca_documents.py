"""The stand-in for Alpaca answers as Alpaca's own documents say, so that what passes against it means something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.core.failures import FailureGroup

from tests.adapters.wire import alpaca_data as wire
from tests.adapters.wire.alpaca_data import KEY, SECRET, Exchange

THEN = datetime(2026, 11, 20, 17, tzinfo=UTC)
SPAN = {"start": wire.stamp(THEN - timedelta(days=500)), "end": wire.stamp(THEN), "symbols": "AAPL,KO"}
ASKED: list[tuple[str, dict[str, str]]] = [
    ("/v2/stocks/bars", {**SPAN, "timeframe": "1Day", "adjustment": "split", "feed": "iex"}),
    ("/v2/stocks/bars", {**SPAN, "timeframe": "1Day", "limit": "10"}),
    ("/v2/stocks/snapshots", {"symbols": "AAPL,KO,ZZZ", "feed": "iex"}),
    ("/v2/stocks/quotes", {**SPAN, "limit": "1", "sort": "desc"}),
    ("/v2/stocks/trades", {**SPAN, "limit": "1", "sort": "desc"}),
    ("/v1/corporate-actions", {"symbols": "AAPL,KO", "start": "2025-01-01", "end": "2026-01-01"}),
    ("/v1beta1/news", {"symbols": "AAPL", "limit": "5"}),
]


@pytest.fixture(scope="module")
def documents() -> Any:
    """Alpaca's market data document, where it lies beside the repository."""
    path = Path(__file__).parents[3] / "shared" / "specs" / "alpaca-market-data-api.json"
    if not path.is_file():
        pytest.skip(f"no document at ../{path.parent.parent.name}/{path.parent.name}/{path.name}")
    return schemathesis.openapi.from_path(path)


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    shop = Exchange()
    for symbol in ("AAPL", "KO"):
        shop.bars[symbol] = wire.year_of_bars(date(2026, 11, 19))
        shop.snapshots[symbol] = wire.snapshot(THEN, 1.0, 1.02, 1.01)
        shop.quotes[symbol] = [wire.quote(THEN, 1.0, 1.02)]
        shop.trades[symbol] = [wire.trade(THEN, 1.01)]
    same = {"id": "11cfd108-292e-4cc6-bfbf-5999cdbc4029", "cusip": "319829107", "symbol": "AAPL"}
    on = {"ex_date": "2025-06-02", "process_date": "2025-06-02"}
    shop.actions = {
        "forward_splits": [{**same, **on, "new_rate": 4, "old_rate": 1}],
        "cash_dividends": [{**same, **on, "rate": 0.25, "special": False, "foreign": False}],
    }
    at = wire.stamp(THEN)
    told = {"id": 1, "headline": "Up", "source": "wire", "created_at": at, "updated_at": at, "images": []}
    shop.news = [{**told, "author": "A", "summary": "S", "content": "C", "symbols": ["AAPL"], "url": None}]
    with wire.serving(shop) as served:
        yield served


def asked(exchange: Exchange, path: str, query: dict[str, str]) -> requests.Response:
    headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}
    return requests.get(exchange.url + path, params=query, headers=headers, timeout=5)


@pytest.mark.parametrize(("path", "query"), ASKED, ids=lambda value: str(value)[:24])
def test_an_answer_is_as_the_document_says(
    documents: Any, exchange: Exchange, path: str, query: dict[str, str]
) -> None:
    response = asked(exchange, path, query)
    assert response.status_code == 200
    assert response.json()
    documents[path]["GET"].validate_response(response)


def test_an_answer_that_is_otherwise_is_found(documents: Any, exchange: Exchange) -> None:
    path = "/v2/stocks/snapshots"
    exchange.snapshots["ZZZ"] = {"latestTrade": {"p": "1.01"}}
    response = asked(exchange, path, {"symbols": "ZZZ"})
    del exchange.snapshots["ZZZ"]
    with pytest.raises(FailureGroup):
        documents[path]["GET"].validate_response(response)
