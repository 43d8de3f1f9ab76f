"""A cycle's stages as a person follows them, worked out from its rows: nothing is lost between two looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trading.approvals import WAITS
from trading.docket import CycleOutcome, CycleReport, Row
from trading.signals import Action
from trading.spoken import OPERATOR, RULE


class Stage(StrEnum):
    """Who has the word."""

    MARKET = "Market"
    DATA = "DataAgent"
    RULE = "Rule"
    OPERATOR = "Operator"
    LIMITS = "Limits"
    RISK = "RiskManager"
    VALIDATOR = "Validator"
    META = "MetaAgent"
    ORDERS = "Orders"
    AUDIT = "Audit"


class Progress(StrEnum):
    """How far a stage is."""

    TO_COME = "to come"
    RUNNING = "running"
    DONE = "done"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Line:
    """One stage: how far it is, and what came of it in a few words."""

    stage: Stage
    progress: Progress
    words: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """A cycle at one look: its rows, the activities in flight by type, the worst trouble, and the report at its end."""

    rows: tuple[Row, ...] = ()
    doing: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    report: CycleReport | None = None


AGENTS = tuple(one for one in Stage if one not in {Stage.RULE, Stage.OPERATOR})
ALONE = {
    who: (Stage.MARKET, stage, Stage.LIMITS, Stage.ORDERS, Stage.AUDIT)
    for who, stage in ((RULE, Stage.RULE), (OPERATOR, Stage.OPERATOR))
}
"""The stages of a cycle in which no agent is asked."""
_STAGE_OF = {
    "ask_data": Stage.DATA,
    "ask_risk": Stage.RISK,
    "ask_validator": Stage.VALIDATOR,
    "argue": Stage.META,
    "ask_meta": Stage.META,
    "intend": Stage.ORDERS,
    "decide_in_shadow": Stage.ORDERS,
    "follow_order": Stage.ORDERS,
    "audit_desk": Stage.AUDIT,
}
_ENDED_AT = {
    CycleOutcome.NO_SIGNALS: Stage.DATA,
    CycleOutcome.NONE_ALLOWED: Stage.LIMITS,
    CycleOutcome.NONE_APPROVED: Stage.RISK,
    CycleOutcome.NONE_VALIDATED: Stage.VALIDATOR,
    CycleOutcome.NONE_DECIDED: Stage.META,
}


def stages(sight: Sight) -> list[Line]:
    """Every stage of the pipeline, in its order."""
    order = ALONE.get(_alone(sight.rows), AGENTS)
    said = {stage: words for stage, words in _said(sight.rows).items() if stage in order}
    if sight.report is not None:
        return _ended(sight.report, said, order)
    reached = max((order.index(stage) for stage in said), default=-1)
    doing = (_STAGE_OF.get(kind) for kind in sight.doing)
    asked = max((order.index(stage) for stage in doing if stage in order), default=0)
    running = max(reached + 1, asked)
    lines = [Line(stage, Progress.DONE, said.get(stage, "")) for stage in order[:running]]
    lines += [Line(stage, Progress.RUNNING, _doing(stage, sight)) for stage in order[running : running + 1]]
    return lines + [Line(stage, Progress.TO_COME) for stage in order[running + 1 :]]


def _alone(rows: Sequence[Row]) -> str:
    """Who decides without the agents; empty where they do, or nobody has spoken yet."""
    return next((row.by for row in rows if row.by), "")


def _ended(report: CycleReport, said: dict[Stage, str], order: Sequence[Stage]) -> list[Line]:
    """The stages that spoke, the one that ended the cycle, and the audit, which always has the last word."""
    last = _ENDED_AT.get(report.outcome)
    if last is not None and last in order:
        said.setdefault(last, report.outcome.replace("_", " "))
    if report.outcome is CycleOutcome.SKIPPED:
        said[Stage.MARKET] = "skipped"
    findings = len(report.findings)
    said[Stage.AUDIT] = "1 finding" if findings == 1 else f"{findings} findings"
    done = [stage for stage in order if stage in said]
    return [Line(s, Progress.DONE, said[s]) if s in done else Line(s, Progress.NOT_REACHED) for s in order]


def _said(rows: Sequence[Row]) -> dict[Stage, str]:
    """What each stage has said so far."""
    spoken = [row for row in rows if row.price is not None or row.note]
    if not spoken:
        return {}
    asked = [row for row in rows if row.asked is not None]
    assessed = [row for row in rows if row.approved is not None]
    validated = [row for row in rows if row.validated is not None]
    decided = [row for row in rows if row.decided is not None]
    ordered = [row for row in rows if row.order_state is not None]
    (_, spoke, *_) = ALONE.get(_alone(rows), AGENTS)
    said = {Stage.MARKET: _market(rows), spoke: _signals(rows)}
    if asked:
        said[Stage.LIMITS] = f"{sum(bool(row.allowed) for row in asked)} of {len(asked)} allowed"
    if assessed:
        said[Stage.RISK] = f"{sum(bool(row.approved) for row in assessed)} of {len(assessed)} approved"
    if validated:
        said[Stage.VALIDATOR] = f"{sum(bool(row.validated) for row in validated)} of {len(validated)} validated"
    if decided:
        said[Stage.META] = f"{sum(bool(row.decided) for row in decided)} of {len(decided)} to execute"
    wanted = sum(bool(row.decided) for row in decided)
    if ordered and len(ordered) >= wanted:
        said[Stage.ORDERS] = _counted(str(row.order_state).replace("_", " ") for row in ordered)
    return said


def _market(rows: Sequence[Row]) -> str:
    priced = sum(row.price is not None for row in rows)
    dropped = len(rows) - priced
    return f"{priced} symbol{'s' * (priced != 1)} priced" + (f", {dropped} dropped" if dropped else "")


def _signals(rows: Sequence[Row]) -> str:
    # Who decides alone says nothing of what is merely held: that is no abstention.
    actions = [row.action for row in rows if row.price is not None and (row.action or not _alone(rows))]
    named = (action.value if action else "abstained" for action in actions)
    order = (*(action.value for action in Action), "abstained")
    counts = Counter(named)
    return ", ".join(f"{counts[name]} {name}" for name in order if counts[name]) or "no symbol left to look at"


def _counted(words: Iterable[str]) -> str:
    counts = Counter(words)
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _doing(stage: Stage, sight: Sight) -> str:
    """What the running stage is busy with."""
    if sight.trouble:
        return sight.trouble
    waiting = sum(count for kind, count in sight.doing.items() if _STAGE_OF.get(kind) is stage)
    if stage in {Stage.DATA, Stage.VALIDATOR}:
        return f"{waiting} answers to come" if waiting > 1 else "1 answer to come" if waiting else ""
    if stage is Stage.META and sight.doing.get("argue"):
        return "Bull and Bear argue"
    if stage is Stage.ORDERS:
        asked = next((row.note for row in sight.rows if row.order_state is None and row.note.startswith(WAITS)), "")
        if asked:
            return f"{asked}: starter.py pending"
        return _counted(str(row.order_state) for row in sight.rows if row.order_state)
    return ""
