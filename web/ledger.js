// The delivery ledger of a run: each change with how far it came; a row opens to the whole story.
import {count_of, format_number, format_value, is_short_unit} from "./format.js";
import {button, debounce, error_box, fill, h, keep_focus, loading, mark, time} from "./dom.js";

/** @typedef {import("./api_types").LedgerEntry} LedgerEntry */
/** @typedef {import("./source.js").Source} Source */

const kChangesPage = 25;
const kStages = {"": "every stage", proven: "proven", pending: "pending", guards: "held by a guard", apply: "not applied", in_effect: "not in effect", evidence: "evidence against it"};

/** @param {LedgerEntry} entry */
const key_of = (entry) => `${entry.iteration} ${entry.parameter} ${entry.origin}`;

export class LedgerTable {
  /** @param {Source} source @param {string} run @param {(parameter: string) => string} unit_of @param {(iteration: number) => void} show_iteration on the charts */
  constructor(source, run, unit_of, show_iteration) {
    this.source_ = source;
    this.run_ = run;
    this.unit_of_ = unit_of;
    this.show_iteration_ = show_iteration;
    this.offset_ = 0;
    this.requests_ = 0;
    /** @type {Set<string>} */
    this.open_ = new Set();
    /** @type {import("./source.js").Ledger|null} */
    this.page_ = null;
    const restart = () => {
      this.offset_ = 0;
      void this.refresh();
    };
    this.search_ = h("input", {type: "search", placeholder: "Filter changes", "aria-label": "Filter changes by any text in them", maxlength: 200, on: {input: debounce(restart, 200)}});
    this.stage_ = h("select", {"aria-label": "How far the change came", on: {change: restart}}, Object.entries(kStages).map(([value, text]) => h("option", {value}, text)));
    this.count_ = h("p", {class: "muted", role: "status"});
    this.body_ = h("div", {}, loading());
    this.element = h("div", {class: "ledger"}, h("div", {class: "toolbar"}, this.search_, this.stage_, this.count_), this.body_);
  }

  destroy() { this.requests_ += 1; }

  async refresh() {
    const request = ++this.requests_;
    try {
      const page = await this.source_.ledger(this.run_, {q: this.search_.value.trim(), stage: this.stage_.value, limit: kChangesPage, offset: this.offset_});
      if (request !== this.requests_) return;
      const same = JSON.stringify(page) === JSON.stringify(this.page_);
      this.page_ = page;
      if (!same) keep_focus(this.body_, () => this.show());
    } catch (error) {
      if (request === this.requests_ && !(this.page_ && error instanceof TypeError)) fill(this.body_, error_box(error));
    }
  }

  show() {
    if (!this.page_) return;
    const {entries, total, proven} = this.page_;
    const filtered = this.search_.value.trim() !== "" || this.stage_.value !== "";
    fill(this.count_, filtered ? `${count_of(total, "change")} found` : `${count_of(total, "change")}, ${format_number(proven)} proven`);
    if (!entries.length) {
      fill(this.body_, h("p", {class: "empty small"}, filtered ? "No change matches." : "Nothing was proposed yet."));
      return;
    }
    fill(this.body_, h("div", {class: "panel"}, h("table", {class: "cards changes"},
      h("thead", {}, h("tr", {}, ["Iteration", "Parameter", "Change", "In effect", "How far it came", "Proposed at"].map((title) => h("th", {scope: "col", class: title === "Iteration" && "number"}, title)),
        h("th", {scope: "col"}, h("span", {class: "unseen"}, "Story")))),
      h("tbody", {}, entries.flatMap((entry) => this.rows_(entry))))), this.pages_(entries.length, total));
  }

  /** @param {number} count @param {number} total */
  pages_(count, total) {
    if (total <= kChangesPage) return null;
    const go = (/** @type {number} */ offset) => () => {
      this.offset_ = offset;
      void this.refresh();
    };
    return h("nav", {class: "pages", "aria-label": "Pages of the ledger"},
      button("Newer", go(Math.max(0, this.offset_ - kChangesPage)), {disabled: this.offset_ === 0, "data-focus": "newer"}),
      h("span", {}, `${format_number(this.offset_ + 1)}–${format_number(this.offset_ + count)} of ${format_number(total)}`),
      button("Older", go(this.offset_ + kChangesPage), {disabled: this.offset_ + count >= total, "data-focus": "older"}));
  }

  /** @param {LedgerEntry} entry */
  rows_(entry) {
    const unit = this.unit_of_(entry.parameter), key = key_of(entry), open = this.open_.has(key);
    const toggle = () => {
      if (!this.open_.delete(key)) this.open_.add(key);
      keep_focus(this.body_, () => this.show());
    };
    const cells = /** @type {[string, import("./dom.js").Child[]][]} */ ([
      ["Iteration", [button(format_number(entry.iteration), () => this.show_iteration_(entry.iteration), {class: "link", title: "Show it on the charts", "aria-label": `Iteration ${entry.iteration}: show it on the charts`})]],
      ["Parameter", [h("code", {}, entry.parameter), !is_short_unit(unit) && h("span", {class: "muted long-unit"}, unit), entry.origin !== "tuner" && h("span", {class: "tag"}, entry.origin)]],
      ["Change", [h("span", {class: "nowrap"}, `${format_value(entry.before)} → ${format_value(entry.proposed, unit)}`)]],
      ["In effect", [format_value(entry.effective, unit)]],
      ["How far it came", [mark(entry.stage, entry.stage === "guards" && entry.guard ? `held by ${entry.guard}` : undefined)]],
      ["Proposed at", [time(entry.proposed_utc)]],
    ]);
    const row = h("tr", {}, cells.map(([title, cell], index) => h("td", {"data-title": title, class: index === 0 && "number"}, cell)), h("td", {class: "more"},
      h("button", {type: "button", class: "quiet small", "data-focus": key, "aria-expanded": String(open), "aria-label": `The story of ${entry.parameter} in iteration ${entry.iteration}`, on: {click: toggle}}, open ? "Less" : "More")));
    return open ? [row, this.story_(entry, unit)] : [row];
  }

  /** @param {LedgerEntry} entry @param {string} unit */
  story_(entry, unit) {
    const facts = /** @type {[string, import("./dom.js").Child][]} */ ([
      ["Why", entry.why || "It is proven: the target reports it, and nothing contradicts."],
      ["Origin", entry.origin],
      ["Held by", entry.guard || "no guard"],
      ["Applied", entry.applied ? "yes" : "no"],
      ["Runtime before", h("code", {class: "hash"}, entry.old_hash || "–")],
      ["Runtime after", h("code", {class: "hash"}, entry.state_hash || "–")],
      ["Had to show in", entry.next === null ? "no iteration" : `iteration ${format_number(entry.next)}`],
      ["Reported in effect", h("span", {}, format_value(entry.effective, unit), entry.effective_utc && " at ", entry.effective_utc && time(entry.effective_utc))],
      ["Evidence", entry.evidence === null ? "none was given" : format_value(entry.evidence, unit)],
    ]);
    return h("tr", {class: "story"}, h("td", {colspan: 7}, h("dl", {class: "facts"}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))));
  }
}
