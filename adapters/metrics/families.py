"""How numbers become what Prometheus reads, each of a desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from adapters.metrics.log_counts import LogCounts, Spread


class Told:
    """What is told of one desk: every series says whose it is."""

    def __init__(self, desk_id: str) -> None:
        self._desk = desk_id

    def gauge(self, name: str, said: str, value: Any) -> Metric:
        """One number."""
        return self.gauges(name, said, (), {(): value})

    def gauges(self, name: str, said: str, labels: Sequence[str], values: Mapping[Any, Any]) -> Metric:
        """A number for each value of the labels."""
        family = GaugeMetricFamily(name, said, labels=["desk", *labels])
        for key, value in values.items():
            family.add_metric([self._desk, *map(str, key)], float(value))
        return family

    def counter(self, name: str, said: str, labels: Sequence[str], values: Mapping[tuple[str, ...], int]) -> Metric:
        """A number that only grows, for each value of the labels; `_total` is added to its name."""
        family = CounterMetricFamily(name, said, labels=["desk", *labels])
        for key, value in values.items():
            family.add_metric([self._desk, *map(str, key)], value)
        return family

    def histogram(self, name: str, said: str, label: str, spreads: Mapping[str, Spread]) -> Metric:
        """Values in buckets, for each value of the label."""
        family = HistogramMetricFamily(name, said, labels=["desk", label])
        for key, spread in spreads.items():
            family.add_metric([self._desk, key], list(spread.cumulated()), spread.total)
        return family


def of_log(told: Told, counts: LogCounts) -> Iterator[Metric]:
    """What a desk's log has of each thing."""
    yield told.counter("trading_events", "Lines of the audit log, by type.", ["type"], counts.events)
    yield told.gauge("trading_log_lines_unread", "Lines of the log that could not be counted.", counts.unread)
    yield told.counter(
        "trading_signals", "Signals of the DataAgent, of rules and of people, by action.", ["action"], counts.signals
    )
    said = "Last words on a proposal, by who had it."
    yield told.counter("trading_decisions", said, ["verdict", "by"], counts.decisions)
    said = "Orders by what became of them: an order counts once for each state that it came to."
    yield told.counter("trading_orders", said, ["outcome"], counts.orders)
    yield told.counter("trading_fills", "Fills that were booked; a bust takes one back.", ["side"], counts.fills)
    said = "Hard limits that made a proposal smaller, denied it, or denied an order in the books."
    yield told.counter("trading_hard_constraint_violations", said, ["limit", "effect"], counts.violations)
    said = "Questions to which an agent gave no usable answer."
    yield told.counter("trading_agent_abstentions", said, ["agent"], counts.abstentions)
    yield told.counter("trading_cycles", "Cycles that ended, by how.", ["outcome"], counts.cycles)
    yield told.counter("trading_cycle_skips", "Cycles and scans that did nothing, by why.", ["code"], counts.skips)
    said = "Differences between the books and the broker's account, each once."
    yield told.counter("trading_reconciliation_findings", said, ["case", "consequence"], counts.differences)
    yield told.counter(
        "trading_audit_findings", "Invariants that the audit found broken.", ["invariant"], counts.findings
    )
    yield told.counter("trading_alerts", "Alerts that were raised.", ["topic", "severity"], counts.alerts)
    said = "How often less was asked of models for want of budget."
    yield told.counter("trading_llm_budget_degradations", said, ["level"], counts.degradations)
    said = "From a cycle's first event to its last, the waits for its orders included."
    yield told.histogram("trading_cycle_duration_seconds", said, "outcome", counts.durations)
    said = "Fill price against the decision's mark in hundredths of a percent, positive is cost."
    yield told.histogram("trading_slippage_bps", said, "side", counts.slippage)


def one_of(states: Iterable[str], current: str) -> dict[tuple[str, ...], int]:
    """1 for the state that holds, 0 for each other."""
    return {(str(each),): int(each == current) for each in states}
