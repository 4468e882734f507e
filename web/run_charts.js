// The charts of a run: a KPI, a parameter, the guards.
import {format_number, format_value, is_short_unit, with_unit} from "./format.js";
import {fill, h} from "./dom.js";
import {lower_bound} from "./range.js";
import {Chart, axis_font, scaled, value_range} from "./charts.js";
import {colors, draw_bad_side, draw_faults, draw_lane, draw_lane_marks, draw_proposals, draw_threshold, draw_start, draw_verdicts} from "./drawing.js";

/** @typedef {import("./range.js").ChartRange} ChartRange */
/** @typedef {import("./api_types").KpiInfo} KpiInfo */
/** @typedef {import("./api_types").ParameterInfo} ParameterInfo */

/** @param {"at_most"|"at_least"} direction @param {number} threshold @param {string} unit */
function limit_text(direction, threshold, unit) {
  return `${direction === "at_most" ? "≤" : "≥"} ${with_unit(threshold, unit)}`;
}

export class KpiChart extends Chart {
  /** @param {ChartRange} range @param {KpiInfo} kpi */
  constructor(range, kpi) {
    super(range, kpi.name, kpi.unit, "kpi");
    this.kpi = kpi;
    fill(this.limit_, kpi.threshold === null ? "not judged" : limit_text(kpi.direction, kpi.threshold, kpi.unit), kpi.veto && " · veto");
  }

  get values() {
    return this.series.kpis[this.name] ?? {mean: [], min: [], max: []};
  }

  columns() {
    const {mean, min, max} = this.values;
    return [mean, min, max];
  }

  lines() {
    const none = {stroke: "transparent", width: 0, points: {show: false}};
    return [{stroke: () => colors().line, width: 1.75, points: {size: 5, width: 0, fill: () => colors().line}}, none, none];
  }

  more() {
    const {threshold, direction} = this.kpi;
    return {
      scales: {y: {range: (/** @type {any} */ _p, /** @type {number} */ low, /** @type {number} */ high) => value_range(low, high, threshold)}},
      bands: this.series.per_point > 1 || this.range.overview?.per_point !== 1 ? [{series: /** @type {[number, number]} */ ([3, 2]), fill: () => colors().band}] : [],
      hooks: {
        drawClear: [(/** @type {Plot} */ plot) => threshold !== null && draw_bad_side(plot, threshold, direction)],
        draw: [(/** @type {Plot} */ plot) => {
          if (threshold !== null) draw_threshold(plot, threshold);
          draw_verdicts(plot, this.xs, this.series.verdict, this.first_width());
          draw_faults(plot, this.xs, this.series.faults);
        }],
      },
    };
  }

  /** @param {number|null} value */
  passes(value) {
    const {threshold, direction} = this.kpi;
    return threshold === null || (value !== null && (direction === "at_most" ? value <= threshold : value >= threshold));
  }

  /** @param {number|null} index */
  readout(index) {
    const {mean, min, max} = this.values;
    const at = index ?? this.last_index();
    const value = mean[at] ?? null;
    const spread = this.series.per_point > 1 && value !== null ? `${format_number(min[at])} – ${format_number(max[at])}` : "";
    if (value === null) return [h("span", {class: "muted"}, index === null && !mean.some((each) => each !== null) ? "no values" : "no value here")];
    return [h("strong", {class: this.passes(value) ? "" : "bad"}, with_unit(value, this.unit), this.passes(value) ? "" : " ✕"), h("span", {class: "muted"}, spread)];
  }

  summary() {
    const known = /** @type {number[]} */ (this.values.mean.filter((value) => value !== null));
    if (!known.length) return `${this.name}: no values`;
    const {threshold, direction} = this.kpi;
    const beyond = known.filter((value) => !this.passes(value)).length;
    const limit = threshold === null ? "" : `; it should be ${direction.replace("_", " ")} ${with_unit(threshold, this.unit)}, ${beyond} of ${known.length} points are not`;
    return `Line chart of ${this.name}, iterations ${this.series.from} to ${this.series.to}: from ${with_unit(known[0], this.unit)} to ` +
      `${with_unit(known[known.length - 1], this.unit)}, least ${format_number(Math.min(...known))}, greatest ${format_number(Math.max(...known))}${limit}.`;
  }

  table_columns() {
    const thinned = this.series.per_point > 1;
    const {mean, min, max} = this.values;
    const one = (/** @type {number|null} */ value) => with_unit(value, this.unit);
    return {
      head: thinned ? ["mean", "least", "greatest", "verdict"] : ["value", "verdict"],
      row: (/** @type {number} */ index) => [one(mean[index]), ...(thinned ? [one(min[index]), one(max[index])] : []), this.series.verdict[index]],
    };
  }
}

export class ParameterChart extends Chart {
  /** @param {ChartRange} range @param {ParameterInfo} parameter */
  constructor(range, parameter) {
    super(range, parameter.name, parameter.unit, "parameter");
    /** @type {string[]} the words of a choice, in the order in which they came */
    this.words_ = [];
    /** @type {(number|null)[]} */
    this.applied_levels_ = [];
    /** @type {(number|null)[]} */
    this.proposed_levels_ = [];
    const {min, max, unit} = parameter;
    const bounds = min === null && max === null ? "" : max === null ? `≥ ${with_unit(min, unit)}` : min === null ? `≤ ${with_unit(max, unit)}` : `${format_number(min)} – ${with_unit(max, unit)}`;
    fill(this.limit_, h("span", {title: `bounds${unit && `, ${unit}`}`}, bounds, !is_short_unit(unit) && ` ${unit}`));
  }

  get steps() {
    return this.series.parameters[this.name] ?? {effective: [], proposed: [], applied: []};
  }

  /** The lines' values in view and the proposals'. @param {number|null} low @param {number|null} high */
  value_range_(low, high) {
    const {iteration} = this.series;
    const first = lower_bound(iteration, this.range.from), end = lower_bound(iteration, this.range.to);
    let least = low ?? Infinity, most = high ?? -Infinity;
    for (const value of this.proposed_levels_.slice(first, end)) {
      if (value === null) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return value_range(least, most, null);
  }

  /** @param {any} value @returns {number|null} where it stands on the y axis */
  level(value) {
    if (value === null || value === undefined) return null;
    if (typeof value === "number") return value;
    if (!this.words_.includes(String(value))) this.words_.push(String(value));
    return this.words_.indexOf(String(value));
  }

  columns() {
    const {effective, applied} = this.steps;
    const overview = this.range.overview;
    const before = overview ? lower_bound(overview.iteration, this.series.from) : 0;
    let last = overview?.parameters[this.name]?.applied.slice(0, before).reduce((found, value) => value ?? found, null) ?? null;
    const given = applied.map((value) => this.level((last = value ?? last)));
    this.applied_levels_ = applied.map((value) => this.level(value));
    this.proposed_levels_ = this.steps.proposed.map((value) => this.level(value));
    return [given, effective.map((value) => this.level(value))];
  }

  lines() {
    const stepped = /** @type {NonNullable<typeof uPlot.paths.stepped>} */ (uPlot.paths.stepped);
    return [
      {stroke: () => colors().applied, width: 2, dash: [5, 4], paths: stepped({align: 1}), points: {show: false}},
      {stroke: () => colors().line, width: 2, paths: stepped({align: -1}), points: {show: false}},
    ];
  }

  more() {
    return {
      scales: {y: {range: (/** @type {any} */ _p, /** @type {number} */ low, /** @type {number} */ high) => this.value_range_(low, high)}},
      hooks: {
        draw: [(/** @type {Plot} */ plot) => {
          draw_start(plot, this.xs, this.level(this.steps.effective[0]), this.first_width());
          draw_faults(plot, this.xs, this.series.faults);
          draw_proposals(plot, this.xs, this.proposed_levels_, this.applied_levels_);
        }],
      },
    };
  }

  /** @param {number|null} index */
  readout(index) {
    const {effective, proposed, applied} = this.steps;
    const at = index ?? this.last_index();
    const proposal = proposed[at] ?? null;
    const note = proposal === null ? "" : applied[at] === null ? `held ${format_value(proposal)}` : `→ ${format_value(applied[at])}`;
    return [h("strong", {}, format_value(effective[at], this.unit)), h("span", {class: "muted"}, note)];
  }

  summary() {
    const {effective, proposed, applied} = this.steps;
    const known = effective.filter((value) => value !== null);
    const proposals = proposed.filter((value) => value !== null).length, given = applied.filter((value) => value !== null).length;
    return `Step chart of ${this.name}, iterations ${this.series.from} to ${this.series.to}: in effect first ${format_value(known[0], this.unit)}, ` +
      `last ${format_value(known[known.length - 1], this.unit)}; ${proposals} points with a proposal, ${given} of them applied.`;
  }

  table_columns() {
    const {effective, proposed, applied} = this.steps;
    return {head: ["in effect", "proposed", "applied"], row: (/** @type {number} */ index) => [effective, proposed, applied].map((values) => format_value(values[index], this.unit))};
  }
}

const kLanes = ["freeze", "oscillation", "velocity", "cooldown"];

export class GuardChart extends Chart {
  /** @param {ChartRange} range */
  constructor(range) {
    super(range, "Guards and faults", "", "guards");
  }

  points() { return 0; }  // it is wide, but its blocks need no more points than the lines have
  columns() { return [this.xs.map(() => null)]; }
  lines() { return [{show: true, points: {show: false}}]; }

  more() {
    const names = [...kLanes, "held", "faults"];
    const count = names.length;
    return {
      padding: /** @type {any} */ ([4, 22, 0, 0]),
      scales: {y: {range: () => /** @type {[number, number]} */ ([0, count])}},
      axes: [{font: axis_font(), stroke: () => colors().muted, ticks: {show: false}, grid: {show: false}, size: scaled(84), gap: 8,
        splits: () => names.map((_, index) => count - index - 0.5), values: () => names}],
      hooks: {
        draw: [(/** @type {Plot} */ plot) => {
          kLanes.forEach((name, lane) => draw_lane(plot, lane, count, this.xs, (index) => (this.series.guards[name]?.[index] ?? 0) / this.series.per_point,
            name === "freeze" ? colors().line : colors().held, this.first_width()));
          draw_lane_marks(plot, 4, count, this.xs, (index) => (this.series.held[index] === null ? null : this.series.held[index] === "no_op" ? "no_op" : "held"));
          draw_lane_marks(plot, 5, count, this.xs, (index) => (this.series.faults[index] ? "fault" : null));
        }],
      },
    };
  }

  /** @param {number} index @returns {string} */
  words(index) {
    const set = kLanes.filter((name) => this.series.guards[name]?.[index]);
    const held = this.series.held[index], faults = this.series.faults[index];
    const parts = [set.length ? set.join(", ") + " set" : "", held ? (held === "no_op" ? "a proposal changed nothing" : `a proposal held by ${held}`) : "", faults ? `${faults} faults` : ""];
    return parts.filter(Boolean).join("; ") || "nothing";
  }

  /** @param {number|null} index */
  readout(index) { return index === null ? [] : [h("span", {}, this.words(index))]; }

  summary() {
    const total = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0);
    return `Guards over iterations ${this.series.from} to ${this.series.to}: ` + kLanes.map((name) => `${name} set in ${total(this.series.guards[name] ?? [])}`).join(", ") +
      `; ${this.series.held.filter((value) => value !== null).length} points with a proposal held back; ${total(this.series.faults)} delivery faults.`;
  }

  table_columns() {
    return {head: ["what happened"], row: (/** @type {number} */ index) => [this.words(index)]};
  }
}
