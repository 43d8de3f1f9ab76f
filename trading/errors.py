"""What a retry or a person must handle. Refusals are values (`Breach`, `Denied`), never exceptions.

TradingError
├── Retryable                  the same call may succeed later
│   ├── ModelUnavailable       the model's provider is overloaded, limited or silent
│   ├── MarketUnavailable      the market data provider did not answer
│   ├── BrokerUnavailable      the broker's answer is unknown: look up before anything else
│   ├── LedgerUnavailable      the database did not answer, or asked for the transaction again
│   └── ChannelUnavailable     a channel of alerts did not take a notice: it may later, or once it is mended
└── Final                      trying again would change nothing
    ├── UnreadableAnswer       a model's answer that no rule of reading accepts
    ├── ModelRefused           the provider refuses this question, key or model
    ├── MarketRefused          the market data provider refuses this key or plan
    ├── UnknownSymbol          the market has no such symbol
    ├── BadRule                a strategy's rule cannot be made, raised, or said what no rule may say
    ├── BadMarketData          a file or an answer with data nobody should trade on
    ├── BrokerRefused          the broker refuses this key, or this account may not trade
    ├── OrderRefused           the broker says no
    │   └── DuplicateOrder     … because it has that id already: look it up
    ├── NoticeRefused          a channel of alerts refuses this notice, and would again
    ├── IllegalTransition      an order was asked to go where its state does not lead
    ├── BooksDisagree          the same id was stored with other content: a bug, and a halt
    └── BadConfiguration       settings that contradict themselves or what is there
        ├── NoBooks            … a desk whose first cycle has not opened its books
        └── UnusableDatabase   … a database that is not what they say, or lets nobody in
"""

from __future__ import annotations


class TradingError(Exception):
    """Anything that goes wrong in the desk and is not a refusal."""


class Retryable(TradingError):
    """The same call may succeed later.

    `retry_after_seconds` is what the other side asked for, None when it said nothing.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Final(TradingError):
    """Trying again would change nothing."""


class ModelUnavailable(Retryable):
    """The model's provider is overloaded, limited or silent. `uncharged` when it is certain that this cost nothing."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, uncharged: bool = False) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.uncharged = uncharged


class MarketUnavailable(Retryable):
    """The market data provider did not answer."""


class BrokerUnavailable(Retryable):
    """The broker's answer is unknown: look up before anything else."""


class LedgerUnavailable(Retryable):
    """The database did not answer, or asked for the transaction again."""


class ChannelUnavailable(Retryable):
    """A channel of alerts did not take a notice: it may later, or once it is mended."""


class UnreadableAnswer(Final):
    """A model's answer that no rule of reading accepts."""


class ModelRefused(Final):
    """The provider refuses this question, key or model. `uncharged` when it is certain that this cost nothing."""

    def __init__(self, message: str, *, uncharged: bool = False) -> None:
        super().__init__(message)
        self.uncharged = uncharged


class MarketRefused(Final):
    """The market data provider refuses this key or plan."""


class UnknownSymbol(Final):
    """The market has no such symbol."""


class BadRule(Final):
    """A strategy's rule cannot be made, raised, or said what no rule may say."""


class BadMarketData(Final):
    """A file or an answer with data nobody should trade on."""


class BrokerRefused(Final):
    """The broker refuses this key, or this account may not trade."""


class OrderRefused(Final):
    """The broker says no, and why."""


class DuplicateOrder(OrderRefused):
    """The broker says that it has an order of that id already."""


class NoticeRefused(Final):
    """A channel of alerts refuses this notice, and would again."""


class IllegalTransition(Final):
    """An order was asked to go where its state does not lead."""


class BooksDisagree(Final):
    """The same id was stored with other content: a bug, and a halt."""


class BadConfiguration(Final):
    """Settings that contradict themselves or what is there."""


class NoBooks(BadConfiguration):
    """A desk that has no books yet: its first cycle opens them."""


class UnusableDatabase(BadConfiguration):
    """A database that is not what the settings say, or does not let us in."""
