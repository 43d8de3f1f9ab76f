"""Alpaca's market data as a market: `alpaca-py` in threads, its retries off, a time-out on every request.

| asked for | is                                                                                             |
|-----------|------------------------------------------------------------------------------------------------|
| bars      | daily, split-adjusted, of one feed (`iex` one exchange, `sip` all); complete at their closing bell |
| quotes    | the newest bid, ask and trade at `as_of`, as old as the older of them; 0 means that nobody bids    |
| facts     | name and whether it may be traded, of the trading API; Alpaca tells no sector                      |

The live quote is often seconds newer than `as_of`: it is not taken then, the one in force at `as_of` is asked for.

| answer                           | error               |
|----------------------------------|---------------------|
| 401, 403                         | `MarketRefused`     |
| 404, 422 about a symbol          | `UnknownSymbol`     |
| 400, other 4xx                   | `BadMarketData`     |
| 429                              | `MarketUnavailable`, after what its headers say |
| 5xx, silence, a cut, no JSON     | `MarketUnavailable` |
"""

import warnings

with warnings.catch_warnings():
    # The SDK imports its streams with everything else, and they an old part of websockets.
    warnings.filterwarnings("ignore", message=r"websockets\.legacy is deprecated", category=DeprecationWarning)
    from adapters.alpaca_market.market import AlpacaMarket
    from adapters.alpaca_market.wire import AlpacaAccount

__all__ = ["AlpacaAccount", "AlpacaMarket"]
