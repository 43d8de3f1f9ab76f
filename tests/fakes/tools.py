"""Tools that tell what a test wrote, as the real ones would: a table, and the ids in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from trading.inquiry import Finding, Lookup, LookupAsked, Tool

EVENTS = (
    "occurred_at | type | symbol | event_id | what it says\n"
    "2026-11-25T19:30:05Z | MetaAgentDecision | MSFT | main-7/MetaAgentDecision/MSFT | verdict=DO_NOT_EXECUTE "
    "rationale=too little cash\n"
    "2026-11-25T19:30:01Z | SignalGenerated | MSFT | main-7/SignalGenerated/MSFT | action=buy confidence=0.62"
)
IDS = ("main-7/MetaAgentDecision/MSFT", "main-7/SignalGenerated/MSFT")
Tells = str | Exception | Callable[[Lookup], Finding]


class ScriptedTools:
    """Tells by tool what is scripted, and of the others that there is nothing. `asked` are the look-ups, in order."""

    def __init__(self, script: Mapping[Tool, Tells] | None = None, ids: Sequence[str] = IDS) -> None:
        self.asked: list[LookupAsked] = []
        self._script = {Tool.QUERY_EVENTS: EVENTS} if script is None else script
        self._ids = ids

    async def look_up(self, asked: LookupAsked) -> Finding:
        self.asked.append(asked)
        told = self._script.get(asked.lookup.tool)
        if isinstance(told, Exception):
            raise told
        if told is None:
            return Finding(lookup=asked.lookup, error="nothing of that kind was found")
        if callable(told):
            return told(asked.lookup)
        ids = tuple(one for one in self._ids if one in told)
        return Finding(lookup=asked.lookup, text=told, ids=ids, rows=told.count("\n"))

    async def known(self, desk_id: str, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(one for one in ids if one in self._ids and one.startswith(f"{desk_id}-"))
