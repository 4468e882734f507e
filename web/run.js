// One run: what the gate says and why, its charts, its ledger, its target. Alive while the run goes on.
import {count_of, format_duration, format_number, format_value, percent, signed} from "./format.js";
import {announce, button, error_box, fill, h, keep_focus, loading, mark, progress_bar, time, verdict_word} from "./dom.js";
import {ChartRange} from "./range.js";
import {GuardChart, KpiChart, ParameterChart} from "./run_charts.js";
import {kpi_legend, parameter_legend, RangeBar} from "./range_bar.js";
import {LedgerTable} from "./ledger.js";

/** @typedef {import("./api_types").Run} Run */
/** @typedef {import("./api_types").Check} Check */
/** @typedef {import("./app.js").App} App */

const kRefreshMs = 700;
const kSections = [["gate", "Gate"], ["kpis", "KPIs"], ["parameters", "Parameters"], ["ledger", "Ledger"], ["target", "Target"], ["options", "Options"]];
const kCheckOrder = ["failed", "warned", "not_judged", "skipped", "passed"];

/** When the rest will be done, from how fast iterations came while the page watched; a target in real time from its own clock. */
class Pace {
  constructor() {
    /** @type {{at_ms: number, iterations: number}[]} */
    this.seen_ = [];
  }

  /** @param {number} iterations */
  note(iterations) {
    if (this.seen_[this.seen_.length - 1]?.iterations !== iterations) this.seen_.push({at_ms: performance.now(), iterations});
    if (this.seen_.length > 20) this.seen_.splice(1, 1);
  }

  /** @param {import("./api_types").RunItem} item @returns {number|null} seconds */
  rest_s(item) {
    if (item.planned === null || item.state !== "running") return null;
    const first = this.seen_[1], last = this.seen_[this.seen_.length - 1];  // the first of all may stand in the middle of an iteration
    let each_s = null;
    if (this.seen_.length > 2) each_s = (last.at_ms - first.at_ms) / 1000 / (last.iterations - first.iterations);
    else if (["external", "scraped"].includes(item.target) && item.iterations > 0 && item.duration_s !== null) each_s = item.duration_s / item.iterations;
    return each_s === null ? null : each_s * (item.planned - item.iterations);
  }
}

export class RunView {
  /** @param {App} app @param {string} id @param {string} section */
  constructor(app, id, section) {
    this.app_ = app;
    this.id_ = id;
    this.title = id;
    this.section_ = section;
    /** @type {Run|null} */
    this.run_ = null;
    this.gone_ = false;
    this.refreshing_ = false;
    this.again_ = false;
    this.timer_ = 0;
    this.names_ = "";
    /** @type {Map<string, string>} */
    this.last_ = new Map();
    this.pace_ = new Pace();
    /** @type {import("./charts.js").Chart[]} */
    this.charts_ = [];
    this.range_ = new ChartRange((range) => app.source.series(id, range), () => this.bar_.show(), (error) => app.on_error(error));
    this.bar_ = new RangeBar(this.range_);
    this.head_ = h("header", {class: "run-head"});
    this.gate_ = h("div", {});
    this.kpis_ = h("div", {class: "grid"});
    this.guards_ = h("div", {});
    this.parameters_ = h("div", {class: "grid"});
    this.target_ = h("div", {});
    this.options_ = h("div", {});
    this.ledger_ = new LedgerTable(app.source, id, (name) => this.run_?.parameters.find((parameter) => parameter.name === name)?.unit ?? "", (iteration) => this.show_iteration(iteration));
    this.element = h("div", {class: "page"}, loading());
    this.stop_ = app.source.watch(id, (name, data) => this.on_event_(name, data), (open) => app.set_connection(open));
    void this.refresh();
  }

  destroy() {
    this.gone_ = true;
    clearTimeout(this.timer_);
    this.stop_();
    this.ledger_.destroy();
    for (const chart of this.charts_) chart.destroy();
  }

  repaint() {
    for (const chart of this.charts_) chart.repaint();
  }

  force() {
    for (const chart of this.charts_) chart.force();
  }

  /** @param {KeyboardEvent} event */
  on_key(event) {
    this.bar_.on_key(event);
  }

  /** @param {string} name @param {any} data */
  on_event_(name, data) {
    if (name === "runs") return;
    if (name === "iteration" && data?.iteration) announce(`Iteration ${data.iteration} is complete`);
    if (this.timer_) this.again_ = true;
    else void this.refresh();
  }

  /** At most one at a time, with a pause between two. */
  async refresh() {
    if (this.refreshing_) {
      this.again_ = true;
      return;
    }
    this.refreshing_ = true;
    this.again_ = false;
    try {
      const {source} = this.app_;
      const [run, series] = await Promise.all([source.run(this.id_), source.series(this.id_, {points: this.points_()})]);
      if (this.gone_) return;
      this.show_(run, series);
      void this.ledger_.refresh();
    } catch (error) {
      if (this.gone_) return;
      if (this.run_ === null) fill(this.element, error_box(error), button("Try again", () => void this.refresh()));
      else this.app_.on_error(error);
    } finally {
      this.refreshing_ = false;
    }
    this.timer_ = setTimeout(() => {
      this.timer_ = 0;
      if (this.again_) void this.refresh();
    }, kRefreshMs);
    performance.mark("soak-first-view");
  }

  /** Whether a part of the page has to be written anew: a reader may have selected text in it. @param {string} part @param {...unknown} values */
  differs_(part, ...values) {
    const text = JSON.stringify(values);
    const differs = this.last_.get(part) !== text;
    this.last_.set(part, text);
    return differs;
  }

  points_() {
    return this.charts_.length ? this.range_.points() : Math.min(2000, Math.max(300, Math.round(document.documentElement.clientWidth / 2)));
  }

  /** @param {Run} run @param {import("./source.js").Series} series */
  show_(run, series) {
    const first = this.run_ === null, before = this.run_;
    this.run_ = run;
    this.pace_.note(run.item.iterations);
    if (first) fill(this.element, this.frame_());
    keep_focus(this.element, () => {
      this.show_head_(run);
      if (this.differs_("gate", run.gate, run.item.state)) this.show_gate_(run);
      if (this.differs_("target", run.health, run.guards)) this.show_target_(run);
      if (this.differs_("options", run.options, run.notes)) this.show_options_(run);
    });
    this.range_.set_overview(series);
    this.show_charts_(run);
    if (before?.item.state === "running" && run.item.state !== "running") announce(`The run has ended: ${run.item.verdict ?? "not judged"}`, true);
    if (first && this.section_) this.show_section(this.section_);
  }

  frame_() {
    const link = (/** @type {string[]} */ [name, title]) => h("a", {href: `#/runs/${encodeURIComponent(this.id_)}/${name}`}, title);
    const section = (/** @type {string} */ name, /** @type {string} */ title, /** @type {import("./dom.js").Child[]} */ ...content) =>
      h("section", {id: name, "aria-labelledby": `${name}-title`}, h("h2", {id: `${name}-title`, tabindex: -1}, title), content);
    return [
      this.head_, h("nav", {class: "sections", "aria-label": "Parts of this run"}, kSections.map(link)),
      section("gate", "Gate", this.gate_),
      h("div", {class: "charts"}, this.bar_.element,
        section("kpis", "KPIs", kpi_legend(), this.kpis_, this.guards_),
        section("parameters", "Parameters", parameter_legend(), this.parameters_)),
      section("ledger", "Delivery ledger", this.ledger_.element), section("target", "Target", this.target_), section("options", "Options and notes", this.options_)];
  }

  /** @param {string} name */
  show_section(name) {
    const title = document.getElementById(`${name}-title`);
    title?.scrollIntoView({behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start"});
    title?.focus({preventScroll: true});
  }

  /** @param {number} iteration */
  show_iteration(iteration) {
    this.range_.set_view(iteration - 10, iteration + 10);
    this.show_section("kpis");
    announce(`The charts show the iterations around ${iteration}`, true);
  }

  /** @param {Run} run */
  show_head_(run) {
    const {item, delivery} = run;
    const rest = this.pace_.rest_s(item);
    const seed = run.options.seed;
    const planned = item.planned === null ? "" : ` of ${format_number(item.planned)}`;
    const facts = /** @type {[string, import("./dom.js").Child[]][]} */ ([
      ["Passed", [h("strong", {}, format_number(item.passed)), ` of ${format_number(item.iterations)}`, h("span", {class: "muted"}, percent(item.passed, item.iterations))]],
      ["Delivered", [h("strong", {}, format_number(delivery?.full_apply_count ?? item.applied)), ` of ${format_number(item.proposed)}`,
        h("span", {class: "muted"}, delivery && delivery.partial_ok_count > 0 ? `${format_number(delivery.partial_ok_count)} held` : percent(delivery?.full_apply_count ?? item.applied, item.proposed))]],
      ["Delivery faults", [h("strong", {class: item.faults ? "bad" : ""}, format_number(item.faults))]],
      ["Duration", [h("strong", {}, format_duration(item.duration_s)), h("span", {class: "muted"}, "by the run’s clock")]],
      ["Target", [h("strong", {}, item.target), h("span", {class: "muted"}, item.profile, typeof seed === "number" && item.target === "simulated" && `, seed ${seed}`)]],
      ["Started", [h("strong", {}, time(item.started_utc, "day")), h("span", {class: "muted"}, time(item.started_utc, "clock"))]],
    ]);
    fill(this.head_,
      h("div", {class: "run-title"}, h("h1", {}, item.id), mark(verdict_word(item)),
        item.state === "running" && run.gate && h("span", {class: "muted"}, `now ${run.gate.verdict}`), h("span", {class: "folder muted", title: item.folder}, item.folder)),
      item.error !== null && error_box(item.error),
      h("div", {class: "run-progress"}, progress_bar(item.iterations, item.planned, "Progress"),
        h("span", {class: "nowrap"}, `${format_number(item.iterations)}${planned} iterations`),
        rest !== null && h("span", {class: "muted nowrap"}, rest > 0 ? `about ${format_duration(rest)} left` : "about to end"),
        item.state === "ended" && item.planned !== null && item.iterations < item.planned && h("span", {class: "bad nowrap"}, "it stopped early")),
      h("dl", {class: "tiles"}, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
  }

  /** @param {Run} run */
  show_gate_(run) {
    const {gate} = run;
    if (!gate) {
      fill(this.gate_, h("p", {class: "empty small"}, "Nothing can be judged yet."));
      return;
    }
    const checks = [...gate.checks].sort((a, b) => kCheckOrder.indexOf(a.status) - kCheckOrder.indexOf(b.status));
    fill(this.gate_, h("p", {class: "verdict-line"}, mark(gate.verdict), run.item.state === "running" ? " if the run ended now" : " by the gate with its default options"),
      h("div", {class: "panel"}, h("table", {class: "cards checks"},
        h("thead", {}, h("tr", {}, ["Status", "Check", "Measured", "Threshold", "Margin"].map((title, index) => h("th", {scope: "col", class: index > 1 && "number"}, title)))),
        h("tbody", {}, checks.map((check) => this.check_row_(check))))),
      gate.warnings.map((warning) => h("p", {class: "message warn"}, warning)));
  }

  /** @param {Check} check */
  check_row_(check) {
    return h("tr", {}, h("td", {"data-title": "Status"}, mark(check.status)),
      h("td", {"data-title": "Check", class: "check"}, h("code", {}, check.name), h("span", {class: "muted"}, check.message)),
      h("td", {"data-title": "Measured", class: "number"}, h("b", {}, format_value(check.measured))),
      h("td", {"data-title": "Threshold", class: "number nowrap"}, check.threshold || "–"),
      h("td", {"data-title": "Margin", class: `number nowrap ${check.margin !== null && check.margin < 0 ? "bad" : ""}`}, signed(check.margin, "")));
  }

  /** Charts are made once, and again only where there are others. @param {Run} run */
  show_charts_(run) {
    const names = JSON.stringify([run.kpis, run.parameters]);
    if (names === this.names_) return;
    this.names_ = names;
    for (const chart of this.charts_) chart.destroy();
    const kpis = run.kpis.map((kpi) => new KpiChart(this.range_, kpi));
    const parameters = run.parameters.map((parameter) => new ParameterChart(this.range_, parameter));
    const guards = new GuardChart(this.range_);
    this.charts_ = [...kpis, guards, ...parameters];
    fill(this.kpis_, kpis.map((chart) => chart.element));
    fill(this.guards_, guards.element);
    fill(this.parameters_, parameters.length ? parameters.map((chart) => chart.element) : h("p", {class: "empty small"}, "No parameter was in effect or proposed."));
  }

  /** @param {Run} run */
  show_target_(run) {
    const {health, guards} = run;
    const facts = /** @type {[string, import("./dom.js").Child][]} */ ([
      ["Instance", h("code", {class: "hash"}, health.instance_id ?? "it gave none")],
      ["Instances seen", h("span", {class: health.instances > 1 ? "bad strong" : ""}, format_number(health.instances))],
      ["Reports seen", format_number(health.reports)],
      ["Last report", h("span", {}, time(health.last_report_utc), health.last_seq !== null && h("span", {class: "muted"}, ` number ${format_number(health.last_seq)}`))],
      ["Guards were set in", Object.entries(guards).map(([name, count]) => `${name} ${format_number(count)}`).join(", ") + " iterations"],
    ]);
    fill(this.target_, h("dl", {class: "facts panel padded"}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), this.faults_(run));
  }

  /** @param {Run} run */
  faults_({health}) {
    if (health.fault_count === 0) return h("p", {class: "verdict-line"}, mark("passed"), " No delivery fault.");
    const shown = health.faults.length < health.fault_count ? `, the newest ${health.faults.length} here` : "";
    return [h("h3", {class: "sub"}, count_of(health.fault_count, "delivery fault") + shown), h("div", {class: "panel"}, h("table", {class: "cards faults"},
      h("thead", {}, h("tr", {}, ["Iteration", "Fault", "Parameter", "What happened"].map((title, index) => h("th", {scope: "col", class: index === 0 && "number"}, title)))),
      h("tbody", {}, health.faults.map((fault, index) => h("tr", {},
        h("td", {"data-title": "Iteration", class: "number"}, button(format_number(fault.iteration), () => this.show_iteration(fault.iteration),
          {class: "link", "data-focus": `fault ${index}`, title: "Show it on the charts", "aria-label": `Iteration ${fault.iteration}: show it on the charts`})),
        h("td", {"data-title": "Fault"}, h("code", {class: "bad"}, fault.kind)), h("td", {"data-title": "Parameter"}, fault.parameter ? h("code", {}, fault.parameter) : "–"),
        h("td", {"data-title": "What happened"}, fault.detail || "–"))))))];
  }

  /** @param {Run} run */
  show_options_(run) {
    const options = Object.entries(run.options).filter(([, value]) => value !== null && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0));
    fill(this.options_, h("dl", {class: "facts panel padded"}, options.flatMap(([name, value]) =>
      [h("dt", {}, h("code", {}, name)), h("dd", {}, h("code", {class: "hash"}, typeof value === "object" ? JSON.stringify(value) : format_value(value)))])),
    run.notes.length > 0 && h("ul", {class: "notes"}, run.notes.map((note) => h("li", {}, note))));
  }
}
