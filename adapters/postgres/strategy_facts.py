"""What the circuit breakers of a desk's strategies look at, read from the books for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.postgres.strategy_tables import IS_TOLD, WHOSE
from trading.breaker import StrategyBreaker
from trading.breaker_facts import OF_STRATEGY, Closing, EquityMark, Known, Told, facts_of, reaches_back
from trading.breaker_rules import BreakerFacts, BreakerLook
from trading.events import EventType
from trading.money import ZERO, cents

_NAMES = bindparam("names", type_=ARRAY(Text))
# The peak is kept at marks. Between two of them a strategy is worth its cash and its shares at the desk's marks.
_STATED = text(
    """
    SELECT s.strategy_id, d.event_count, p.marked_at, coalesce(a.cash, 0) AS cash, held.values AS values,
        coalesce(a.peak_equity, 0) AS peak_equity, coalesce(began.equity, 0) AS began_with
    FROM unnest(:names) AS s (strategy_id)
    JOIN system_state d ON d.desk_id = :desk_id JOIN portfolio_state p ON p.desk_id = :desk_id
    LEFT JOIN strategy_accounts a ON a.desk_id = :desk_id AND a.strategy_id = s.strategy_id
    LEFT JOIN LATERAL (
        SELECT CASE WHEN flow_count = 0 THEN m.equity ELSE 0 END AS equity FROM strategy_marks m
        WHERE m.desk_id = :desk_id AND m.strategy_id = s.strategy_id ORDER BY m.marked_at LIMIT 1
    ) AS began ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(h.quantity * m.mark), '{}') AS values
        FROM sub_positions h JOIN positions m USING (desk_id, symbol)
        WHERE h.desk_id = :desk_id AND h.strategy_id = s.strategy_id AND h.quantity <> 0
    ) AS held
    """
).bindparams(_NAMES)
# As of the desk: a day's last mark is the close of its session; while that is not closed, the newest there is.
_MARKS = text(
    """
    SELECT s.strategy_id, of_days.* FROM unnest(:names) AS s (strategy_id) CROSS JOIN LATERAL (
        (SELECT marked_at, equity, flow_count FROM strategy_marks m WHERE m.desk_id = :desk_id
        AND m.strategy_id = s.strategy_id AND marked_at <= :since ORDER BY marked_at DESC LIMIT 1)
        UNION ALL
        (SELECT DISTINCT ON ((marked_at AT TIME ZONE :zone)::date) marked_at, m.equity, m.flow_count
        FROM strategy_marks m LEFT JOIN daily_closes c ON c.desk_id = m.desk_id AND c.closes_at = m.marked_at
        WHERE m.desk_id = :desk_id AND m.strategy_id = s.strategy_id AND marked_at > :since
        ORDER BY (marked_at AT TIME ZONE :zone)::date, (c.desk_id IS NOT NULL) DESC, marked_at DESC)
    ) AS of_days ORDER BY marked_at
    """
).bindparams(_NAMES)
_FLOWS = text(
    """
    SELECT strategy_id, amount FROM allocations WHERE desk_id = :desk_id AND strategy_id = ANY(:names)
    ORDER BY recorded_at, allocation_id
    """
).bindparams(_NAMES)
_TOLD = text(
    f"""
    SELECT s.strategy_id, e.* FROM unnest(:names) AS s (strategy_id) CROSS JOIN LATERAL (
        SELECT sequence, type, occurred_at, coalesce(data->>'code', data->>'leg', '') AS code,
            CASE WHEN type = 'ShadowTradeClosed' THEN (data->>'pnl')::numeric ELSE 0 END AS pnl
        FROM events WHERE desk_id = :desk_id AND {WHOSE} = s.strategy_id AND {IS_TOLD}
        ORDER BY sequence DESC LIMIT :most
    ) AS e
    """  # noqa: S608  our own words
).bindparams(_NAMES)
_CLOSINGS = text(
    """
    SELECT s.strategy_id, c.* FROM unnest(:names) AS s (strategy_id) CROSS JOIN LATERAL (
        SELECT e.sequence, t.realised_pnl AS pnl FROM (
            SELECT * FROM trades WHERE desk_id = :desk_id AND strategy_id = s.strategy_id AND closed_at IS NOT NULL
            ORDER BY closed_at DESC, trade_id DESC LIMIT :most
        ) AS t CROSS JOIN LATERAL (
            SELECT max(e.sequence) AS sequence FROM fills f
            JOIN events e ON e.event_id = f.fill_id || '/TradeExecuted' WHERE f.client_order_id = t.exit_order_id
        ) AS e
        WHERE e.sequence IS NOT NULL ORDER BY e.sequence DESC, t.trade_id DESC
    ) AS c
    """
).bindparams(_NAMES)


class _Read(NamedTuple):
    """Rows by strategy."""

    stated: Mapping[str, RowMapping]
    marks: Mapping[str, Sequence[RowMapping]]
    flows: Mapping[str, Sequence[RowMapping]]
    told: Mapping[str, Sequence[RowMapping]]
    closings: Mapping[str, Sequence[RowMapping]]


async def read_strategy_facts(
    connection: AsyncConnection, breakers: Sequence[StrategyBreaker], look: BreakerLook
) -> dict[str, BreakerFacts]:
    """The facts of a look at each of these strategies, by name."""
    names = [one.strategy_id for one in breakers]
    read = await _read(connection, names, look)
    return {one.strategy_id: facts_of(_known(read, one.strategy_id), one.breaker, look) for one in breakers}


async def _read(connection: AsyncConnection, names: Sequence[str], look: BreakerLook) -> _Read:
    asked: dict[str, Any] = {"desk_id": look.desk_id, "names": list(names)}
    stated = {row["strategy_id"]: row for row in (await connection.execute(_STATED, asked)).mappings()}
    marked = (row["marked_at"] for row in stated.values())
    since = reaches_back(next(marked, None), look)
    return _Read(
        stated=stated,
        marks=_by_strategy((await connection.execute(_MARKS, {**asked, "zone": look.zone, "since": since})).mappings()),
        flows=_by_strategy((await connection.execute(_FLOWS, asked)).mappings()),
        told=_by_strategy((await connection.execute(_TOLD, {**asked, "most": OF_STRATEGY.told})).mappings()),
        closings=_by_strategy(
            (await connection.execute(_CLOSINGS, {**asked, "most": OF_STRATEGY.closings})).mappings()
        ),
    )


def _by_strategy(rows: Iterable[RowMapping]) -> Mapping[str, Sequence[RowMapping]]:
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        found[row["strategy_id"]].append(row)
    return found


def _known(read: _Read, name: str) -> Known:
    """One strategy's: what it has was transferred to it or earned, but for what it had before the first transfer."""
    stated = read.stated[name]
    # Rounded here: of half a cent the database takes the greater one, and the books the even one.
    equity = stated["cash"] + sum(map(cents, stated["values"]), ZERO)
    told: Iterable[dict[str, Any]] = ({**row, "type": EventType(row["type"])} for row in read.told.get(name, ()))
    return Known(
        event_count=stated["event_count"],
        equity=equity,
        peak_equity=max(stated["peak_equity"], equity),
        marked_at=stated["marked_at"],
        opening_cash=stated["began_with"],
        flows=[row["amount"] for row in read.flows.get(name, ())],
        marks=[EquityMark.model_validate(_only(row, EquityMark.model_fields)) for row in read.marks.get(name, ())],
        told=[Told(**_only(row, Told._fields)) for row in told],
        closings=[Closing(**_only(row, Closing._fields)) for row in read.closings.get(name, ())],
    )


def _only(row: RowMapping | dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
