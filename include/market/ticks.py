"""The price steps of exchanges where a step follows from the price alone, in the currency of the listing.

Europe's steps depend on how often a share trades (MiFID II, RTS 11), and those of Tokyo's TOPIX 500 are finer than the
ones here: a level on a step of these tables is a valid price there too, as long as both tables have it. Everywhere
else a step is a cent.
"""

from include.model.bars import Ticks

# NSE, circulars of May 2024 (a paisa below 250) and of March 2025 (from 1,000 on, since 2025-04-15).
INDIA = Ticks(((0, 0.01), (250, 0.05), (1_000, 0.1), (5_000, 0.5), (10_000, 1), (20_000, 5)))
# HKEX, Second Schedule of the trading rules, with the reduction of 2025-08-04. The one of 2026 (0.005 from 0.5 to 10)
# is left out: every level on the steps of before is on its steps too.
HONG_KONG = Ticks(
    (
        (0, 0.001),
        (0.25, 0.005),
        (0.5, 0.01),
        (20, 0.02),
        (50, 0.05),
        (100, 0.1),
        (200, 0.2),
        (500, 0.5),
        (1_000, 1),
        (2_000, 2),
        (5_000, 5),
    )
)
# Tokyo Stock Exchange, Business Regulations, rule 14: what is not of the TOPIX 500.
TOKYO = Ticks(((0, 1), (3_000, 5), (5_000, 10), (30_000, 50), (50_000, 100), (300_000, 500), (500_000, 1_000)))
# Korea Exchange, since 2023-01-25, KOSPI and KOSDAQ.
KOREA = Ticks(((0, 1), (2_000, 5), (5_000, 10), (20_000, 50), (50_000, 100), (200_000, 500), (500_000, 1_000)))
# Taiwan Stock Exchange, Operating Rules, article 62.
TAIWAN = Ticks(((0, 0.01), (10, 0.05), (50, 0.1), (100, 0.5), (500, 1), (1_000, 5)))
# ASX, price steps of equities.
AUSTRALIA = Ticks(((0, 0.001), (0.1, 0.005), (2, 0.01)))
