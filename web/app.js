// The page: which view is shown, the connection, the theme, the keys. Addresses stand behind the #, so that the page works as a file too.
import {announce, h, fill} from "./dom.js";
import {forget_colors} from "./drawing.js";
import {open_source} from "./source.js";
import {RunsView} from "./runs.js";
import {RunView} from "./run.js";
import {CompareView} from "./compare.js";

/** @typedef {{element: HTMLElement, title: string, destroy: () => void, refresh: () => unknown, on_key: (event: KeyboardEvent) => void, repaint?: () => void, force?: () => void, show_section?: (name: string) => void}} View */

const kSearchFields = "input, select, textarea, [contenteditable], .scroll";

export class App {
  constructor() {
    const {source, embedded} = open_source();
    this.source = source;
    this.embedded_ = embedded;
    this.main_ = /** @type {HTMLElement} */ (document.getElementById("main"));
    this.lost_ = /** @type {HTMLElement} */ (document.getElementById("lost"));
    this.connection_ = /** @type {HTMLElement} */ (document.getElementById("connection"));
    /** @type {View|null} */
    this.view_ = null;
    this.shown_ = "";
    this.connected_ = /** @type {boolean|null} */ (null);
  }

  start() {
    if (location.search) history.replaceState(null, "", location.pathname + location.hash);  // the token is in a cookie now; it need not stay in the address
    addEventListener("hashchange", () => this.route());
    document.addEventListener("keydown", (event) => this.on_key_(event));
    document.addEventListener("soak-theme", () => {
      forget_colors();
      this.view_?.repaint?.();
    });
    document.getElementById("theme")?.addEventListener("click", () => document.dispatchEvent(new Event("soak-toggle-theme")));
    document.getElementById("skip")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.main_.focus();
    });
    this.watch_paper_();
    if (this.source.offline) this.connection_.textContent = "a report; nothing here changes";
    this.route();
  }

  /** Paper is white, and shows what is out of sight too. */
  watch_paper_() {
    let theme = "";
    const show = (/** @type {string} */ name) => {
      document.documentElement.dataset.theme = name;
      document.dispatchEvent(new Event("soak-theme"));
    };
    addEventListener("beforeprint", () => {
      theme = document.documentElement.dataset.theme ?? "light";
      show("light");
      this.view_?.force?.();
    });
    addEventListener("afterprint", () => show(theme));
  }

  /** The words of the address behind the #. */
  address_() {
    try {
      return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    } catch {
      return [""];  // not an address of this page
    }
  }

  /** @param {KeyboardEvent} event */
  on_key_(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    if (event.key === "Escape" && event.target instanceof HTMLInputElement) event.target.blur();
    if (!event.target.closest(kSearchFields)) this.view_?.on_key(event);
  }

  route() {
    const [kind = "", ...rest] = this.address_();
    const run = this.embedded_?.run.item.id ?? (kind === "runs" ? rest[0] : undefined);
    const section = kind === "runs" ? rest[1] ?? "" : "";
    const address = run !== undefined ? `run ${run}` : kind === "compare" && rest.length >= 2 ? `compare ${rest[0]} ${rest[1]}` : "runs";
    if (address === this.shown_) {
      this.view_?.show_section?.(section);
      return;
    }
    const first = this.shown_ === "";
    this.shown_ = address;
    this.view_?.destroy();
    this.set_connection(null);
    if (run !== undefined) this.view_ = new RunView(this, run, section);
    else if (address === "runs") this.view_ = new RunsView(this);
    else this.view_ = new CompareView(this, rest[0], rest[1]);
    fill(this.main_, this.view_.element);
    this.show_crumbs_(this.view_.title, address === "runs");
    document.title = `${this.view_.title} · soak`;
    if (first) return;
    scrollTo(0, 0);
    this.main_.focus({preventScroll: true});
    announce(this.view_.title, true);
  }

  /** @param {string} title @param {boolean} is_list */
  show_crumbs_(title, is_list) {
    const crumbs = /** @type {HTMLElement} */ (document.getElementById("crumbs"));
    if (this.source.offline) fill(crumbs, h("span", {"aria-current": "page"}, "Report"));
    else fill(crumbs, h("a", {href: "#/", "aria-current": is_list ? "page" : null}, "Runs"), !is_list && h("span", {class: "crumb", "aria-current": "page"}, title));
  }

  /** @param {boolean|null} open null: nobody asked yet */
  set_connection(open) {
    const came_back = open === true && this.connected_ === false;
    this.connected_ = open ?? (this.connected_ === false ? false : null);
    this.lost_.hidden = this.connected_ !== false;
    if (!this.source.offline) {
      this.connection_.textContent = this.connected_ ? "live" : "";
      this.connection_.className = this.connected_ ? "connection live" : "connection";
    }
    if (!came_back) return;
    announce("Connected again", true);
    this.view_?.refresh();
  }

  /** An answer that did not come, where the page has something to show already. @param {unknown} error */
  on_error(error) {
    if (error instanceof TypeError) this.set_connection(false);  // fetch: no server
    else console.error(error);
  }
}

new App().start();
