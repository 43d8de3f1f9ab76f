"""The API under schemathesis, by its own description: no 500, no hang, and nothing that it does not describe."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from settings import WebSettings
from tests.web.api import OWN, Api, api

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
# Answers that have no end; the rest of what they may be asked is in test_live.
ENDLESS = "/api/live"
SECONDS = 35


def asked(desk: Api, described: dict[str, Any], examples: int) -> int:
    """Ask every operation so many times; how many there were. Runs beside the server's loop."""
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=desk.url)
    count = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path == ENDLESS:
            continue
        count += 1

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=OWN, timeout=SECONDS)
            assert answer.status_code not in {500, 504}, answer.text
            case.validate_response(answer, checks=CHECKS)

        ask()
    return count


async def fuzzed(desk: Api, examples: int) -> None:
    at = desk.desk
    free = at.settings.model_copy(update={"web": WebSettings(requests_per_second=10_000, burst=100_000)})
    async with api(at.found.database, at.client, free) as hurried:
        described = (await hurried.get("/api/openapi.json")).json()
        assert await asyncio.to_thread(asked, hurried, described, examples) > 35


async def test_every_operation_answers_as_it_is_described(desk: Api) -> None:
    await fuzzed(desk, 3)


@pytest.mark.faults
async def test_every_operation_answers_as_it_is_described_at_length(desk: Api) -> None:
    await fuzzed(desk, 40)
