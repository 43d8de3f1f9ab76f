"""Rules that decide without asking anybody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from temporalio import activity

from trading.errors import BadRule
from trading.ports import Snapshots
from trading.rules.vetting import told, vetted
from trading.rules.view import View
from trading.steps import RuleAsked, RuleHeard
from trading.strategy import Strategy
from trading.strategy_ports import Rules

PATIENCE = timedelta(seconds=20)
"""How long a rule may look at a hundred symbols; those that come with the desk take milliseconds."""


class RuleActivities:
    """What a strategy's rule says of a snapshot.

    It is somebody's code: it is loaded and asked in a thread of its own, so that nothing it does but ending the process
    can hurt the worker or another strategy. A thread cannot be ended, so a rule that does not come back keeps its one
    thread, and is not asked again while it is in it.
    """

    def __init__(self, snapshots: Snapshots, rules: Rules, patience: timedelta = PATIENCE) -> None:
        self._snapshots = snapshots
        self._rules = rules
        self._patience = patience.total_seconds()
        self._asked: set[str] = set()

    @activity.defn
    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let the rule look at the stored snapshot, and hold what it says to what a rule may say.

        Raises BadRule, in one line, for a rule that cannot be made, raises, takes too long, or says anything else.

        Repeat: a pure function of the snapshot and the books that it is given.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        return await self.ask(asked, View.of(snapshot, asked.cycle.request.symbols, asked.books))

    async def ask(self, asked: RuleAsked, view: View) -> RuleHeard:
        """What the rule says of a view. Raises as `apply_rule` does."""
        strategy = asked.strategy
        whose = f"{asked.cycle.desk_id}/{strategy.strategy_id}"
        if whose in self._asked:
            raise BadRule(f"{strategy.source} has not come back from the last time that it was asked")
        answer = self._in_a_thread(lambda: self._consult(strategy, view), whose)
        try:
            async with asyncio.timeout(self._patience):
                heard = await answer
        except TimeoutError:
            raise BadRule(f"{strategy.source} took more than {self._patience:g} s") from None
        if isinstance(heard, BadRule):
            raise heard
        return heard

    def _consult(self, strategy: Strategy, view: View) -> RuleHeard | BadRule:
        try:
            rule, version = self._rules.load(strategy.source, strategy.parameters)
            return RuleHeard(signals=vetted(strategy.source, rule.signals(view), view), rule=version)
        except BadRule as wrong:
            return wrong
        except BaseException as error:  # noqa: BLE001  it may even want to end the process: its thread is as far as it gets
            return BadRule(f"{strategy.source} raised {told(error)}")

    def _in_a_thread(
        self, consult: Callable[[], RuleHeard | BadRule], whose: str
    ) -> asyncio.Future[RuleHeard | BadRule]:
        """Ask in a thread that does not keep the process from ending, and that no other work waits for."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[RuleHeard | BadRule] = loop.create_future()

        def deliver(heard: RuleHeard | BadRule) -> None:
            self._asked.discard(whose)
            if not answer.done():
                answer.set_result(heard)

        def work() -> None:
            heard = consult()
            with suppress(RuntimeError):  # the worker has ended meanwhile
                loop.call_soon_threadsafe(deliver, heard)

        threading.Thread(target=work, name=f"rule of {whose}", daemon=True).start()
        self._asked.add(whose)  # `deliver` runs in this loop, so not before
        return answer
