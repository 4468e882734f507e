// What stands above the charts: the part in view, the unit of the x axis, the keys; and the legends.
import {format_number, local_time} from "./format.js";
import {button, fill, h} from "./dom.js";

/** @typedef {import("./range.js").ChartRange} ChartRange */

export class RangeBar {
  /** @param {ChartRange} range */
  constructor(range) {
    this.range_ = range;
    this.text_ = h("output", {class: "range-text"});
    const axis = (/** @type {string} */ text, /** @type {boolean} */ by_time) => button(text, () => this.set_axis(by_time), {"aria-pressed": String(by_time === range.by_time)});
    this.axes_ = [axis("Iteration", false), axis("Time", true)];
    const step = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {() => void} */ action, /** @type {string} */ keys) => button(label, action, {"aria-keyshortcuts": keys}, sign);
    this.reset_ = button("Whole run", () => range.reset(), {"aria-keyshortcuts": "0"});
    this.element = h("div", {class: "range-bar", role: "toolbar", "aria-label": "Part of the run in view"},
      h("div", {class: "group", role: "group", "aria-label": "Horizontal axis"}, this.axes_),
      h("div", {class: "group"}, step("Earlier", "←", () => range.pan(-0.25), "ArrowLeft"), step("Zoom out", "−", () => range.zoom(1.6), "-"),
        step("Zoom in", "+", () => range.zoom(1 / 1.6), "+"), step("Later", "→", () => range.pan(0.25), "ArrowRight"), this.reset_),
      this.text_, h("span", {class: "hint muted"}, "Drag to zoom, Ctrl + wheel, or ", ["←", "→", "+", "−", "0"].map((key) => h("kbd", {}, key))));
  }

  /** @param {boolean} by_time */
  set_axis(by_time) {
    this.range_.set_axis(by_time);
  }

  show() {
    const {range_: range} = this;
    if (!range.overview) return;
    const shown = range.shown;
    const first = Math.max(Math.ceil(range.from), range.overview.from), last = Math.min(Math.floor(range.to), range.overview.to);
    const end = shown.utc[shown.iteration.findIndex((iteration) => iteration >= last)] ?? null;
    fill(this.text_, last < first ? "no iterations yet" : `iterations ${format_number(first)}–${format_number(last)}`,
      end !== null && h("span", {class: "muted wide"}, ` until ${local_time(end)}`), shown.per_point > 1 && h("span", {class: "muted"}, `, ${format_number(shown.per_point)} to a point`));
    this.axes_.forEach((element, index) => element.setAttribute("aria-pressed", String((index === 1) === range.by_time)));
    this.axes_[1].toggleAttribute("disabled", !range.has_time);
    this.reset_.toggleAttribute("disabled", range.is_full);
  }

  /** @param {KeyboardEvent} event */
  on_key(event) {
    const actions = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => this.range_.pan(-0.25), ArrowRight: () => this.range_.pan(0.25), "+": () => this.range_.zoom(1 / 1.6), "=": () => this.range_.zoom(1 / 1.6),
      "-": () => this.range_.zoom(1.6), "0": () => this.range_.reset(),
    });
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

/** @param {string} name class of the sample @param {string} text */
function sample(name, text) {
  return h("li", {}, h("span", {class: `sample ${name}`, "aria-hidden": "true"}), text);
}

export function kpi_legend() {
  return h("ul", {class: "legend"}, sample("line", "mean of the iterations in a point"), sample("envelope", "least to greatest"), sample("limit", "threshold"), sample("bad-side", "side that fails"),
    sample("passes", "iteration passed"), sample("fails", "failed"), sample("fault", "delivery fault"));
}

export function parameter_legend() {
  return h("ul", {class: "legend"}, sample("line", "in effect, as the target reports it"), sample("given", "applied; seen where the target does not follow"), sample("applied", "proposed and applied"),
    sample("held", "proposed and held"), sample("fault", "delivery fault"));
}

export function overlay_legend(/** @type {string} */ a, /** @type {string} */ b) {
  return h("ul", {class: "legend"}, sample("line", `a: ${a}`), sample("line-b", `b: ${b}`));
}
