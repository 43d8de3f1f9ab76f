"""What Temporal's Web UI shows of a cycle: tables in Markdown, and a line for each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from trading.approval_events import commands
from trading.approvals import ApprovalAsked
from trading.closing import DayClosing, missing_words
from trading.differences import Difference
from trading.docket import Row
from trading.events import Event, EventType
from trading.scans import ScanLine

_HEAD = "| symbol | price | signal | asked | allowed | approved | validated | decided | order | filled | note |"
_RULE = "|---|---:|---|---:|---:|---:|---|---:|---|---:|---|"
_LONGEST_NOTE = 160
_FROM_HERE = (
    "or from here, the update `approve` or `reject`, the signal `approval_given` or `approval_refused`, with (`only` "
    "besides, a list of symbols, for a yes to some)"
)
_APPROVALS = (
    "| symbol | side | shares | mark | limit | stop | target | USD | quote | why |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
)


def decision_table(rows: Iterable[Row]) -> str:
    """One line a symbol."""
    return "\n".join([_HEAD, _RULE, *(_line(row) for row in rows)])


def approval_table(asked: ApprovalAsked) -> str:
    """One line an order that waits for a person, and how that one answers."""
    lines = [
        f"| {one.request.symbol} | {one.request.side} | {one.request.quantity:f} | {one.request.mark:f} "
        f"| {_number(one.request.limit_price)} | {_number(one.request.stop)} | {_number(one.request.target)} "
        f"| {one.usd:,.2f} | {one.quote_age_seconds} s | {_cell(one.reasoning)} |"
        for one in asked.orders
    ]
    answer = f'{{"cycle_id": "{asked.cycle_id}", "hash": "{asked.hash}", "by": "YOUR NAME"}}'
    return "\n".join(
        [
            f"**Waits for your yes until {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC**; silence is no.\n",
            *_APPROVALS,
            *lines,
            "",
            *(f"- {command.replace(': ', ': `', 1)}`" for command in commands(asked)),
            f"- {_FROM_HERE}: `{answer}`",
        ]
    )


def difference_table(differences: Sequence[Difference]) -> str:
    """One line a difference between the books and the broker's account; words when there is none."""
    if not differences:
        return "the books and the broker's account agree"
    lines = [
        f"| {one.case} | {_cell(one.about)} | {_cell(one.ours)} | {_cell(one.theirs)} | {one.consequence} |"
        for one in differences
    ]
    return "\n".join(["| case | about | ours | theirs | follows |", "|---|---|---|---|---|", *lines])


def close_table(done: DayClosing) -> str:
    """One line a session that was closed, and why no more; words when there is none."""
    lines = [
        f"| {one.session_on} | {_number(one.equity)} | {_cell(missing_words(one.missing))} |" for one in done.closed
    ]
    table = "\n".join(["| session | equity | without price |", "|---|---:|---|", *lines]) if lines else ""
    return "\n\n".join(part for part in (table, done.reason) if part) or "nothing to do"


def scan_table(lines: Sequence[ScanLine]) -> str:
    """One line a strategy; nothing where there are none."""
    cells = [f"| {one.strategy_id} | {one.outcome} | {one.cycle_id or ''} | {_cell(one.reason)} |" for one in lines]
    return "\n".join(["\n\n| strategy | outcome | cycle | reason |", "|---|---|---|---|", *cells]) if cells else ""


def _line(row: Row) -> str:
    signal = "" if row.action is None else f"{row.action} {row.confidence or 0:.2f}"
    validated = "" if row.validated is None else ("yes" if row.validated else "no")
    quantities = [_number(value) for value in (row.asked, row.allowed, row.approved)]
    ends = [validated, _number(row.decided), row.order_state or "", _number(row.filled)]
    return f"| {' | '.join([row.symbol, _number(row.price), signal, *quantities, *ends, _cell(row.note)])} |"


def _cell(words: str) -> str:
    """Somebody's words in a table: no bar and no line break of theirs may end a cell."""
    return words.replace("|", "/").replace("\n", " ").replace("<", "(")[:_LONGEST_NOTE]


def _number(value: object) -> str:
    return "" if value is None else f"{value:f}"


# Who spoke in these events, which of their data says yes, and the word for it.
_SPOKE: Mapping[EventType, tuple[str, str, frozenset[JsonValue], str]] = {
    EventType.SIGNAL_GENERATED: ("DataAgent", "action", frozenset({"buy", "sell"}), "to trade"),
    EventType.CONSTRAINT_APPLIED: ("Limits", "denied", frozenset({True}), "denied, the others cut"),
    EventType.RISK_ASSESSED: ("RiskManager", "approved", frozenset({True}), "approved"),
    EventType.VALIDATION_COMPLETE: ("Validator", "approved", frozenset({True}), "validated"),
    EventType.META_AGENT_DECISION: ("MetaAgent", "verdict", frozenset({"EXECUTE"}), "to execute"),
    EventType.RULE_DECISION: ("Rule", "verdict", frozenset({"EXECUTE"}), "to execute"),
    EventType.OPERATOR_DECISION: ("Operator", "verdict", frozenset({"EXECUTE"}), "to execute"),
}


def step_summary(events: Sequence[Event]) -> str:
    """One line for the events of one step, such as `RiskManager: 3 of 5 approved`."""
    for kind, (who, field, yes, word) in _SPOKE.items():
        spoken = [event.data[field] for event in events if event.type is kind]
        if spoken:
            alone = (name for name in ("rule", "operator") if any(name in event.data for event in events))
            who = next(alone, who).capitalize() if who == "DataAgent" else who  # noqa: PLW2901  by its own name
            return f"{who}: {sum(said in yes for said in spoken)} of {len(spoken)} {word}"
    return ", ".join(dict.fromkeys(event.type for event in events))
