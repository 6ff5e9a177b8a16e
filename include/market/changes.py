"""Whether a source has changed bars of the past, why, and what of its answer is new. Pure."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from include.model.prices import Floats, PriceHistory

SAME = 1e-5
"""The relative difference below which two prices are the same: Yahoo's last digits are not always."""

PRICES = ("open", "high", "low", "close")
MOST_OF_A_SPLIT = 50


def change_of(stored: PriceHistory, found: PriceHistory) -> str | None:
    """Why `found` is not the history that `stored` is; None when they agree wherever both have a bar."""
    if stored.currency != found.currency:
        return f"quoted in {found.currency} instead of {stored.currency}"
    _, ours, theirs = np.intersect1d(stored.sessions, found.sessions, assume_unique=True, return_indices=True)
    if not len(ours):
        return "no bar in common"
    ratios = np.array([getattr(found, name)[theirs] / getattr(stored, name)[ours] for name in PRICES])
    if not _is_one(ratios):
        return _split(ratios)
    return None if _is_one(found.adjustment[theirs] / stored.adjustment[ours]) else "dividend"


def _is_one(ratios: Floats) -> bool:
    return bool((np.abs(ratios - 1) <= SAME).all())


def _split(ratios: Floats) -> str:
    """All prices changed alike: a split. Otherwise some were corrected."""
    factor = float(np.median(ratios))
    shares = Fraction(1 / factor).limit_denominator(MOST_OF_A_SPLIT) if factor > 0 else Fraction(1)
    if shares == 1 or np.ptp(ratios) > 0.01 * factor:
        return "correction"
    return f"split {shares.numerator}:{shares.denominator}"


def without_noise(stored: PriceHistory, found: PriceHistory) -> PriceHistory:
    """`found` with the prices that are stored, where both have a bar: these agree, and stored ones do not flicker.

    The volume is the newer one: a source still counts when the prices are final.
    """
    _, ours, theirs = np.intersect1d(stored.sessions, found.sessions, assume_unique=True, return_indices=True)
    columns = {name: getattr(found, name).copy() for name in (*PRICES, "adjustment")}
    for name, column in columns.items():
        column[theirs] = getattr(stored, name)[ours]
    return replace(found, **columns)


def unfit(history: PriceHistory) -> str | None:
    """The first bar that cannot be one, in words."""
    prices = np.array([getattr(history, name) for name in PRICES])
    bad = ~((prices > 0) & np.isfinite(prices)).all(axis=0) | ~((history.volume >= 0) & np.isfinite(history.volume))
    if not bad.any():
        return None
    at = int(bad.argmax())
    figures = ", ".join(f"{name} {getattr(history, name)[at]:g}" for name in (*PRICES, "volume"))
    return f"impossible prices on {history.sessions[at]} ({int(bad.sum())} of {len(history)} bars): {figures}"
