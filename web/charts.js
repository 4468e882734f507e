// What every chart is: a figure with a name, the value that the reader points at, a plot, and a table of the same numbers.
import {format_number, iteration_texts, tick_texts, time_texts} from "./format.js";
import {button, fill, h, time} from "./dom.js";
import {lower_bound} from "./range.js";
import {colors} from "./drawing.js";

/** @typedef {import("./range.js").ChartRange} ChartRange */

const kTableRowsMax = 500;

/** Axes grow with the page's text, which grows with the screen. @param {number} length at the usual size */
export function scaled(length) {
  return Math.round((length * parseFloat(getComputedStyle(document.documentElement).fontSize)) / 14);
}

export function axis_font() {
  return `${scaled(11)}px system-ui, sans-serif`;
}

/** @param {number|null} low @param {number|null} high @param {number|null} also must be in it @returns {[number, number]} */
export function value_range(low, high, also) {
  const known = [low, high, also].filter((value) => value !== null && Number.isFinite(value)).map(Number);
  if (!known.length) return [0, 1];
  const least = Math.min(...known), most = Math.max(...known);
  const room = (most - least || Math.abs(most) || 1) * 0.1;
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
}

export class Chart {
  /** @param {ChartRange} range @param {string} name @param {string} unit @param {string} kind class of the figure */
  constructor(range, name, unit, kind) {
    this.range = range;
    this.name = name;
    this.unit = unit;
    /** @type {Plot|null} */
    this.plot = null;
    this.visible_ = false;
    this.stale_ = true;
    this.said_ = "";
    /** @type {number[]} */
    this.xs = [];
    this.readout_ = h("span", {class: "readout"});
    this.limit_ = h("span", {class: "limit muted"});
    this.host_ = h("div", {class: "plot", role: "img", "aria-label": name});
    this.table_ = h("div", {class: "scroll chart-table", hidden: true, tabindex: 0, role: "region", "aria-label": `${name}: table`});
    this.toggle_ = button(`${name}: show as a table`, () => this.toggle_table(), {class: "quiet small", "aria-expanded": "false"}, "Table");
    this.element = h("figure", {class: `chart ${kind}`},
      h("figcaption", {}, h("h3", {title: name}, name), this.toggle_, this.readout_, this.limit_), this.host_, this.table_);
    this.watch_visible_ = new IntersectionObserver(([entry]) => this.set_visible_(entry.isIntersecting), {rootMargin: "100px"});
    this.watch_size_ = new ResizeObserver(() => this.resize());
    this.watch_visible_.observe(this.element);
    this.watch_size_.observe(this.host_);
    range.members.add(this);
  }

  /** @returns {any[]} the columns after x */
  columns() { return []; }
  /** @returns {import("uplot").Series[]} */
  lines() { return []; }
  /** @returns {Partial<PlotOptions>} */
  more() { return {}; }
  /** What stands above the plot. @param {number|null} _index the point that the reader points at @returns {(Node|string)[]} */
  readout(_index) { return []; }
  /** @returns {string} */
  summary() { return this.name; }
  /** @returns {{head: string[], row: (index: number) => (Node|string)[]}} */
  table_columns() { return {head: [], row: () => []}; }

  get series() { return this.range.shown; }

  destroy() {
    this.range.members.delete(this);
    this.watch_visible_.disconnect();
    this.watch_size_.disconnect();
    this.plot?.destroy();
  }

  width() { return this.host_.clientWidth; }

  /** How many points this chart can show. */
  points() { return this.width(); }

  /** How far the first point reaches to the left. */
  first_width() {
    const {iteration, per_point} = this.series;
    return iteration.length ? this.range.x_of(iteration[0]) - this.range.x_of(iteration[0] - Math.min(per_point, iteration[0])) : 1;
  }

  /** @param {boolean} visible */
  set_visible_(visible) {
    this.visible_ = visible;
    if (visible && this.stale_) this.refresh();
  }

  /** For paper: whether or not it is in sight. */
  force() {
    this.set_visible_(true);
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.refresh();
  }

  refresh() {
    if (!this.range.overview) return;
    if (!this.visible_) {
      this.stale_ = true;
      return;
    }
    this.stale_ = false;
    this.xs = this.range.xs();
    const data = /** @type {any} */ ([this.xs, ...this.columns()]);
    if (this.plot) {
      this.plot.batch((/** @type {Plot} */ plot) => {
        plot.setData(data, false);
        this.scale_(plot);
      });
    } else if (this.width() > 0) {
      this.plot = new uPlot(this.options_(), data, this.host_);
      this.scale_(this.plot);
    }
    this.host_.setAttribute("aria-label", this.summary());
    this.show_readout(this.plot?.cursor.idx ?? null);
    if (!this.table_.hidden) this.fill_table_();
  }

  rescale() {
    if (!this.plot || !this.visible_) {
      this.stale_ = true;
      return;
    }
    this.scale_(this.plot);
    this.show_readout(null);
  }

  /** @param {Plot} plot */
  scale_(plot) {
    plot.setScale("x", {min: this.range.x_of(this.range.from), max: this.range.x_of(this.range.to)});
  }

  resize() {
    const width = this.width();
    if (width === 0) return;
    if (!this.plot && this.visible_) this.refresh();
    else if (this.plot && this.plot.width !== width) this.plot.setSize({width, height: this.height()});
  }

  /** @returns {number} */
  height() { return this.host_.clientHeight; }

  repaint() { this.plot?.redraw(false); }

  /** @param {number|null} index */
  point_at(index) {
    if (!this.plot || !this.visible_) return;
    const left = index === null ? -10 : this.plot.valToPos(this.xs[index], "x");
    this.plot.setCursor({left, top: index === null ? -10 : 10}, false);
    this.show_readout(index);
  }

  /** @param {number|null} index */
  show_readout(index) {
    const parts = this.readout(index !== null && index < this.xs.length ? index : null);
    const text = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("|");
    if (text === this.said_) return;  // a page of charts that are panned lays out nothing anew
    this.said_ = text;
    fill(this.readout_, parts);
  }

  /** The last point in view. */
  last_index() {
    return Math.max(lower_bound(this.series.iteration, this.range.to) - 1, 0);
  }

  /** @returns {PlotOptions} */
  options_() {
    const {range} = this;
    const more = this.more();
    const muted = () => colors().muted, grid = {stroke: () => colors().grid, width: 1};
    return /** @type {PlotOptions} */ ({
      width: this.width(), height: this.height(), legend: {show: false}, padding: [12, 22, 0, 0], ...more,
      cursor: {
        y: false, points: {size: 7, width: 2}, drag: {x: true, y: false, setScale: false, dist: 4},
        bind: {dblclick: () => () => { range.reset(); return null; }},
      },
      scales: {x: {time: range.by_time, auto: false}, ...more.scales},
      series: [{}, ...this.lines()],
      axes: [
        {font: axis_font(), stroke: muted, grid, ticks: {show: false}, gap: 12, size: scaled(range.by_time ? 44 : 32), space: scaled(range.by_time ? 70 : 50),
          ...(range.by_time ? {} : {incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6]}),
          values: (/** @type {any} */ _p, /** @type {number[]} */ ticks, /** @type {any} */ _a, /** @type {any} */ _s, /** @type {number} */ step) =>
            (range.by_time ? time_texts(ticks, step) : iteration_texts(ticks))},
        ...(more.axes ?? [{font: axis_font(), stroke: muted, grid, ticks: {show: false}, size: scaled(54), gap: 6, space: scaled(26),
          values: (/** @type {any} */ _p, /** @type {number[]} */ ticks, /** @type {any} */ _a, /** @type {any} */ _s, /** @type {number} */ step) => tick_texts(ticks, step)}]),
      ],
      hooks: {
        ...more.hooks,
        setCursor: [(plot) => this.on_cursor_(plot)],
        setSelect: [(plot) => this.on_select_(plot)],
        ready: [(plot) => this.on_ready_(plot)],
      },
    });
  }

  /** @param {Plot} plot */
  on_ready_(plot) {
    plot.over.addEventListener("mouseleave", () => {
      this.show_readout(null);
      this.range.point_at(this, null);
    });
    plot.over.addEventListener("wheel", (event) => {
      const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!event.ctrlKey && !event.metaKey && !sideways) return;  // the page scrolls
      event.preventDefault();
      const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      if (event.ctrlKey || event.metaKey) this.range.zoom(delta > 0 ? 1.25 : 0.8, this.range.iteration_of(plot.posToVal(event.offsetX, "x")));
      else this.range.pan(Math.sign(delta) * 0.1);
    }, {passive: false});
  }

  /** @param {Plot} plot */
  on_cursor_(plot) {
    const hovered = /** @type {any} */ (plot.cursor).event != null && plot.over.matches(":hover");
    if (!hovered) return;
    const index = plot.cursor.idx ?? null;
    this.show_readout(index);
    this.range.point_at(this, index);
  }

  /** @param {Plot} plot */
  on_select_(plot) {
    const {left, width} = plot.select;
    if (width < 4) return;
    plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    this.range.set_view(this.range.iteration_of(plot.posToVal(left, "x")), this.range.iteration_of(plot.posToVal(left + width, "x")));
  }

  toggle_table() {
    this.table_.hidden = !this.table_.hidden;
    this.toggle_.setAttribute("aria-expanded", String(!this.table_.hidden));
    if (!this.table_.hidden) this.fill_table_();
  }

  fill_table_() {
    const {head, row} = this.table_columns();
    const {iteration, utc} = this.series;
    const first = lower_bound(iteration, this.range.from), end = lower_bound(iteration, this.range.to + 1e-9);
    const indexes = Array.from({length: Math.max(end - first, 0)}, (_, index) => first + index);
    const shown = indexes.slice(0, kTableRowsMax);
    fill(this.table_, shown.length < indexes.length && h("p", {class: "muted"}, `The first ${kTableRowsMax} of ${indexes.length} rows; zoom in for the others.`),
      h("table", {}, h("thead", {}, h("tr", {}, ["iteration", "end", ...head].map((text) => h("th", {scope: "col"}, text)))),
        h("tbody", {}, shown.map((index) => h("tr", {}, h("th", {scope: "row"}, format_number(iteration[index])), h("td", {}, time(utc[index], "clock")),
          row(index).map((cell) => h("td", {}, cell)))))));
  }
}
