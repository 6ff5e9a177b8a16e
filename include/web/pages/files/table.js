// A table that shows one page of a list at a time, so that ten thousand rows are as light as fifty.
import { el, fill } from "./dom.js";
import { count } from "./format.js";
import { failed, loading, nothing } from "./notices.js";

/**
 * Shows a list of the API in `place`.
 *
 * `columns`: `{ title, cell: (row) => node or text, sort?: name, class?: "number" | "wide" | ..., hint? }`. `load({ cursor, sort,
 * signal })` answers `{ items, next_cursor }`. `sort` is the name to begin with, with a minus for descending;
 * `sorted(name)` is told when somebody chooses another. `empty()` gives what is shown when there is nothing.

 */
export class PagedTable {
  constructor(place, { caption, columns, load, sort = null, sorted = () => {}, empty = () => nothing("Nothing here yet.") }) {
    Object.assign(this, { place, caption, columns, load, sort, sorted, empty });
    this.cursors = [null]; // of each page up to the one that is shown
    this.before = []; // how many rows each page before it has
    this.asked = null;
    place.classList.add("paged");
    fill(place, loading());
  }

  /** Shows the first page, of whatever `load` answers now. */
  restart() {
    this.cursors = [null];
    this.before = [];
    return this.refresh();
  }

  /** Shows the page that was shown when somebody left the address that it comes back to; else the first one. */
  resume() {
    const { cursors = [null], before = [] } = history.state?.[this.caption] ?? {};
    Object.assign(this, { cursors, before });
    return this.refresh();
  }

  /** Asks anew for the page that is shown; what is there stays until the answer has come. */
  async refresh() {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    this.place.setAttribute("aria-busy", "true");
    try {
      const page = await this.load({ cursor: this.cursors.at(-1), sort: this.sort, signal: asked.signal });
      if (asked.signal.aborted) return;
      this.page = page;
      this.draw();
    } catch (error) {
      if (asked.signal.aborted) return;
      this.body = null;
      failed(this.place, error, () => this.refresh());
    } finally {
      if (this.asked === asked) this.place.removeAttribute("aria-busy");
    }
  }

  /** Other columns, of the same rows. */
  show(columns) {
    this.columns = columns;
    this.body = null;
    if (this.page) this.draw();
  }

  draw() {
    const { items, next_cursor: next } = this.page;
    if (!items.length && this.cursors.length === 1) {
      this.body = null;
      fill(this.place, this.empty());
      return;
    }
    if (!this.body) this.frame();
    fill(this.body, items.map((row) => this.row(row)));
    const first = this.before.reduce((sum, rows) => sum + rows, 0);
    const said = items.length ? `Rows ${count(first + 1)}–${count(first + items.length)}` : "No more rows";
    const isOnly = !next && this.cursors.length === 1;
    fill(this.foot, el("span", { role: "status" }, isOnly ? `${said} of ${count(items.length)}` : said), isOnly ? null : this.steps(next, items.length));
  }

  frame() {
    const heads = this.columns.map((column) => this.head(column));
    this.body = el("tbody");
    const table = el("table", {}, el("caption", {}, this.caption), el("thead", {}, el("tr", {}, heads)), this.body);
    this.foot = el("div", { class: "pages" });
    const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": this.caption }, table);
    fill(this.place, scroll, this.foot);
  }

  head(column) {
    const { title, sort, hint } = column;
    const attributes = { scope: "col", class: column.class, title: hint };
    if (!sort) return el("th", attributes, title);
    const direction = this.sort === sort ? "ascending" : this.sort === `-${sort}` ? "descending" : null;
    const sign = { ascending: " ↑", descending: " ↓" }[direction] ?? "";
    const button = el("button", { type: "button", class: "sort", onclick: () => this.sortBy(column) }, title, el("span", { "aria-hidden": "true" }, sign));
    return el("th", { ...attributes, "aria-sort": direction ?? "none" }, button);
  }

  sortBy({ sort, descendingFirst = false, title }) {
    const [first, second] = descendingFirst ? [`-${sort}`, sort] : [sort, `-${sort}`];
    this.sort = this.sort === first ? second : first;
    this.sorted(this.sort);
    this.body = null;
    this.restart().then(() => {
      const heads = [...this.place.querySelectorAll("th button.sort")];
      heads.find((head) => head.firstChild.textContent === title)?.focus();
    });
  }

  row(row) {
    const cells = this.columns.map((column, at) => {
      const tag = at === 0 ? "th" : "td";
      const cell = el(tag, { class: column.class, scope: at === 0 ? "row" : null, data: { title: column.title } }, column.cell(row));
      if (cell.textContent === "–") cell.dataset.nothing = "";
      return cell;
    });
    return el("tr", {}, cells);
  }

  steps(next, rows) {
    const back = el("button", { type: "button", disabled: this.cursors.length === 1, onclick: () => this.back() }, "← Previous");
    const on = el("button", { type: "button", disabled: !next, onclick: () => this.on(next, rows) }, "Next →");
    return el("span", { class: "steps" }, back, on);
  }

  back() {
    this.cursors.pop();
    this.before.pop();
    return this.turn();
  }

  on(next, rows) {
    this.cursors.push(next);
    this.before.push(rows);
    return this.turn();
  }

  async turn() {
    await this.refresh();
    history.replaceState({ ...history.state, [this.caption]: { cursors: this.cursors, before: this.before } }, "");
    this.place.querySelector(".scroll")?.scrollTo({ top: 0 });
  }
}
