"""What became of each symbol in a cycle: the table that a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from trading.audit import Finding
from trading.instruments import Side, Symbol
from trading.market import SnapshotSummary
from trading.money import Identifier, Price, Quantity, Record, Text
from trading.orders import Order
from trading.settlement import Denied
from trading.shadow import ShadowTrade
from trading.signals import NOT_ASKED, Abstention, Action, Decision, RiskAssessment, Score, Signal, Validation, Verdict

DENIED, SHADOW = "denied", "shadow"
"""The states of an order that went nowhere: refused by code, or only thought of."""
# A hundred rows travel in one payload, which the server warns of at 256 KB; the events hold every word.
MOST_NOTE = 400


class CycleOutcome(StrEnum):
    """How a cycle ended."""

    TRADED = "traded"
    NO_SIGNALS = "no_signals"
    NONE_ALLOWED = "none_allowed"
    NONE_APPROVED = "none_approved"
    NONE_VALIDATED = "none_validated"
    NONE_DECIDED = "none_decided"
    SHADOWED = "shadowed"
    SKIPPED = "skipped"
    FAILED = "failed"


class Row(Record):
    """One symbol's way through the pipeline; None where it never arrived. Quantities in shares, prices in dollars.

    `by` is who decided where no agent was asked: a rule, or a person.
    """

    symbol: Symbol
    price: Price | None = None
    action: Action | None = None
    confidence: Score | None = None
    asked: Quantity | None = None
    allowed: Quantity | None = None
    approved: Quantity | None = None
    validated: bool | None = None
    decided: Quantity | None = None
    order_state: str | None = None
    client_order_id: Identifier | None = None
    filled: Quantity | None = None
    note: Text = ""
    by: Text = Field(default="", exclude_if=lambda by: not by)


class CycleReport(Record):
    """How a cycle ended, with one row a symbol and what the audit found; `shadow` when none of it was to be sent."""

    cycle_id: Identifier
    outcome: CycleOutcome
    reason: Text = ""
    as_of: AwareDatetime | None = None
    market: str | None = None
    synthetic: bool = False
    in_session: bool = True
    shadow: bool = False
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()


class Docket:
    """The rows of a running cycle, filled in as the agents speak."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self._rows = {symbol: Row(symbol=symbol) for symbol in symbols}

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row, by symbol."""
        return tuple(self._rows[symbol] for symbol in sorted(self._rows))

    @property
    def denied(self) -> str:
        """Why nothing was sent of what was ordered; empty when anything was."""
        ordered = [row for row in self.rows if row.order_state is not None]
        if not ordered or any(row.order_state != DENIED for row in ordered):
            return ""
        return f"all {len(ordered)} orders were denied: {ordered[0].symbol}: {ordered[0].note}"

    def note(self, symbol: str, note: str = "", **changes: object) -> None:
        """Fill in a part of a symbol's row. An empty note leaves the one that is there, a long one is cut to fit."""
        row = self._rows.get(symbol) or Row(symbol=symbol)
        self._rows[symbol] = Row.model_validate({**dict(row), **changes, "note": note[:MOST_NOTE] or row.note})

    def note_of(self, symbol: str) -> str:
        """What was said of a symbol last."""
        row = self._rows.get(symbol)
        return row.note if row else ""

    def priced(self, snapshot: SnapshotSummary) -> None:
        """The market was looked at."""
        for priced in snapshot.symbols:
            self.note(priced.instrument.symbol, price=priced.quote.mark)
        for dropped in snapshot.dropped:
            self.note(dropped.symbol, note=f"dropped: {dropped.reason}")

    def signalled(self, symbol: str, answer: Signal | Abstention, by: str = "") -> None:
        """The DataAgent spoke, or did not; or who decides without the agents."""
        if isinstance(answer, Abstention):
            self.note(symbol, note=f"abstained: {answer.reason}")
        else:
            self.note(symbol, action=answer.action, confidence=answer.confidence, note=answer.reasoning, by=by)

    def capped(self, symbol: str, asked: Decimal, allowed: Decimal, note: str) -> None:
        """Code had its say."""
        self.note(symbol, note, asked=asked, allowed=allowed)

    def assessed(self, answer: RiskAssessment) -> None:
        """The RiskManager spoke."""
        note = "; ".join(answer.concerns)
        approved = answer.adjusted_quantity if answer.approved else Decimal(0)
        self.note(answer.symbol, note, approved=approved)

    def validated(self, answer: Validation) -> None:
        """The Validator spoke."""
        note = "; ".join((*answer.patterns, *answer.concerns)) or answer.reasoning
        self.note(answer.symbol, note, validated=answer.approved)

    def unvalidated(self, symbol: str, silent: Abstention) -> None:
        """The Validator did not speak: he had no answer, or nobody asked him."""
        if silent.cause == NOT_ASKED:
            self.note(symbol, f"Validator: not asked, {silent.reason}")
        else:
            self.note(symbol, f"Validator: {silent.reason}", validated=False)

    def decided(self, answer: Decision) -> None:
        """The MetaAgent spoke."""
        quantity = answer.quantity if answer.verdict is Verdict.EXECUTE else Decimal(0)
        self.note(answer.symbol, decided=quantity, note=answer.rationale)

    def ordered(self, outcome: Order | Denied, symbol: str) -> None:
        """The order went out, or was denied."""
        if isinstance(outcome, Denied):
            state, filled, note = DENIED, None, outcome.reason
        else:
            state, filled, note = outcome.state, outcome.filled_quantity, outcome.reason or ""
        self.note(symbol, note, order_state=state, filled=filled, client_order_id=_name(outcome))

    def shadowed(self, symbol: str, trades: Iterable[ShadowTrade]) -> None:
        """Nothing went out; this is what would have."""
        self.note(symbol, "; ".join(map(_thought, trades)) or "nothing left to exit", order_state=SHADOW)


def _thought(trade: ShadowTrade) -> str:
    if trade.pnl is not None:
        return f"would have closed {trade.quantity:f} at {trade.exit_price:f}, making {trade.pnl:+f}"
    return f"would have {'bought' if trade.side is Side.BUY else 'sold'} {trade.quantity:f} at {trade.entry_price:f}"


def _name(outcome: Order | Denied) -> str:
    return outcome.client_order_id if isinstance(outcome, Denied) else outcome.request.client_order_id
