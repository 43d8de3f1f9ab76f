"""Books that live in this process alone: a backtest's. The same rules as those in Postgres, and held to the same."""
