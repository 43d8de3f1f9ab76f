"""`query_prometheus`: metrics of the running system. The address comes from the settings and from nowhere else."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2

from adapters.looking_up.reading import Whose
from adapters.looking_up.telling import Told, Untold, cell, moment
from trading.inquiry_arguments import QueryPrometheus
from trading.inquiry_limits import MOST_POINTS, MOST_PROMETHEUS_BYTES, MOST_ROWS, PROMETHEUS_SECONDS

_SHOWN_POINTS = 12


async def query_prometheus(url: str | None, whose: Whose, asked: QueryPrometheus) -> Told:
    """One instant or range query. Whatever is wrong with it, Prometheus says in its own words."""
    if url is None:
        raise Untold("no Prometheus is named: ASK_PROMETHEUS_URL says where it is")
    path, parameters = _parameters(whose, asked)
    answer = await _get(f"{url}/api/v1/{path}", parameters, url)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or answer.get("status") != "success":
        said = answer.get("error") if isinstance(answer, dict) else None
        message = f"Prometheus refuses: {said}" if said else f"what answers at {url} is no Prometheus"
        raise Untold(cell(message, 600))
    series = _series(data)
    ours = [one for one in series if one[0].get("desk_id", one[0].get("desk", whose.desk_id)) == whose.desk_id]
    if not ours:
        raise Untold("the query has no series at that time")
    more = f"There are {len(ours)} series: these are the first {MOST_ROWS}." if len(ours) > MOST_ROWS else ""
    told = ours[:MOST_ROWS]
    return Told([_line(labels, points) for labels, points in told], (), len(told), more)


def _parameters(whose: Whose, asked: QueryPrometheus) -> tuple[str, dict[str, str]]:
    given = {"query": asked.query, "timeout": f"{PROMETHEUS_SECONDS:g}s"}
    if asked.since is None:
        return "query", {**given, "time": f"{min(asked.at or whose.as_of, whose.as_of).timestamp()}"}
    until = min(asked.until or whose.as_of, whose.as_of)
    seconds = max((until - asked.since).total_seconds(), 0)
    step = max(asked.step_seconds, math.ceil(seconds / MOST_POINTS))
    stretch = {"start": f"{min(asked.since, until).timestamp()}", "end": f"{until.timestamp()}", "step": f"{step}"}
    return "query_range", {**given, **stretch}


async def _get(address: str, parameters: Mapping[str, str], url: str) -> Any:
    """The answer as JSON, read no further than its bound. It follows no redirect and no proxy."""
    body = bytearray()
    try:
        # Its own time-out is for each piece of the answer: one that drips would never meet it.
        async with (
            asyncio.timeout(PROMETHEUS_SECONDS),
            httpx2.AsyncClient(timeout=PROMETHEUS_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", address, params=dict(parameters), headers={"accept-encoding": "identity"}) as answer,
        ):
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_PROMETHEUS_BYTES:
                    raise Untold("the answer of Prometheus is too long: ask for fewer series")
        return json.loads(body)
    except (httpx2.HTTPError, TimeoutError) as error:
        slow = isinstance(error, httpx2.TimeoutException | TimeoutError)
        why = f"did not answer in {PROMETHEUS_SECONDS:g} seconds" if slow else f"is not there ({type(error).__name__})"
        message = f"Prometheus at {url} {why}"
        raise Untold(message) from error
    except (ValueError, RecursionError) as error:
        message = f"what answers at {url} is no Prometheus"
        raise Untold(message) from error


_Series = tuple[Mapping[str, str], Sequence[tuple[float, str]]]


def _series(data: Mapping[str, Any]) -> list[_Series]:
    """Every series with its points, whatever the type of the result. Raises Untold for what Prometheus never says."""
    kind, result = data.get("resultType"), data.get("result")
    try:
        if kind in {"scalar", "string"}:
            return [({}, [_point(result)])]
        return [(dict(one["metric"]), [*_points(one)]) for one in result or ()]
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise Untold("Prometheus answered with what is no result") from error


def _points(one: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    yield from map(_point, one["values"] if "values" in one else [one["value"]])


def _point(pair: Any) -> tuple[float, str]:
    at, value = pair
    return float(at), str(value)


def _line(labels: Mapping[str, str], points: Sequence[tuple[float, str]]) -> str:
    name = labels.get("__name__", "")
    within = ", ".join(f"{key}={value}" for key, value in labels.items() if key != "__name__")
    head = cell(f"{name}{{{within}}}", 400)
    every = max(math.ceil(len(points) / _SHOWN_POINTS), 1)
    # The newest is always among them.
    shown = points[::-1][::every][::-1]
    said = "; ".join(f"{moment(datetime.fromtimestamp(at, UTC))} {cell(value, 40)}" for at, value in shown)
    if len(points) == 1:
        return f"{head} | {said}"
    numbers = [number for number in (float(value) for _, value in points) if math.isfinite(number)]
    spread = f"least {min(numbers):g}, most {max(numbers):g}" if numbers else "no number"
    return f"{head} | {len(points)} points, {spread} | {said}"
