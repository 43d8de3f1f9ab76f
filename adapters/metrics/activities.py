"""Around every activity: how long an agent took, and what failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from adapters.metrics import instruments as of
from adapters.metrics.labels import MOST_CODES, OTHER, Capped, Closed
from trading.agents.questions import Agent
from trading.errors import TradingError
from trading.signals import Abstention

_ACTIVITIES = Capped(2 * MOST_CODES)


def _names(kind: type[TradingError]) -> set[str]:
    return {kind.__name__}.union(*(_names(below) for below in kind.__subclasses__()))


class Metered(Interceptor):
    """Measures every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  the SDK's name
        """Put the measure around the next interceptor."""
        return _Measured(next)


class _Measured(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's name
        name = activity.info().activity_type
        began, outcome = time.monotonic(), "failed"
        try:
            result = await super().execute_activity(input)
            outcome = "abstained" if isinstance(getattr(result, "answer", None), Abstention) else "answered"
        except asyncio.CancelledError:
            outcome = "cut_off"
            raise
        except Exception as error:
            of.ACTIVITY_FAILURES.labels(_ACTIVITIES(name), error_name(error)).inc()
            raise
        finally:
            agent = of.ASKED_IN.get(name) or _asked(input.args)
            if agent is not None:
                of.AGENT_LATENCY.labels(agent.value, outcome).observe(time.monotonic() - began)
        return result


def _asked(args: Sequence[Any]) -> Agent | None:
    """The agent that a question names."""
    agent = getattr(args[0], "agent", None) if args else None
    return agent if isinstance(agent, Agent) else None


def error_name(error: Exception) -> str:
    """The name of a failure in our tree; what nobody has classified is a bug, whatever it is called."""
    said = error.type or OTHER if isinstance(error, ApplicationError) else type(error).__name__
    if said in {"Unclassified", "InvalidRecord", "UnreadableResult"}:
        return said
    named = Closed(_names(TradingError))(said)
    return "Unclassified" if named == OTHER and not isinstance(error, ApplicationError) else named
