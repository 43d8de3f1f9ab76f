"""What happens in this process, counted as it happens: calls, failures and how long they took.

There is one of each in a process, as there is one log. They begin at nothing with the process, as Prometheus expects.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from adapters.metrics.labels import MOST_MODELS, MOST_NAMES, Capped
from trading.agents.questions import Agent

# When each series began: as many series again, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]  # its package forgot to say that it returns nothing

REGISTRY = CollectorRegistry(auto_describe=False)
"""All that this process tells."""
MODELS = Capped(MOST_MODELS)
"""Models are named by settings and strategies, providers and channels by settings: few, but nobody counts them."""
PROVIDERS, CHANNELS = Capped(MOST_NAMES), Capped(MOST_NAMES)

ASKED_IN = {
    "ask_data": Agent.DATA,
    "ask_risk": Agent.RISK,
    "ask_validator": Agent.VALIDATOR,
    "ask_meta": Agent.META,
    "reflect": Agent.REFLECTOR,
    "ask_inquirer": Agent.INQUIRER,
}
"""Whose step an activity is; of `argue` its question says it."""

# From an answer of the journal or of rules to one that took all its tries.
_AGENT_BUCKETS = (0.01, 0.05, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120)
_CALL_BUCKETS = (0.01, 0.1, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)

AGENT_LATENCY = Histogram(
    "trading_agent_latency_seconds",
    "How long one try of an agent's step took, repairs included; failed is a try that ended in an error.",
    ["agent", "outcome"],
    buckets=_AGENT_BUCKETS,
    registry=REGISTRY,
)
CALL_DURATION = Histogram(
    "trading_llm_call_duration_seconds",
    "How long one call to a model took, by how it ended: how the model stopped, or what went wrong.",
    ["agent", "model", "outcome"],
    buckets=_CALL_BUCKETS,
    registry=REGISTRY,
)
CALL_TOKENS = Counter(
    "trading_llm_tokens",
    "Tokens of answered calls. Input counts what was read from and written to the provider's cache as well.",
    ["agent", "model", "kind"],
    registry=REGISTRY,
)
CALL_USD = Counter(
    "trading_llm_cost_usd", "Dollars of answered calls whose price is known.", ["agent", "model"], registry=REGISTRY
)
CALLS_UNPRICED = Counter(
    "trading_llm_unpriced_calls", "Answered calls without a known price.", ["agent", "model"], registry=REGISTRY
)
JOURNAL_LOOKS = Counter(
    "trading_llm_journal_lookups",
    "Questions looked up among the replies that arrived before: a hit is not asked and not paid again.",
    ["result"],
    registry=REGISTRY,
)
FALLBACKS = Counter(
    "trading_market_data_fallbacks",
    "Questions for prices that this provider answered in place of one that did not.",
    ["provider", "failed"],
    registry=REGISTRY,
)
MARKET_FAILURES = Counter(
    "trading_market_data_failures",
    "Questions for prices that a provider did not answer.",
    ["provider"],
    registry=REGISTRY,
)
ACTIVITY_FAILURES = Counter(
    "trading_activity_failures",
    "Tries of a step that ended in an error, by the error's name; Unclassified is a bug.",
    ["activity", "error"],
    registry=REGISTRY,
)
ALERTS_SENT = Counter(
    "trading_alert_messages",
    "Messages to a channel: told, refused for good, or failed and to be tried again.",
    ["channel", "outcome"],
    registry=REGISTRY,
)

# A series that is not there yet cannot be told from one that is gone: what is few is there from the beginning.
for _result in ("hit", "miss"):
    JOURNAL_LOOKS.labels(_result)
for _asked in ASKED_IN:
    for _error in ("ModelUnavailable", "LedgerUnavailable", "Unclassified"):
        ACTIVITY_FAILURES.labels(_asked, _error)
