"""The faithful engine: `trading/cycle.py` itself, a cycle at each close, over books, market and broker in memory."""
