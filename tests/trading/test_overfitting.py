"""Whether choosing found anything: noise, skill, the paper's definition worked plainly, and what must not matter."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.overfitting import Overfitting, overfitting
from trading.track import Column


def told(returns: Column, blocks: int = 8) -> Overfitting:
    found = overfitting(returns, blocks)
    assert found is not None
    return found


def noise(seed: int, days: int = 400, trials: int = 20) -> Column:
    return np.random.default_rng(seed).normal(0, 0.01, (days, trials))


def plainly(returns: Column, blocks: int) -> tuple[float, float]:
    """Probability of overfitting and of loss, a split after the other, by ranks and their logits as in the paper."""
    parts = np.array_split(returns, blocks)
    logits, losses = [], []
    for chosen in combinations(range(blocks), blocks // 2):
        seen = np.concatenate([parts[one] for one in chosen])
        unseen = np.concatenate([parts[one] for one in range(blocks) if one not in chosen])
        best = int((seen.mean(axis=0) / seen.std(axis=0, ddof=1)).argmax())
        ratios = unseen.mean(axis=0) / unseen.std(axis=0, ddof=1)
        place = (ratios.argsort().argsort()[best] + 1) / (len(ratios) + 1)
        logits.append(np.log(place / (1 - place)))
        losses.append(ratios[best] < 0)
    return float(np.mean(np.array(logits) <= 0)), float(np.mean(losses))


@pytest.mark.parametrize(("seed", "blocks"), [(0, 4), (1, 6), (2, 10)])
def test_it_is_what_the_paper_defines(seed: int, blocks: int) -> None:
    """With an even number of trials nobody is the median."""
    returns = noise(seed, days=blocks * 30, trials=12)
    found = told(returns, blocks)
    assert (found.probability, found.loss) == pytest.approx(plainly(returns, blocks), abs=1e-12)


def test_sixteen_blocks_are_halved_in_twelve_thousand_ways() -> None:
    found = overfitting(noise(3, days=2736, trials=50))
    assert found is not None
    assert (found.splits, found.trials) == (12_870, 50)


def test_of_noise_the_choice_is_worth_nothing() -> None:
    """Over many markets of noise; in a single one the halves of the same days are not independent."""
    found = [told(noise(seed)) for seed in range(150)]
    assert np.mean([one.probability for one in found]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([one.loss for one in found]) == pytest.approx(0.5, abs=0.05)


def test_one_that_is_truly_good_is_chosen_and_stays_good() -> None:
    returns = noise(7)
    returns[:, 13] += 0.006
    found = told(returns)
    assert (found.probability, found.loss) == (0.0, 0.0)


def test_what_looks_better_and_is_worse_has_a_falling_line() -> None:
    """A trial that wins in one half of the days what it loses in the other: only an even choice of days is none."""
    random = np.random.default_rng(2)
    returns = random.normal(0, 0.001, (400, 10))
    returns += np.where(np.arange(400) < 200, 1, -1)[:, np.newaxis] * np.linspace(-0.002, 0.002, 10)
    found = told(returns)
    assert found.probability > 0.6
    assert found.slope is not None
    assert found.slope < -0.5
    assert found.r2 is not None
    assert found.r2 > 0.5


@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 10), trials=st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_neither_the_stake_nor_the_order_of_trials_matters(seed: int, factor: float, trials: int) -> None:
    returns = noise(seed, days=97, trials=trials)
    found = told(returns, 6)
    assert 0 <= found.probability <= 1
    shuffled = np.random.default_rng(seed).permutation(returns.T).T
    for other in (told(returns * factor, 6), told(shuffled, 6)):
        assert (other.probability, other.loss) == (found.probability, found.loss)
        assert other.slope == pytest.approx(found.slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.001])
@pytest.mark.parametrize("trials", [2, 5, 7, 33])
def test_trials_that_are_one_and_the_same_are_neither_found_nor_overfitted(value: float, trials: int) -> None:
    same = np.tile(noise(1, trials=1), trials)
    assert told(same).probability == 0.5
    flat = told(np.full((100, 4), value))
    assert (flat.probability, flat.loss, flat.slope, flat.r2) == (0.5, 0.0, None, None)


def test_many_trials_are_worked_on_a_part_at_a_time() -> None:
    few = noise(4, days=64, trials=3)
    many = np.hstack([few, np.tile(few[:, :1] - 1.0, 2997)])
    assert told(many, 14).loss == told(few, 14).loss


@pytest.mark.parametrize(("days", "trials"), [(15, 5), (100, 1), (0, 2)])
def test_too_little_is_no_answer(days: int, trials: int) -> None:
    assert overfitting(noise(0, days, trials), 8) is None


@pytest.mark.parametrize("blocks", [0, 7, -2, 22])
def test_blocks_must_be_halved(blocks: int) -> None:
    with pytest.raises(ValueError, match="even number"):
        overfitting(noise(0), blocks)
