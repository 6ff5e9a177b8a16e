// Draws prices with BokehJS, in the colours of the page.
import { money, session } from "../format.js";
import { extent, marks } from "./chart-data.js";

/** Colour and dashes of each average, which tell them apart without colour too. */
export const LINES = [["--busy", "solid"], ["--warn", "6 3"], ["--plain", "2 3"]];
const ROOM = 96; // pixels right of the last candle, for the names of the levels
const FRAME = 90; // pixels of axis and border beside the candles
const NARROW = 640;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Draws into `place`. `pointed(at)` is told the place of the bar that somebody points at. Answers how to look at the last
 * so many bars, how to mark one, and how to take it all away.
 */
export async function draw(Bokeh, place, { bars, result, results, averages }, pointed) {
  const isNarrow = place.clientWidth < NARROW;
  const span = new Bokeh.Range1d({ start: -0.5, end: bars.length - 0.5, bounds: [-3, 1.5 * bars.length + 30], min_interval: 10 });
  const [prices, volumes] = [360, 110].map((height) => figure(Bokeh, span, height, isNarrow ? 40 : 64));
  prices.below[0].visible = false;
  prices.left[0].axis_label = isNarrow ? null : result.currency;
  volumes.below[0].setv({ major_label_overrides: days(bars), ticker: new Bokeh.BasicTicker({ min_interval: 1, desired_num_ticks: isNarrow ? 2 : 6, num_minor_ticks: 0 }) });
  volumes.left[0].setv({ axis_label: isNarrow ? null : "Volume", formatter: new Bokeh.NumeralTickFormatter({ format: "0a" }), ticker: new Bokeh.BasicTicker({ desired_num_ticks: 3 }) });
  const source = columns(Bokeh, bars);
  candles(prices, source);
  volumes.vbar({ x: { field: "at" }, top: { field: "volume" }, bottom: 0, width: 0.7, fill_color: { field: "fill" }, line_color: { field: "colour" }, source });
  averageLines(prices, averages);
  const labels = levels(Bokeh, prices, bars, result);
  verdicts(Bokeh, prices, marks(results, bars));
  const cursors = [prices, volumes].map((one) => cursor(Bokeh, one, bars, pointed));
  const plan = [result.entry, result.stop_loss, result.target].filter((level) => level !== null);
  const fit = () => {
    fitTo(prices, volumes, bars, span, plan);
    for (const label of labels) label.x = span.end;
  };
  span.change.connect(fit);
  const grid = new Bokeh.Column({ children: [prices, volumes], sizing_mode: "stretch_width", spacing: 0 });
  place.replaceChildren();
  const view = await Bokeh.Plotting.show(grid, place);
  return {
    look(last) {
      const start = Math.max(-0.5, bars.length - last - 0.5);
      const wide = Math.max(place.clientWidth - FRAME, 2 * ROOM);
      span.setv({ start, end: bars.length + ((bars.length - start) * ROOM) / (wide - ROOM) });
      fit();
    },
    mark(at) {
      for (const one of cursors) one.setv({ location: at, visible: true });
    },
    remove: () => view.remove(),
  };
}

function figure(Bokeh, span, height, left) {
  const made = new Bokeh.Plotting.figure({
    x_range: span, y_range: new Bokeh.Range1d({ start: 0, end: 1 }), height, sizing_mode: "stretch_width", tools: "xpan,xbox_zoom", active_drag: "xpan",
    toolbar_location: null, background_fill_color: colour("--ground"), border_fill_color: colour("--ground"), outline_line_color: colour("--line"), min_border_left: left, min_border_right: 12,
  });
  const text = { axis_label_text_color: colour("--muted"), major_label_text_color: colour("--muted"), axis_line_color: colour("--line"), major_tick_line_color: colour("--line"), minor_tick_line_color: null };
  for (const axis of [made.below[0], made.left[0]]) axis.setv({ ...text, axis_label_text_font_style: "normal" });
  for (const grid of made.center) grid.grid_line_color = colour("--sunken");
  return made;
}

function columns(Bokeh, bars) {
  const [up, down, ground] = [colour("--good"), colour("--bad"), colour("--ground")];
  const rose = bars.map((bar) => bar.close >= bar.open);
  const of = (name) => bars.map((bar) => bar[name]);
  return new Bokeh.ColumnDataSource({
    data: {
      at: bars.map((_, at) => at), open: of("open"), high: of("high"), low: of("low"), close: of("close"), volume: of("volume"),
      top: bars.map((bar) => Math.max(bar.open, bar.close)), bottom: bars.map((bar) => Math.min(bar.open, bar.close)),
      colour: rose.map((is) => (is ? up : down)), fill: rose.map((is) => (is ? ground : down)),
    },
  });
}

/** The wicks above and below the bodies, so that a hollow one is hollow. */
function candles(prices, source) {
  const line = { line_color: { field: "colour" }, source };
  prices.segment({ x0: { field: "at" }, x1: { field: "at" }, y0: { field: "high" }, y1: { field: "top" }, ...line });
  prices.segment({ x0: { field: "at" }, x1: { field: "at" }, y0: { field: "bottom" }, y1: { field: "low" }, ...line });
  return prices.vbar({ x: { field: "at" }, top: { field: "top" }, bottom: { field: "bottom" }, width: 0.7, fill_color: { field: "fill" }, ...line });
}

/** The days by their places; a place that has none has no name. */
function days(bars) {
  const names = new Map(bars.map((bar, at) => [at, session(bar.session_date)]));
  for (let at = bars.length; at <= 1.5 * bars.length + 30; at += 1) names.set(at, "");
  for (let at = -3; at < 0; at += 1) names.set(at, "");
  return names;
}

function averageLines(prices, averages) {
  averages.forEach(([, values], at) => {
    const first = values.findIndex((value) => value !== null);
    if (first < 0) return;
    const [name, dash] = LINES[at];
    const x = values.slice(first).map((_, place) => first + place);
    prices.line(x, values.slice(first), { line_color: colour(name), line_width: 1.5, line_dash: dash });
  });
}

/** From the session of the result on; what each is stands at its right end, where no candles are. */
function levels(Bokeh, prices, bars, result) {
  if (result.entry === null) return [];
  const from = bars.findIndex((bar) => bar.session_date >= result.session_date);
  const start = from < 0 ? bars.length - 1 : from;
  return [["Entry", result.entry, "--text", "solid"], ["Stop", result.stop_loss, "--bad", "4 3"], ["Target", result.target, "--good", "8 3"]].map(([title, level, name, dash]) => {
    prices.segment({ x0: [start], x1: [2 * bars.length + 100], y0: [level], y1: [level], line_color: colour(name), line_dash: dash, line_width: 1.5 });
    const label = new Bokeh.Label({ x: bars.length, y: level, text: `${title} ${money(level, result.currency)}`, text_color: colour(name), text_font_size: "11px", text_align: "right", text_baseline: "bottom", x_offset: -3, y_offset: 1 });
    prices.add_layout(label);
    return label;
  });
}

const SIGNS = [
  ["▲", "--good", (mark) => mark.rises, (mark) => mark.bar.low, 14],
  ["▼", "--bad", (mark) => mark.falls, (mark) => mark.bar.high, -6],
  ["●", "--plain", (mark) => !mark.rises && !mark.falls, (mark) => mark.bar.high, -6],
];

function verdicts(Bokeh, prices, all) {
  for (const [sign, name, fits, height, away] of SIGNS) {
    const some = all.filter(fits);
    const source = new Bokeh.ColumnDataSource({
      data: { at: some.map((mark) => mark.at), y: some.map(height), sign: some.map(() => sign) },
    });
    prices.text({ x: { field: "at" }, y: { field: "y" }, text: { field: "sign" }, y_offset: away, text_align: "center", text_font_size: "11px", text_color: colour(name), source });
  }
}

/** A line at the bar that is pointed at. What the bar says stands above the chart: Bokeh's own box knows no dark theme. */
function cursor(Bokeh, one, bars, pointed) {
  const line = new Bokeh.Span({ dimension: "height", location: 0, line_color: colour("--muted"), line_width: 1, visible: false });
  one.add_layout(line);
  const callback = (_, { geometry }) => pointed(Math.min(Math.max(Math.round(geometry.x), 0), bars.length - 1));
  one.add_tools(new Bokeh.HoverTool({ tooltips: null, mode: "vline", callback }));
  return line;
}

function fitTo(prices, volumes, bars, span, plan) {
  const heights = extent(bars, span.start, span.end, plan);
  if (!heights) return;
  prices.y_range.setv({ start: heights[0], end: heights[1] });
  const seen = bars.slice(Math.max(0, Math.floor(span.start)), Math.ceil(span.end) + 1);
  volumes.y_range.setv({ start: 0, end: Math.max(...seen.map((bar) => bar.volume), 1) * 1.08 });
}
