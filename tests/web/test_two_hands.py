"""Two operators with the same strategy before them: whoever comes second with what was is told so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.api import Api

PATH = "/api/strategies/trend"


@pytest.fixture
async def tag(desk: Api) -> Any:
    """A strategy, and its tag as both saw it."""
    wish = {"source": "sma_crossover", "universe": {"symbols": ["AAPL"]}, "allocation": "0.2"}
    added = await desk.post("/api/strategies", {"strategy_id": "trend", "fields": wish})
    assert added.status_code == 201
    yield (await desk.get(PATH)).headers["etag"]
    await desk.ask("DELETE", PATH)


async def count(desk: Api) -> int:
    return await desk.desk.books.reports.head()


def seen(tag: str) -> dict[str, Any]:
    return {"headers": {"If-Match": tag}}


async def test_what_was_changed_by_another_is_not_changed_by_who_did_not_see_it(desk: Api, tag: str) -> None:
    first = await desk.ask("PATCH", PATH, json={"fields": {"allocation": "0.1"}}, **seen(tag))
    assert first.status_code == 200
    before = await count(desk)
    late = [
        await desk.ask("PATCH", PATH, json={"fields": {"allocation": "0.3"}}, **seen(tag)),
        await desk.post(f"{PATH}/rung", {"to": "paper"}, **seen(tag)),
        await desk.ask("DELETE", PATH, **seen(tag)),
    ]
    assert [one.status_code for one in late] == [412] * 3
    assert {one.json()["type"] for one in late} == {"urn:trading-desk:problem:changed"}
    assert await count(desk) == before
    assert (await desk.get(PATH)).json()["strategy"]["allocation"] == "0.1"
    again = await desk.ask("PATCH", PATH, json={"fields": {"allocation": "0.3"}}, **seen(first.headers["etag"]))
    assert (again.status_code, again.json()["strategy"]["allocation"]) == (200, "0.3")


async def test_what_only_describes_it_may_be_another_and_is_told_anew(desk: Api, tag: str) -> None:
    part, described = tag.strip('"').split(".")
    assert (await desk.get(PATH, headers={"If-None-Match": tag})).status_code == 304
    other = f'"{part}.{"0" * len(described)}"'
    assert (await desk.get(PATH, headers={"If-None-Match": other})).status_code == 200
    answer = await desk.ask("PATCH", PATH, json={"fields": {"allocation": "0.15"}}, **seen(other))
    assert answer.status_code == 200


@pytest.mark.parametrize(("said", "status"), [("*", 200), ('"x", {}', 200), ("", 412), ('"x"', 412), ("W/", 412)])
async def test_a_tag_is_one_of_those_that_are_named(desk: Api, tag: str, said: str, status: int) -> None:
    asked = {"fields": {"allocation": "0.12"}}
    assert (await desk.ask("PATCH", PATH, json=asked, **seen(said.format(tag)))).status_code == status


async def test_whoever_names_no_tag_changes_it_as_it_is(desk: Api, tag: str) -> None:
    assert tag
    assert (await desk.ask("PATCH", PATH, json={"fields": {"allocation": "0.25"}})).status_code == 200


async def test_there_is_nothing_to_match_where_there_is_nothing(desk: Api) -> None:
    assert (await desk.ask("DELETE", "/api/strategies/none", **seen("*"))).status_code == 404
