"""What runs the combinations of a study: how it decides whether to compile."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

SLICE = """
import asyncio, sys
from pathlib import Path
from backtest.panels import from_files
from backtest.trials import Engines
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


async def test_one_combination_of_very_many_is_compiled_and_of_few_is_not(sample_data: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLICE, str(sample_data), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    said, _ = await child.communicate()
    assert said.split() == [b"False", b"True"]
