"""A broker that trades on paper: real orders against real quotes, with its own book in Postgres.

| what happens               | what the paper broker does                                                              |
|----------------------------|-----------------------------------------------------------------------------------------|
| an order arrives           | it is stored, and meets the market's quote as of the order's `as_of` at once            |
| its id was seen before     | `DuplicateOrder`, whatever the terms: look the id up                                    |
| its id is not acceptable   | `OrderRefused`: over 128 characters, or it ends in `-stop` or `-target`                 |
| it protects a position and | it only reduces what is held, shares it with the other orders that protect, and yields  |
| comes by itself, later     | to exits; more than is held is rejected; without its `parent_id`'s order `OrderRefused` |
| the market lacks the symbol| stored as rejected, with the reason                                                     |
| it buys for more than there| stored as rejected: a cash account lends nothing, open buys count, and what short sales |
| is to spend                | brought is kept for them                                                                |
| it would sell what is not  | stored as rejected; shares that other open exits offer are not offered twice. An entry  |
| held                       | may open a short position where the terms allow that                                    |
| it asks for part of a share| stored as rejected, unless the terms trade parts                                        |
| there is no quote          | it is accepted and rests                                                                |
| a quote comes again        | nothing: an order meets each quote once, and none older, so `match` may be repeated     |
| a market order             | buys at the ask, sells at the bid, worse by the slippage, rounded to the tick against us|
| a limit order              | trades as a market order but never beyond its limit; rests while the quote is beyond it |
| a stop order               | becomes a market order once bid ≤ stop (to buy: ask ≥ stop): after a gap, at the worse  |
|                            | price                                                                                   |
| an order is large          | one quote fills `volume_share` of the 20-day average volume, at least a share, and the  |
|                            | rest rests; a volume that is zero or unknown sets no cap                                |
| an entry with a stop or a  | the legs `{id}-stop` and `{id}-target` rest for as much as it has filled so far, and    |
| target fills               | meet later quotes                                                                       |
| a leg fills                | the rest of its entry is cancelled; what both legs sell together is never more than the |
|                            | entry bought, and then both have ended                                                  |
| anything sells             | never more than is held; once nothing is held every open sell is cancelled, except the  |
|                            | legs of an entry that may still fill                                                    |
| several rest in a symbol   | stops first (the worst case), then targets, then the others, each oldest first          |
| its session ends           | a day's order has expired with a quote of `expires_at` or later, and with a match or a  |
|                            | cancel after it; legs and whatever is good till cancelled go on                         |
| a cancel                   | ends what is left; an order that has ended is returned as it is                         |

A fill happens in market time: at the quote's time, but not before the order's `as_of`. `received_at` is the real clock.
Ids follow from the order: `paper-{id}` is the broker's, `{id}.f1`, `{id}.f2` … are the fills'.

Each desk is an account of its own: cash, shares, and activities for all that changes them without a trade. It opens at
the first look, with a deposit `{desk}/opening-deposit`. Fills change it in their own transaction; `move_money` pays in
and out; `apply` lets listed splits and dividends happen at their ex-date: shares, open orders, stops and targets are
re-based, and parts of a share paid for, in cash; each once, whichever list names it. Nothing of it is
read from the desk's books, so that these have something to be compared with.

The rules are pure, in modules of their own; `adapters/memory/broker.py` keeps the same book without a database.
"""

from adapters.paper_broker.broker import PaperBroker
from adapters.paper_broker.terms import PaperTerms

__all__ = ["PaperBroker", "PaperTerms"]
