"""History replayed: what a strategy would have done, and what that is worth.

| room | what is there |
|---|---|
| `data/` | bars: read, cleaned, doubted, laid out as a panel |
| `cycles/` | the agents, and every rule: `trading/cycle.py` itself, day by day, over books, market, broker in memory |
| `columns/` | rules that can be told for whole columns at once: the same decisions over arrays, compiled, for sweeps |
| `studies/` | many runs over one panel: combinations, what is kept of each, other courses of one |
| `measures/` | what a result is measured by: round trips, curves, yardsticks, who earned what |
| `results/` | what a run brought: the record, its files, several of them beside each other |
| `tear_sheet/` | the same as a page |
"""
