"""Alpaca as a broker: `alpaca-py` in threads, its retries off, a time-out on every request, every answer doubted.

| asked                | what it does                                                                               |
|----------------------|--------------------------------------------------------------------------------------------|
| an entry             | market, limit or stop; with its stop and target as a bracket, with one of them as an OTO   |
| … with a fraction    | a simple order of this session: its protection is sent once it has filled, by whoever asks |
| a stop or target     | a simple order, standing as long as it asks; with a fraction, for this session             |
| prices               | to the tick: limits never worse than asked, stops never later                              |
| always               | extended hours off, order class and time in force said explicitly                         |
| an order             | found by our id; `held` back or resting is `accepted`, and the look-up says no parent      |
| legs                 | once the entry has filled whole; their ids are Alpaca's                                    |
| fills                | the FILL activities, the one source of fill ids; one taken back is told with its reverse   |
| the book             | everything in the account, whoever sent it; legs that are held back are left out           |
| settled cash         | `non_marginable_buying_power`, no more than `cash`: what open orders will take is off it   |
| activities           | dividends, fees, interest, deposits and withdrawals by kind; what is not plain is `other`  |
| moves                | the trade-updates stream: which order to look at; nothing of it is booked                  |

| answer                                                    | submit                | look-up                |
|-----------------------------------------------------------|-----------------------|------------------------|
| 200 about the order, as it was sent                       | the order             | the order              |
| 200 about another, of another shape, no JSON, nothing     | `BrokerUnavailable`   | `BrokerUnavailable`    |
| 400, 403, 404, 422 with Alpaca's code and sentence        | `OrderRefused`        | 404 is None, else …    |
| 422 with 40010001, the id is taken                        | `DuplicateOrder`      | `BrokerUnavailable`    |
| 401; 403 without a code                                   | `BrokerRefused`       | `BrokerRefused`        |
| 429; its headers say for how long                         | `BrokerUnavailable`   | `BrokerUnavailable`    |
| 5xx, other 4xx, 4xx without Alpaca's code, silence, a cut | `BrokerUnavailable`   | `BrokerUnavailable`    |

`BrokerUnavailable` means unknown: the order may be there. Nothing here ever sends a request a second time.
"""

import warnings

with warnings.catch_warnings():
    # The SDK imports its streams with everything else, and they an old part of websockets.
    warnings.filterwarnings("ignore", message=r"websockets\.legacy is deprecated", category=DeprecationWarning)
    from adapters.alpaca_broker.broker import AlpacaBroker
    from adapters.alpaca_broker.wire import AlpacaAccess

__all__ = ["AlpacaAccess", "AlpacaBroker"]
