"""What runs the combinations of a study: whether it compiles, and what it says of a rule that raises."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from backtest.data.panels import from_files
from backtest.studies.trials import Engines
from tests.studies import sweep
from trading.backtest_plan import Engine
from trading.money import Record
from trading.rules.view import View
from trading.signals import Signal

SLICE = """
import asyncio, sys
from pathlib import Path
from backtest.data.panels import from_files
from backtest.studies.trials import Engines
from tests.studies import sweep
from trading.backtest_plan import Engine

async def compiled_for(of: int) -> bool:
    asked = sweep(Path(sys.argv[1]))
    panel = await from_files(asked.source, asked.plan)
    (tried,) = await Engines().try_all(panel, asked.plan, Engine.COLUMNS, [asked.grid.at(1)], of=of)
    assert tried.error is None
    return "backtest.columns.compiled" in sys.modules

print(asyncio.run(compiled_for(30)), asyncio.run(compiled_for(10_000)))
"""


@pytest.mark.faults
async def test_one_combination_of_very_many_is_compiled_and_of_few_is_not(sample_data: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLICE, str(sample_data), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    said, _ = await child.communicate()
    assert said.split() == [b"False", b"True"]


class Moody(Record):
    """Raises on every day, if it is so inclined."""

    raises: bool

    def signals(self, view: View) -> list[Signal]:
        if self.raises:
            raise RuntimeError(f"planned, over {len(view.watched)} symbols")
        return []


async def test_in_whole_cycles_too_a_rule_that_raises_has_failed_and_did_not_earn_nothing(sample_data: Path) -> None:
    asked = sweep(sample_data)
    panel = await from_files(asked.source, asked.plan)
    days = panel.days[-3:].tolist()
    plan = asked.plan.model_copy(update={"strategy": f"{__name__}:Moody", "from_on": days[0], "to_on": days[-1]})
    plan = plan.model_copy(update={"parameters": {}})
    raised, calm = await Engines().try_all(panel, plan, Engine.CYCLES, [{"raises": True}, {"raises": False}])
    assert raised.error is not None
    assert "planned, over 3 symbols" in raised.error
    assert raised.equity is None
    assert calm.error is None
    assert calm.equity is not None
