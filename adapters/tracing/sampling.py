"""What is no span whatever the sampler says: a display's looks, several a second, are nobody's work."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

_LOOKS = ("QueryWorkflow:", "HandleQuery:", "ValidateUpdate:")


class WithoutLooks(Sampler):
    """The sampler that the standard variables name, for all but looks."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self, parent_context: Context | None, trace_id: int, name: str, *more: Any, **options: Any
    ) -> SamplingResult:
        """Decide."""
        if name.startswith(_LOOKS):
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(parent_context, trace_id, name, *more, **options)

    def get_description(self) -> str:
        """How it is called."""
        return f"WithoutLooks({self._sampler.get_description()})"
