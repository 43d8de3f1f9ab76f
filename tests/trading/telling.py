"""What a cycle was answered, and what it told."""

from __future__ import annotations

from decimal import Decimal

from tests.fakes.steps import FakeSteps
from tests.making import cycle, signal
from trading.cycle import run_cycle
from trading.docket import CycleOutcome, CycleReport, Row
from trading.events import EventType as E
from trading.signals import Decision, RiskAssessment, Verdict


def row(report: CycleReport, symbol: str) -> Row:
    return next(one for one in report.rows if one.symbol == symbol)


def steps_of(steps: FakeSteps) -> list[str]:
    return [name for name, _ in steps.calls]


def data_of(steps: FakeSteps, kind: E, symbol: str = "") -> dict[str, object]:
    (found,) = [
        e.data for e in steps.desk.events.values() if e.type is kind and symbol in {"", str(e.data.get("symbol"))}
    ]
    return dict(found)


def assess(symbol: str, quantity: str, *, approved: bool = True, concerns: tuple[str, ...] = ()) -> RiskAssessment:
    return RiskAssessment(
        symbol=symbol, approved=approved, adjusted_quantity=Decimal(quantity), risk_score=0.4, concerns=concerns
    )


def decide(symbol: str, quantity: str, verdict: Verdict = Verdict.EXECUTE) -> Decision:
    return Decision(symbol=symbol, verdict=verdict, quantity=Decimal(quantity), rationale="so it is")


async def holding(**shares: str) -> FakeSteps:
    """Steps of a desk that bought these shares in an earlier cycle."""
    steps = FakeSteps()
    steps.signals = {symbol: signal(symbol, quantity=quantity) for symbol, quantity in shares.items()}
    report = await run_cycle(steps, cycle(*shares))
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    later = FakeSteps(steps.desk)
    later.minutes = steps.minutes
    return later
