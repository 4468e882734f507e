// Two runs side by side: what differs, by how much, and whether that is more than chance.
import {count_of, format_number, format_value, signed, with_unit} from "./format.js";
import {button, error_box, fill, h, loading, mark, time, verdict_word} from "./dom.js";
import {ChartRange, lower_bound} from "./range.js";
import {Chart} from "./charts.js";
import {colors, draw_end_letter} from "./drawing.js";
import {overlay_legend, RangeBar} from "./range_bar.js";
import {run_address} from "./runs.js";

/** @typedef {import("./api_types").Comparison} Comparison */
/** @typedef {import("./api_types").KpiComparison} KpiComparison */
/** @typedef {import("./source.js").Series} Series */
/** @typedef {import("./app.js").App} App */
/** @typedef {(number|null)[]} Values */
/** @typedef {Series & {pairs: Record<string, [Values, Values]>}} Pair */

/** Both on the iterations of either. @param {Series} a @param {Series} b @param {string[]} names @returns {Pair} */
function joined(a, b, names) {
  const iteration = [...new Set([...a.iteration, ...b.iteration])].sort((one, other) => one - other);
  const placed = (/** @type {Series} */ series, /** @type {string} */ name) => {
    const values = /** @type {Values} */ (new Array(iteration.length).fill(null));
    series.iteration.forEach((at, index) => { values[lower_bound(iteration, at)] = series.kpis[name]?.mean[index] ?? null; });
    return values;
  };
  const nothing = iteration.map(() => null);
  return {
    from: Math.min(a.from, b.from), to: Math.max(a.to, b.to), per_point: Math.max(a.per_point, b.per_point), iteration, utc: nothing, verdict: [], faults: [], guards: {}, held: nothing,
    kpis: {}, parameters: {}, pairs: Object.fromEntries(names.map((name) => [name, [placed(a, name), placed(b, name)]])),
  };
}

class OverlayChart extends Chart {
  /** @param {ChartRange} range @param {KpiComparison} kpi */
  constructor(range, kpi) {
    super(range, kpi.kpi, kpi.unit, "kpi");
    fill(this.limit_, kpi.unit, kpi.unit && " · ", kpi.direction === "at_most" ? "lower is better" : "higher is better");
  }

  get pair() {
    return /** @type {Pair} */ (this.series).pairs[this.name];
  }

  columns() { return [...this.pair]; }

  lines() {
    const line = {width: 2, spanGaps: true, points: {show: false}};
    return [{...line, stroke: () => colors().line}, {...line, width: 1.25, stroke: () => colors().line_b}];
  }

  more() {
    return {hooks: {draw: [(/** @type {Plot} */ plot) => {
      draw_end_letter(plot, this.xs, this.pair[0], "a", colors().line);
      draw_end_letter(plot, this.xs, this.pair[1], "b", colors().line_b);
    }]}};
  }

  /** @param {number|null} index */
  readout(index) {
    if (index === null) return [h("span", {class: "muted"}, "a and b, iteration by iteration")];
    const [a, b] = this.pair;
    return [h("strong", {class: "in-a"}, `a ${with_unit(a[index], this.unit)}`), h("strong", {class: "in-b"}, `b ${with_unit(b[index], this.unit)}`)];
  }

  summary() { return `Line chart of ${this.name} in both runs, iterations ${this.series.from} to ${this.series.to}; the table above has the means.`; }

  table_columns() {
    const [a, b] = this.pair;
    return {head: ["a", "b"], row: (/** @type {number} */ index) => [with_unit(a[index], this.unit), with_unit(b[index], this.unit)]};
  }
}

export class CompareView {
  /** @param {App} app @param {string} a @param {string} b */
  constructor(app, a, b) {
    this.app_ = app;
    this.a_ = a;
    this.b_ = b;
    this.title = "Two runs";
    this.gone_ = false;
    /** @type {OverlayChart[]} */
    this.charts_ = [];
    /** @type {string[]} */
    this.names_ = [];
    this.range_ = new ChartRange((range) => this.load_(range), () => this.bar_.show(), (error) => app.on_error(error));
    this.bar_ = new RangeBar(this.range_);
    this.element = h("div", {class: "page"}, loading());
    this.stop_ = app.source.watch(null, () => undefined, (open) => app.set_connection(open));
    void this.refresh();
  }

  destroy() {
    this.gone_ = true;
    this.stop_();
    for (const chart of this.charts_) chart.destroy();
  }

  repaint() {
    for (const chart of this.charts_) chart.repaint();
  }

  force() {
    for (const chart of this.charts_) chart.force();
  }

  /** @param {KeyboardEvent} event */
  on_key(event) { this.bar_.on_key(event); }

  /** @param {import("./source.js").Range} range */
  async load_(range) {
    const {source} = this.app_;
    const [a, b] = await Promise.all([source.series(this.a_, range), source.series(this.b_, range)]);
    return joined(a, b, this.names_);
  }

  async refresh() {
    try {
      const comparison = await this.app_.source.compare(this.a_, this.b_);
      this.names_ = comparison.kpis.map(({kpi}) => kpi);
      const series = await this.load_({points: 1000});
      if (this.gone_) return;
      for (const chart of this.charts_) chart.destroy();
      this.range_.set_overview(series);
      this.charts_ = comparison.kpis.filter(({kpi}) => series.pairs[kpi].flat().some((value) => value !== null)).map((kpi) => new OverlayChart(this.range_, kpi));
      fill(this.element, this.page_(comparison));
    } catch (error) {
      if (!this.gone_) fill(this.element, error_box(error), button("Try again", () => void this.refresh()));
    }
    performance.mark("soak-first-view");
  }

  /** @param {Comparison} comparison */
  page_(comparison) {
    const {a, b} = comparison;
    const side = (/** @type {import("./api_types").RunItem} */ run, /** @type {string} */ name, /** @type {string} */ role) => h("div", {class: `side panel padded ${name}`},
      h("p", {class: "muted"}, h("b", {class: `in-${name}`}, name), ` ${role}`), h("p", {class: "side-name"}, h("a", {href: run_address(run.id)}, run.id), mark(verdict_word(run))),
      h("p", {class: "muted"}, `${format_number(run.passed)} of ${count_of(run.iterations, "iteration")} passed, ${run.target}, `, time(run.started_utc)));
    return [
      h("div", {class: "heading"}, h("h1", {}, "Two runs"), button("Swap a and b", () => { location.hash = `#/compare/${encodeURIComponent(b.id)}/${encodeURIComponent(a.id)}`; })),
      h("div", {class: "sides"}, side(a, "a", "the baseline"), side(b, "b", "compared with it")),
      h("section", {"aria-labelledby": "kpis-title"}, h("h2", {id: "kpis-title"}, "KPIs"), this.kpi_table_(comparison),
        h("p", {class: "muted"}, `The first ${count_of(comparison.warmup, "iteration")} of both ${comparison.warmup === 1 ? "is" : "are"} left out of the means. p: Mann–Whitney, two sides.`)),
      h("div", {class: "charts"}, this.bar_.element, h("section", {"aria-labelledby": "overlay-title"}, h("h2", {id: "overlay-title"}, "Iteration by iteration"), overlay_legend(a.id, b.id),
        h("div", {class: "grid"}, this.charts_.map((chart) => chart.element)))),
      h("section", {"aria-labelledby": "differences-title"}, h("h2", {id: "differences-title"}, "Parameters in effect at the end"), this.parameter_table_(comparison)),
    ];
  }

  /** @param {Comparison} comparison */
  kpi_table_({kpis}) {
    const head = ["KPI", "b against a", "Mean a", "Mean b", "Difference", "Interval", "p"];
    return h("div", {class: "panel"}, h("table", {class: "cards compare"}, h("thead", {}, h("tr", {}, head.map((title, index) => h("th", {scope: "col", class: index > 1 && "number"}, title)))),
      h("tbody", {}, kpis.map((kpi) => h("tr", {}, h("td", {"data-title": "KPI"}, h("code", {}, kpi.kpi), h("span", {class: "muted better"}, kpi.direction === "at_most" ? "lower is better" : "higher is better")),
        h("td", {"data-title": "b against a"}, mark(kpi.verdict)),
        h("td", {"data-title": "Mean a", class: "number"}, with_unit(kpi.a.mean, kpi.unit)), h("td", {"data-title": "Mean b", class: "number"}, with_unit(kpi.b.mean, kpi.unit)),
        h("td", {"data-title": "Difference", class: "number"}, h("b", {}, signed(kpi.difference, kpi.unit))),
        h("td", {"data-title": "Interval", class: "number nowrap"}, kpi.interval.length === 2 ? [`${signed(kpi.interval[0], "")} … ${signed(kpi.interval[1], "")}`, h("span", {class: "muted"}, ` at ${format_number(kpi.confidence * 100)} %`)] : "–"),
        h("td", {"data-title": "p", class: "number"}, kpi.p_value === null ? "–" : kpi.p_value < 0.001 ? "< 0.001" : kpi.p_value.toFixed(3)))))));
  }

  /** @param {Comparison} comparison */
  parameter_table_({parameters}) {
    if (!parameters.length) return h("p", {class: "empty small"}, "They are the same in both.");
    return h("div", {class: "panel"}, h("table", {class: "cards"}, h("thead", {}, h("tr", {}, ["Parameter", "a", "b", "Difference"].map((title, index) => h("th", {scope: "col", class: index > 0 && "number"}, title)))),
      h("tbody", {}, parameters.map(({name, unit, a, b}) => h("tr", {}, h("td", {"data-title": "Parameter"}, h("code", {}, name)), h("td", {"data-title": "a", class: "number"}, format_value(a, unit)),
        h("td", {"data-title": "b", class: "number"}, format_value(b, unit)), h("td", {"data-title": "Difference", class: "number"}, typeof a === "number" && typeof b === "number" ? signed(b - a, unit) : "–"))))));
  }
}
