"""Entries of a size that the plan says, whatever weight the rule gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from trading.backtest_plan import SizedBy, Sizing
from trading.rules.rule import Rule
from trading.rules.view import View
from trading.signals import Action, Signal
from trading.strategy_ports import LoadedRule, Rules


@dataclass(frozen=True, slots=True)
class SizedRule:
    """A rule whose purchases are of the plan's size; what it sells, and when, is its own affair."""

    rule: Rule
    sizing: Sizing

    def signals(self, view: View) -> Sequence[Signal]:
        """What the rule says, with its purchases resized."""
        return [resized(one, self.sizing) for one in self.rule.signals(view)]


@dataclass(frozen=True, slots=True)
class SizedRules:
    """The port `Rules`: those of another, each wrapped."""

    rules: Rules
    sizing: Sizing

    def load(self, source: str, parameters: Mapping[str, JsonValue]) -> LoadedRule:
        """Make the rule that a strategy names."""
        rule, version = self.rules.load(source, parameters)
        return LoadedRule(SizedRule(rule, self.sizing), version)


def resized(signal: Signal, sizing: Sizing) -> Signal:
    """A purchase of so many shares, or for so much of the equity at the close, in whole shares; others as they are."""
    if not isinstance(signal, Signal) or signal.action is not Action.BUY:
        return signal
    if sizing.by is SizedBy.FIXED:
        return signal.model_copy(update={"quantity": sizing.amount, "weight": None})
    return signal.model_copy(update={"quantity": None, "weight": sizing.amount})
