// From prices and results to what is drawn: pure, so that the picture, its description and its table say the same.

/** Simple moving average; null where there are too few bars. */
export function average(values, length) {
  let sum = 0;
  return values.map((value, at) => {
    sum += value - (at >= length ? values[at - length] : 0);
    return at >= length - 1 ? sum / length : null;
  });
}

/**
 * The bars in the terms of a result: dividends and splits since then have changed the adjusted prices of its past, and its
 * entry, stop and target are as they were. `factor` is 1 when nothing has, null when its session is not among the bars.
 */
export function inTermsOf(result, bars) {
  const own = bars.find((bar) => bar.session_date === result.session_date);
  if (!own) return { bars, factor: null };
  const factor = result.close / own.close;
  if (Math.abs(factor - 1) < 1e-6) return { bars, factor: 1 };
  const scaled = ({ open, high, low, close, ...bar }) => ({ ...bar, open: open * factor, high: high * factor, low: low * factor, close: close * factor });
  return { bars: bars.map(scaled), factor };
}

/** Lowest and highest of what is seen between two places, with some room. */
export function extent(bars, from, to, levels) {
  const seen = bars.slice(Math.max(0, Math.floor(from)), Math.max(0, Math.ceil(to)) + 1);
  if (!seen.length) return null;
  const low = Math.min(...seen.map((bar) => bar.low), ...levels);
  const high = Math.max(...seen.map((bar) => bar.high), ...levels);
  const room = (high - low || high) * 0.06;
  return [low - room, high + room];
}

/** Results at the places of their bars, and how high their sign stands: below what rises, above what falls. */
export function marks(results, bars) {
  const places = new Map(bars.map((bar, at) => [bar.session_date, at]));
  return results.filter((one) => places.has(one.session_date)).map((one) => {
    const at = places.get(one.session_date);
    const rises = one.verdict.endsWith("Buy");
    return { at, result: one, bar: bars[at], rises, falls: one.verdict.endsWith("Sell") };
  });
}
