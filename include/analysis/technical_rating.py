"""The public technical rating as a table: 26 votes in two groups, moving averages (trend), oscillators (momentum).

Ids, parameters, thresholds and bars needed stand here, the rules in `technical_rules`. Source: TradingView's help page
"Technical Ratings". `ichimoku_v2` is one of several public definitions; its id says which one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from include.analysis import averages, measures
from include.analysis import technical_rules as rules
from include.analysis.catalog import Atr
from include.analysis.indicator import Indicator, Signal
from include.analysis.series import Series
from include.model.analysis import Category


@dataclass(frozen=True, slots=True)
class Vote:
    """One of the 26: its rule in words in `says`, and in `read`.

    `bars` are the fewest that give this and the value before, where needed.
    """

    id: str
    label: str
    category: Category
    bars: int
    says: str
    read: Callable[[Series], Signal]


def _average(kind: str, period: int, measure: Callable[[Series, int], float], bars: int | None = None) -> Vote:
    label = f"{kind}{period}"
    rule = rules.average(label, lambda s: measure(s, period))
    says = "+1 with the close above it, -1 below"
    return Vote(f"{kind.lower()}_{period}", label, Category.TREND, bars or period, says, rule)


def _oscillator(id_: str, label: str, bars: int, says: str, rule: Callable[[Series], Signal]) -> Vote:
    return Vote(id_, label, Category.MOMENTUM, bars, says, rule)


_LENGTHS = (10, 20, 30, 50, 100, 200)

MOVING_AVERAGES = (
    *(_average("SMA", n, averages.sma) for n in _LENGTHS),
    *(_average("EMA", n, averages.ema) for n in _LENGTHS),
    _average("Hull", 9, averages.hull, bars=11),
    _average("VWMA", 20, averages.vwma),
    Vote(
        "ichimoku_v2",
        "Ichimoku",
        Category.TREND,
        77,
        "+1 with lead A above lead B, base above lead A, conversion above base, close above conversion; -1 reversed",
        rules.ichimoku(lambda s: averages.ichimoku(s, 9, 26, 52)),
    ),
)

OSCILLATORS = (
    _oscillator(
        "rsi_turn",
        "RSI14",
        16,
        "+1 below 30 and rising, -1 above 70 and falling",
        rules.turn("RSI14", 30, 70, lambda s: measures.rsi(s, 14, 2)),
    ),
    _oscillator(
        "stochastic_cross",
        "Stochastic14",
        19,
        "+1 with %K and %D below 20 and %K crossing above %D, -1 above 80 and crossing below",
        rules.cross("Stochastic14", 20, 80, lambda s: measures.stochastic(s, 14, 3, 3, 2)),
    ),
    _oscillator(
        "cci_turn",
        "CCI20",
        21,
        "+1 below -100 and rising, -1 above 100 and falling",
        rules.turn("CCI20", -100, 100, lambda s: measures.cci(s, 20, 2)),
    ),
    _oscillator(
        "adx_cross",
        "ADX14",
        28,
        "with ADX above 20: +1 when +DI crosses above -DI, -1 when it crosses below",
        rules.directions("ADX14", 20, lambda s: measures.directional(s, 14)),
    ),
    _oscillator(
        "awesome",
        "Awesome oscillator",
        36,
        "+1 when it crosses above 0, or turns up above 0; -1 when it crosses below 0, or turns down below 0",
        rules.saucer("AO", lambda s: measures.awesome(s, 5, 34)),
    ),
    _oscillator("momentum_10", "Momentum10", 12, "+1 when rising, -1 when falling", rules.momentum("Momentum10", 10)),
    _oscillator(
        "macd_signal",
        "MACD",
        34,
        "+1 above its signal line, -1 below",
        rules.signal_line("MACD", lambda s: measures.macd(s, 12, 26, 9)),
    ),
    _oscillator(
        "stochastic_rsi",
        "Stochastic RSI",
        50,
        "+1 with the close below EMA50, %K and %D below 20 and %K crossing above %D; -1 in the mirror, above 80",
        rules.cross("StochRSI14", 20, 80, lambda s: measures.stochastic_rsi(s, 14, 14, 3, 3), against_trend=50),
    ),
    _oscillator(
        "williams_r_turn",
        "Williams %R14",
        15,
        "+1 below -80 and rising, -1 above -20 and falling",
        rules.turn("Williams %R14", -80, -20, lambda s: measures.williams_r(s, 14, 2)),
    ),
    _oscillator(
        "bull_bear_power",
        "Bull/bear power",
        50,
        "+1 with the close above EMA50 and bear power below 0 and rising; -1 in the mirror, with bull power",
        rules.powers(13, trend=50),
    ),
    _oscillator(
        "ultimate",
        "Ultimate oscillator",
        29,
        "+1 above 70, -1 below 30",
        rules.outside("Ultimate", 30, 70, lambda s: measures.ultimate(s, 7, 14, 28)),
    ),
)

VOTES: tuple[Indicator, ...] = (*MOVING_AVERAGES, *OSCILLATORS, Atr())
