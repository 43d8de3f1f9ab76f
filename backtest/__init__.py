"""History replayed: what a strategy would have done, and what that is worth.

| room | what runs through it |
|---|---|
| `cycles/` | the agents, and every rule: `trading/cycle.py` itself, day by day, over books, market, broker in memory |
| `columns/` | rules that can be told for whole columns at once: the same decisions over arrays, compiled, for sweeps |
"""
