"""Everything that travels through Temporal arrives as it was sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from adapters.temporal.records import RECORDS
from tests.activities.records import travelling, values
from tests.making import request
from trading.orders import OrderRequest

CONVERTER = RECORDS.payload_converter
TYPES = travelling()
# A study carries its plan, its data and its grid: half a minute of examples.
LONG = {"workflow Backtest: asked", "activity prepare_study: asked"}
PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def there_and_back(value: object, hint: Any) -> Any:
    [arrived] = CONVERTER.from_payloads(CONVERTER.to_payloads([value]), [hint])
    return arrived


def test_every_kind_of_message_is_covered() -> None:
    kinds = {where.split()[0] for where in TYPES}
    assert kinds == {"activity", "workflow", "signal", "update", "query"}
    assert len([where for where in TYPES if where.startswith("activity") and where.endswith("return")]) >= 16


@pytest.mark.parametrize(
    "where", [pytest.param(where, marks=[pytest.mark.faults] * (where in LONG)) for where in TYPES]
)
@settings(max_examples=5, deadline=None, suppress_health_check=PATIENT)
@given(data=st.data())
def test_what_is_sent_arrives(where: str, data: st.DataObject) -> None:
    value = data.draw(values(TYPES[where]))
    assert there_and_back(value, TYPES[where]) == value


@pytest.mark.soak
@pytest.mark.parametrize("where", TYPES)
@settings(max_examples=250, deadline=None, suppress_health_check=PATIENT)
@given(data=st.data())
def test_ten_thousand_of_them_arrive(where: str, data: st.DataObject) -> None:
    value = data.draw(values(TYPES[where]))
    assert there_and_back(value, TYPES[where]) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1"])
def test_an_amount_that_is_none_does_not_pass_and_is_not_repeated(text: str) -> None:
    wrong = request().model_dump(mode="json") | {"quantity": text}
    with pytest.raises(ApplicationError, match=r"OrderRequest: .* quantity") as refused:
        there_and_back(wrong, OrderRequest)
    assert text not in refused.value.message.split("quantity")[0]
