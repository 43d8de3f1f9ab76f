"""The search attributes that make cycles and orders findable in Temporal's Web UI and CLI."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from trading.orders import OrderRequest
from trading.steps import Cycle

DESK_ID = SearchAttributeKey.for_keyword("DeskId")
STRATEGY_ID = SearchAttributeKey.for_keyword("StrategyId")
CYCLE_TRIGGER = SearchAttributeKey.for_keyword("CycleTrigger")
CYCLE_OUTCOME = SearchAttributeKey.for_keyword("CycleOutcome")
SYMBOLS = SearchAttributeKey.for_keyword_list("Symbols")
SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Temporal's own: the moment at which a schedule meant to start a workflow, whenever it did."""
TRACE_ID = SearchAttributeKey.for_keyword("TraceId")
KEYWORDS = (DESK_ID, STRATEGY_ID, CYCLE_TRIGGER, CYCLE_OUTCOME, TRACE_ID)
KEYWORD_LISTS = (SYMBOLS,)


def of_desk(desk_id: str) -> TypedSearchAttributes:
    """What finds a desk."""
    return TypedSearchAttributes([SearchAttributePair(DESK_ID, desk_id)])


def of_inquiry(desk_id: str, trace_id: str | None) -> TypedSearchAttributes:
    """What finds a question: whose desk it is about, and who asked."""
    asked = [] if trace_id is None else [SearchAttributePair(TRACE_ID, trace_id)]
    return TypedSearchAttributes([SearchAttributePair(DESK_ID, desk_id), *asked])


def of_order(request: OrderRequest) -> TypedSearchAttributes:
    """What finds an order beside its name: whose it is, and who asked."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(DESK_ID, request.desk_id),
            SearchAttributePair(STRATEGY_ID, request.strategy_id),
            SearchAttributePair(TRACE_ID, request.trace_id),
        ]
    )


def of_cycle(cycle: Cycle) -> TypedSearchAttributes:
    """What finds a cycle."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(DESK_ID, cycle.desk_id),
            SearchAttributePair(STRATEGY_ID, cycle.request.strategy_id),
            SearchAttributePair(CYCLE_TRIGGER, cycle.request.trigger.value),
            SearchAttributePair(SYMBOLS, list(cycle.request.symbols)),
            SearchAttributePair(TRACE_ID, cycle.trace_id),
        ]
    )
