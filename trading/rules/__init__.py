"""Strategies that decide by a rule, without a model: what they see, what they may say, and seven of them.

| name                | buys                                          | sells                          |
|---------------------|-----------------------------------------------|--------------------------------|
| `sma-crossover`     | a fast average above a slow one               | when it falls below            |
| `sma-cross`         | a fast average that rises above a slow one    | when it falls below            |
| `momentum-ranking`  | the winners of the last year but a month      | what is no longer among them   |
| `rsi-reversion`     | what is oversold                              | what has recovered             |
| `breakout`          | a close above the channel, with a stop        | a close below a shorter one    |
| `volatility-target` | every symbol, as much as its risk allows      | what is too much               |
| `buy-and-hold`      | every symbol once                             | nothing                        |

A rule of one's own is a class with a method `signals(view)`, named as `module:Class`. With a method `columns`
beside it (`trading/rules/columns.py`) it is tested over all days at once.
"""

from collections.abc import Mapping
from types import MappingProxyType

from trading.rules.breakout import Breakout
from trading.rules.buy_and_hold import BuyAndHold
from trading.rules.momentum_ranking import MomentumRanking
from trading.rules.rsi_reversion import RsiReversion
from trading.rules.rule import Rule, buy, fraction, rotate, sell
from trading.rules.sma_cross import SmaCross
from trading.rules.sma_crossover import SmaCrossover
from trading.rules.view import Seen, View
from trading.rules.volatility_target import VolatilityTarget
from trading.signals import Action, Signal

RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {
        "sma-crossover": SmaCrossover,
        "momentum-ranking": MomentumRanking,
        "rsi-reversion": RsiReversion,
        "breakout": Breakout,
        "volatility-target": VolatilityTarget,
        "buy-and-hold": BuyAndHold,
        "sma-cross": SmaCross,
    }
)
"""The rules that come with the desk, by the name that a strategy's source gives."""

__all__ = ["RULES", "Action", "Rule", "Seen", "Signal", "View", "buy", "fraction", "rotate", "sell"]
