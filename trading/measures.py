"""Measuring a track: all metrics of it at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trading import ratios
from trading.metrics import Metrics
from trading.performance import SESSIONS_A_YEAR, profit_factor, sharpe, sortino, turnover, underwater, win_rate
from trading.track import OPEN, Column, Days, Track, Trips

Measured = Mapping[str, float | None]


def measure(track: Track) -> Metrics:
    """Each metric of `MEASURES` that the track allows; None where it is not defined, never NaN, never a silent zero."""
    returns = ratios.returns_of(track.equity)
    found: list[Measured] = [
        _growth(track, returns),
        _falls(track),
        _months(track),
        _distribution(returns),
        _exposure(track),
        _costs(track),
        _benchmark(track, returns),
    ]
    if track.trips is not None:
        found.append(_trades(track.trips, track.days))
    return Metrics.model_validate({name: value for some in found for name, value in some.items()})


def _growth(track: Track, returns: Column) -> Measured:
    total = float(track.equity[-1]) / track.put_in - 1
    daily = returns.tolist()
    yearly = ratios.growth(total, len(daily))
    return {
        "sessions": len(track.days),
        "final_equity_usd": float(track.equity[-1]),
        "total_return": total,
        "cagr": yearly,
        "volatility": ratios.volatility(returns),
        "sharpe": sharpe(daily),
        "sortino": sortino(daily),
        "calmar": ratios.calmar(yearly, float(underwater(_values(track)).max())),
    }


def _falls(track: Track) -> Measured:
    """Lengths are of indexes into the values, of which the first is the start: it has the first session's day."""
    fallen = ratios.falls(_values(track))
    if not fallen:
        return {"max_drawdown": 0.0}
    days = np.concatenate((track.days[:1], track.days))
    lengths = [_days_between(days, fall.peak, fall.end) for fall in fallen]
    deepest = max(range(len(fallen)), key=lambda one: fallen[one].depth)
    return {
        "max_drawdown": fallen[deepest].depth,
        "max_drawdown_sessions": fallen[deepest].end - fallen[deepest].peak,
        "max_drawdown_days": lengths[deepest],
        "max_drawdown_over": fallen[deepest].over,
        "longest_drawdown_days": max(lengths),
    }


def _months(track: Track) -> Measured:
    months = ratios.monthly_returns(track.days, track.equity, track.put_in).returns
    return {"best_month": float(months.max()), "worst_month": float(months.min())}


def _distribution(returns: Column) -> Measured:
    return {
        "best_day": float(returns.max()) if len(returns) else None,
        "worst_day": float(returns.min()) if len(returns) else None,
        "skew": ratios.skew(returns),
        "kurtosis": ratios.excess_kurtosis(returns),
        "tail_ratio": ratios.tail_ratio(returns),
        "var_95": ratios.value_at_risk(returns),
        "cvar_95": ratios.conditional_value_at_risk(returns),
    }


def _exposure(track: Track) -> Measured:
    found: dict[str, float | None] = {}
    if track.gross is not None:
        some = track.equity > 0
        found["exposure"] = float(np.mean(track.gross > 0))
        found["average_exposure"] = float(np.mean(track.gross[some] / track.equity[some])) if some.any() else None
    if track.traded is not None and len(track.days) > 1:
        turned = turnover(track.traded, track.equity.tolist())
        found["turnover"] = None if turned is None else turned * SESSIONS_A_YEAR / (len(track.days) - 1)
    return found


def _costs(track: Track) -> Measured:
    found: dict[str, float | None] = {"commission_usd": track.commission, "slippage_usd": track.slippage}
    if track.commission is not None and track.slippage is not None:
        costs = track.commission + track.slippage
        made = float(track.equity[-1]) - track.put_in + costs
        found["cost_share"] = costs / made if made > 0 else None
    return found


def _benchmark(track: Track, returns: Column) -> Measured:
    if track.benchmark is None:
        return {}
    known = np.isfinite(track.benchmark)
    theirs = np.where(known[1:] & known[:-1], ratios.returns_of(np.where(known, track.benchmark, 0.0)), np.nan)
    fitted = ratios.line(returns, theirs)
    values = track.benchmark[known]
    return {
        "alpha": fitted.alpha if fitted else None,
        "beta": fitted.beta if fitted else None,
        "benchmark_return": float(ratios.returns_of(values[[0, -1]])[0]) if len(values) else None,
    }


def _trades(trips: Trips, days: Days) -> Measured:
    over = trips.closed != OPEN
    pnl = trips.pnl[over]
    won, lost = pnl[pnl > 0], pnl[pnl < 0]
    held = (days[trips.closed[over]] - days[trips.opened[over]]).astype(np.int64)
    return {
        "trades": len(pnl),
        "open_trades": int(np.sum(~over)),
        "win_rate": win_rate(len(won), len(lost)),
        "profit_factor": profit_factor(float(won.sum()), float(-lost.sum())),
        "expectancy_usd": _mean(pnl),
        "average_win_usd": _mean(won),
        "average_loss_usd": _mean(lost),
        "average_holding_days": _mean(held.astype(np.float64)),
    }


def _values(track: Track) -> Column:
    """What was put in, and then each close: a first day that loses is a drawdown already."""
    return np.concatenate(([track.put_in], track.equity))


def _days_between(days: Days, first: int, last: int) -> int:
    return int((days[last] - days[first]).astype(np.int64))


def _mean(values: Column) -> float | None:
    return float(values.mean()) if len(values) else None
