"""Chance that can be had again: every random test says its seed, and takes the one that it is told."""

import os
import secrets
from random import Random


def seed_of(test: str) -> int:
    """The seed of this run, printed, so that pytest shows it when the test fails; BELLWETHER_SEED does a run again."""
    seed = int(os.environ.get("BELLWETHER_SEED") or secrets.randbelow(2**32))
    print(f"{test}: BELLWETHER_SEED={seed}")
    return seed


def seeded(test: str) -> tuple[int, Random]:
    """That seed and a random generator with it."""
    seed = seed_of(test)
    return seed, Random(seed)  # noqa: S311 - no secret is made by it
