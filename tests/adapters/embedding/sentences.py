"""Pairs of sentences as desks write them: twenty that mean the same, twenty of one tongue that do not."""

from __future__ import annotations

SIMILAR = (
    (
        "The price broke out above its 200-day average on heavy volume.",
        "A close over the 200-day moving average with unusually high volume.",
    ),
    ("RSI at 78 says the stock is overbought.", "Momentum is overbought, with the RSI near 80."),
    (
        "Earnings are due in two days, so the risk of a gap is high.",
        "The company reports in two days; a gap is a serious risk.",
    ),
    (
        "The stop sits too close to the price for this volatility.",
        "With volatility like this the stop is too near the price.",
    ),
    ("Oil prices fell and dragged the whole energy sector down.", "The energy sector dropped as crude oil declined."),
    ("We already hold too much technology.", "The portfolio is overweight in technology shares."),
    ("The Federal Reserve is expected to cut interest rates.", "Markets expect lower interest rates from the Fed."),
    (
        "A golden cross: the 50-day average rose above the 200-day.",
        "The 50-day moving average crossed over the 200-day average from below.",
    ),
    ("The company raised its guidance for the year.", "Management lifted the full-year outlook."),
    ("The bank took large losses on bad loans.", "Credit losses on loans hurt the bank."),
    ("The dividend was cut in half.", "The company halved its dividend."),
    ("The pullback to the 50-day average is a chance to buy.", "Buy the dip at the 50-day moving average."),
    ("Volatility is very low and the range is narrow.", "A narrow trading range with low volatility."),
    ("The stock gapped down after missing earnings estimates.", "Shares opened sharply lower on an earnings miss."),
    ("MACD turned negative, momentum is fading.", "Fading momentum: the MACD histogram is below zero."),
    ("The trade was stopped out within a day.", "Our stop was hit the day after the entry."),
    ("Sales in China are slowing.", "Chinese demand is weakening and revenue there slows."),
    ("The position was too large for the account.", "The position size exceeded what the account can bear."),
    ("The price is near its 52-week high.", "The stock trades close to the high of the last 52 weeks."),
    ("The spread is wide and liquidity is thin.", "Thin liquidity makes for a wide bid-ask spread."),
)
DISSIMILAR = (
    ("The price broke out above its 200-day average on heavy volume.", "The dividend was cut in half."),
    ("RSI at 78 says the stock is overbought.", "The bank took large losses on bad loans."),
    ("Earnings are due in two days, so the risk of a gap is high.", "The spread is wide and liquidity is thin."),
    ("The stop sits too close to the price for this volatility.", "Management lifted the full-year outlook."),
    (
        "Oil prices fell and dragged the whole energy sector down.",
        "A golden cross: the 50-day average rose above the 200-day.",
    ),
    ("We already hold too much technology.", "Shares opened sharply lower on an earnings miss."),
    ("The Federal Reserve is expected to cut interest rates.", "Our stop was hit the day after the entry."),
    ("The company halved its dividend.", "Momentum is overbought, with the RSI near 80."),
    ("The company raised its guidance for the year.", "The price is near its 52-week high."),
    ("Credit losses on loans hurt the bank.", "Buy the dip at the 50-day moving average."),
    ("Sales in China are slowing.", "The stop sits too close to the price for this volatility."),
    ("A narrow trading range with low volatility.", "The company reports in two days; a gap is a serious risk."),
    ("Fading momentum: the MACD histogram is below zero.", "Markets expect lower interest rates from the Fed."),
    ("The position was too large for the account.", "The energy sector dropped as crude oil declined."),
    ("Thin liquidity makes for a wide bid-ask spread.", "Chinese demand is weakening and revenue there slows."),
    ("The pullback to the 50-day average is a chance to buy.", "The portfolio is overweight in technology shares."),
    ("The trade was stopped out within a day.", "The Federal Reserve is expected to cut interest rates."),
    ("The stock trades close to the high of the last 52 weeks.", "The bank took large losses on bad loans."),
    ("MACD turned negative, momentum is fading.", "The company raised its guidance for the year."),
    ("Volatility is very low and the range is narrow.", "Oil prices fell and dragged the whole energy sector down."),
)
