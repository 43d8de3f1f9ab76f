"""What a call cost, by the price list that the package `genai-prices` carries: no network is asked."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import genai_prices

from trading.agents.estimates import Tokens

_PLACES = Decimal("0.000000001")


def cost_usd(provider: str, models: Iterable[str], **tokens: int) -> Decimal | None:
    """Dollars to nine places, by the first of these names that has a price; None when none has.

    Tokens by their names there: `input_tokens` with the cached ones, `cache_read_tokens`, `cache_write_tokens`,
    `cache_write_1h_tokens`, `output_tokens` with the thoughts.
    """
    usage = genai_prices.Usage(**tokens)
    for model in models:
        try:
            return genai_prices.calc_price(usage, model, provider_id=provider).total_price.quantize(_PLACES)
        except LookupError:
            continue
        except ValueError:  # counts that contradict each other, as more cached tokens than there were
            return None
    return None


def most_usd(provider: str, model: str, tokens: Tokens) -> Decimal | None:
    """The most that so many tokens may cost: none read from a cache, or all of the standing text kept for an hour."""
    plain = cost_usd(provider, (model,), input_tokens=tokens.told, output_tokens=tokens.answered)
    kept = cost_usd(
        provider,
        (model,),
        input_tokens=tokens.told,
        output_tokens=tokens.answered,
        cache_write_tokens=tokens.standing,
        cache_write_1h_tokens=tokens.standing,
    )
    return max((one for one in (plain, kept) if one is not None), default=None)
