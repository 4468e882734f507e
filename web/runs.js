// The list of runs: searched by the server, sorted here, alive by events. Two of them can be picked and compared.
import {count_of, format_duration, format_number, percent} from "./format.js";
import {announce, button, debounce, error_box, fill, h, keep_focus, loading, mark, progress_bar, time, verdict_word} from "./dom.js";

/** @typedef {import("./api_types").RunItem} RunItem */
/** @typedef {import("./app.js").App} App */
/** @typedef {{name: string, title: string, key: (run: RunItem) => string|number, number?: boolean, cell: (run: RunItem) => import("./dom.js").Child[]}} Column */

const kRunsPage = 200;
const kSearchMs = 200;

/** @param {RunItem} run */
function run_link(run) {
  return h("a", {href: run_address(run.id), "data-focus": `run ${run.id}`}, run.id);
}

/** @param {string} id */
export function run_address(id) {
  return `#/runs/${encodeURIComponent(id)}`;
}

/** @type {Column[]} */
const kColumns = [
  {name: "run", title: "Run", key: (run) => run.id, cell: (run) => [run_link(run), h("span", {class: "folder muted", title: run.folder}, run.error ?? run.folder)]},
  {name: "verdict", title: "Verdict", key: verdict_word, cell: (run) => [mark(verdict_word(run))]},
  {name: "progress", title: "Iterations", number: true, key: (run) => run.iterations / (run.planned ?? (run.iterations || 1)), cell: (run) => [
    progress_bar(run.iterations, run.planned, `${run.id}: progress`),
    h("span", {class: "nowrap"}, `${format_number(run.iterations)}${run.planned === null ? "" : ` of ${format_number(run.planned)}`}`)]},
  {name: "passed", title: "Passed", number: true, key: (run) => run.passed, cell: (run) => [format_number(run.passed), h("span", {class: "muted share"}, percent(run.passed, run.iterations))]},
  {name: "delivered", title: "Delivered", number: true, key: (run) => run.applied, cell: (run) => [h("span", {title: "changes applied, of those proposed"}, `${format_number(run.applied)} of ${format_number(run.proposed)}`)]},
  {name: "faults", title: "Faults", number: true, key: (run) => run.faults, cell: (run) => [h("span", {class: run.faults ? "bad strong" : ""}, format_number(run.faults))]},
  {name: "started", title: "Started", key: (run) => run.started_utc ?? "", cell: (run) => [time(run.started_utc)]},
  {name: "duration", title: "Duration", number: true, key: (run) => run.duration_s ?? -1, cell: (run) => [format_duration(run.duration_s)]},
  {name: "target", title: "Target", key: (run) => run.target, cell: (run) => [run.target]},
];

const kept = {q: "", sort: "started", down: true, picked: /** @type {string[]} */ ([])};  // while the page is open

export class RunsView {
  /** @param {App} app */
  constructor(app) {
    this.app_ = app;
    this.title = "Runs";
    /** @type {RunItem[]} */
    this.runs_ = [];
    this.total_ = 0;
    this.limit_ = kRunsPage;
    this.requests_ = 0;
    this.count_ = h("p", {class: "muted", role: "status"});
    this.search_ = h("input", {type: "search", placeholder: "Search runs", "aria-label": "Search runs by id, folder, verdict or target", maxlength: 200, value: kept.q,
      "aria-keyshortcuts": "/", on: {input: debounce(() => this.search(), kSearchMs)}});
    this.problems_ = h("div", {role: "status"});
    this.list_ = h("div", {}, loading());
    this.pair_ = h("div", {class: "pair", hidden: true});
    this.element = h("div", {class: "page"}, h("div", {class: "heading"}, h("h1", {}, "Runs"), this.count_,
      h("div", {class: "search"}, this.search_, h("kbd", {"aria-hidden": "true"}, "/"))), this.problems_, this.list_, this.pair_);
    this.stop_ = app.source.watch(null, (name) => name === "runs" && void this.refresh(), (open) => app.set_connection(open));
    void this.refresh();
  }

  destroy() {
    this.requests_ += 1;
    this.stop_();
  }

  search() {
    kept.q = this.search_.value.trim();
    this.limit_ = kRunsPage;
    void this.refresh(true);
  }

  /** @param {KeyboardEvent} event */
  on_key(event) {
    if (event.key !== "/") return;
    event.preventDefault();
    this.search_.focus();
    this.search_.select();
  }

  async refresh(say = false) {
    const request = ++this.requests_;
    try {
      const {runs, total, problems} = await this.app_.source.runs({q: kept.q, limit: Math.min(this.limit_, 1000)});
      if (request !== this.requests_) return;
      this.runs_ = runs;
      this.total_ = total;
      fill(this.problems_, problems.map((problem) => h("p", {class: "message warn"}, problem)));
      keep_focus(this.list_, () => this.show());
      if (say) announce(`${count_of(total, "run")} found`, true);
    } catch (error) {
      if (request !== this.requests_ || (this.runs_.length && error instanceof TypeError)) return;  // the banner says that the connection is lost
      fill(this.list_, error_box(error), button("Try again", () => void this.refresh()));
    }
    performance.mark("soak-first-view");
  }

  show() {
    fill(this.count_, this.total_ > this.runs_.length ? `the newest ${format_number(this.runs_.length)} of ${format_number(this.total_)}` : count_of(this.total_, "run"));
    if (this.runs_.length === 0) fill(this.list_, this.empty_());
    else fill(this.list_, this.table_(), this.total_ > this.runs_.length && this.limit_ < 1000 && button("Show more", () => this.more()));
    this.show_pair_();
  }

  more() {
    this.limit_ += kRunsPage;
    void this.refresh();
  }

  empty_() {
    if (kept.q) {
      return h("div", {class: "empty"}, h("p", {}, `No run matches “${kept.q}”.`), button("Show all runs", () => {
        this.search_.value = "";
        this.search();
      }));
    }
    return h("div", {class: "empty"}, h("h2", {}, "No runs here yet"), h("p", {}, "Start one; it appears here with its first iteration:"),
      h("pre", {tabindex: 0}, h("code", {}, "soak run --iterations 24 --auto-tune --mock")));
  }

  table_() {
    const column = kColumns.find(({name}) => name === kept.sort) ?? kColumns[0];
    const rows = [...this.runs_].sort((one, other) => {
      const [a, b] = [column.key(one), column.key(other)];
      return (a < b ? -1 : a > b ? 1 : 0) * (kept.down ? -1 : 1);
    });
    return h("div", {class: "panel"}, h("table", {class: "cards runs"},
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, h("span", {class: "unseen"}, "Compare")), kColumns.map((each) => this.head_(each)))),
      h("tbody", {}, rows.map((run) => this.row_(run)))));
  }

  /** @param {Column} column */
  head_({name, title, number}) {
    const sorted = kept.sort === name;
    const sort = () => {
      kept.down = sorted ? !kept.down : Boolean(number) || name === "started";
      kept.sort = name;
      keep_focus(this.list_, () => this.show());
    };
    return h("th", {scope: "col", class: number && "number", "aria-sort": sorted ? (kept.down ? "descending" : "ascending") : null},
      h("button", {type: "button", class: "sort", "data-focus": `sort ${name}`, on: {click: sort}}, title, h("span", {class: "arrow", "aria-hidden": "true"}, sorted ? (kept.down ? "↓" : "↑") : "")));
  }

  /** @param {RunItem} run */
  row_(run) {
    const pick = h("input", {type: "checkbox", "aria-label": `Compare ${run.id}`, "data-focus": `pick ${run.id}`, checked: kept.picked.includes(run.id), disabled: run.error !== null,
      on: {change: () => this.pick(run.id, pick.checked)}});
    return h("tr", {class: run.error === null ? "" : "broken"}, h("td", {class: "pick"}, pick),
      kColumns.map(({name, title, number, cell}) => h("td", {class: `${name}${number ? " number" : ""}`, "data-title": title}, cell(run))));
  }

  /** @param {string} id @param {boolean} picked */
  pick(id, picked) {
    kept.picked = kept.picked.filter((other) => other !== id);
    if (picked) kept.picked = [...kept.picked.slice(-1), id];
    keep_focus(this.list_, () => this.show());
  }

  show_pair_() {
    const [a, b] = kept.picked;
    this.pair_.hidden = a === undefined;
    if (a === undefined) return;
    fill(this.pair_, h("span", {}, h("b", {}, a), b === undefined ? ": pick another run to compare it with" : " and ", b !== undefined && h("b", {}, b)),
      b !== undefined && h("a", {class: "button primary", href: `#/compare/${encodeURIComponent(a)}/${encodeURIComponent(b)}`}, "Compare"),
      button("Clear", () => {
        kept.picked = [];
        this.show();
      }));
  }
}
