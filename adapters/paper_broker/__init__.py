"""A broker that trades on paper: real orders against real quotes, with its own book in Postgres.

| what happens               | what the paper broker does                                                              |
|----------------------------|-----------------------------------------------------------------------------------------|
| an order arrives           | it is stored, and meets the market's quote as of the order's `as_of` at once            |
| its id was seen before     | `OrderRefused`, whatever the terms: look the id up                                      |
| its id is not acceptable   | `OrderRefused`: over 128 characters, or it ends in `-stop` or `-target`                 |
| it is a protective order   | `OrderRefused`: those come with their entry                                             |
| the market lacks the symbol| stored as rejected, with the reason                                                     |
| it would sell what is not  | stored as rejected; shares that other open exits offer are not offered twice            |
| held                       |                                                                                         |
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
| a cancel                   | ends what is left; an order that has ended is returned as it is                         |

A fill happens in market time: at the quote's time, but not before the order's `as_of`. `received_at` is the real clock.
Ids follow from the order: `paper-{id}` is the broker's, `{id}.f1`, `{id}.f2` … are the fills'. Each desk is an account
of its own. Cash and margin are not kept here: what a desk can afford is for its limits to say.
"""

from adapters.paper_broker.broker import PaperBroker
from adapters.paper_broker.terms import PaperTerms

__all__ = ["PaperBroker", "PaperTerms"]
