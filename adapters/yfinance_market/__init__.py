"""Yahoo's prices through `yfinance` as a market: free, without a key, an undocumented source for personal use.

bars: daily. Yahoo restates them for splits, and they are checked against the splits that it lists.
quotes: the close of the last whole minute at `as_of` (older than 25 days: of the last session) for bid, ask and last
alike, because Yahoo tells no spread of a moment.
facts: name, industry, and sector by its GICS name; its numbers and days of reports as of now, asked once a day.

An empty answer is not a delisted share: Yahoo answers so too when it blocks an address. A symbol without data among
others that have some is dropped as `no_data`; when none has any, the provider is unavailable.

The package has one session for the whole process: it is ours, and every request on it ends in time. After a failed
request it asks once more by itself with fresh cookies; that cannot be turned off.
"""

from adapters.yfinance_market.market import YFinanceMarket
from adapters.yfinance_market.wire import YahooAccess

__all__ = ["YFinanceMarket", "YahooAccess"]
