// Building the page: elements, marks for verdicts, messages. No HTML strings, so nothing that a run says can become markup.
import {local_time, utc_title} from "./format.js";

/** @typedef {Node|string|number|null|undefined|false} Child */

/**
 * An element. Attributes: `on` (listeners by event), anything else as it is; null, undefined and false leave one out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, any>} [attributes] @param {...(Child|Child[])} children @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, /** @type {any} */ (listener));
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** @param {Element} parent @param {(Child|Child[])[]} children */
function append(parent, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) parent.append(child instanceof Node ? child : String(child));
  }
}

/** @param {Element} parent @param {...(Child|Child[])} children */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

const kShapes = {
  pass: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm3.3 4.2L7 9.5 4.9 7.4 3.8 8.5 7 11.7l5.4-5.4Z",
  warn: "M8 1.2 15.6 15H.4ZM7.2 6v4.4h1.6V6Zm0 5.6v1.6h1.6v-1.6Z",
  fail: "M5 1h6l4 4v6l-4 4H5l-4-4V5Zm.9 3.8L4.8 5.9 6.9 8l-2.1 2.1 1.1 1.1L8 9.1l2.1 2.1 1.1-1.1L9.1 8l2.1-2.1-1.1-1.1L8 6.9Z",
  unsure: "M8 .6 15.4 8 8 15.4.6 8ZM5 7.2v1.6h6V7.2Z",
  running: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.6a5.4 5.4 0 1 0 0 10.8A5.4 5.4 0 0 0 8 2.6ZM6.3 4.9 11.3 8l-5 3.1Z",
  skip: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 1.6a5.4 5.4 0 1 0 0 10.8A5.4 5.4 0 0 0 8 2.6ZM5 7.2h6v1.6H5Z",
};

/** @typedef {keyof typeof kShapes} Shape */

/** @param {Shape} shape */
export function icon(shape) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", kShapes[shape]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** @type {Record<string, [Shape, string]>} */
const kMarks = {
  PASS: ["pass", "PASS"], WARN: ["warn", "WARN"], FAIL: ["fail", "FAIL"], INCONCLUSIVE: ["unsure", "INCONCLUSIVE"], running: ["running", "running"],
  unknown: ["unsure", "not judged"], error: ["fail", "unreadable"],
  passed: ["pass", "passed"], failed: ["fail", "failed"], warned: ["warn", "warned"], not_judged: ["unsure", "not judged"], skipped: ["skip", "skipped"],
  better: ["pass", "better"], worse: ["fail", "worse"], same: ["skip", "same"], no_data: ["unsure", "no data"],
  proven: ["pass", "proven"], pending: ["running", "pending"], guards: ["skip", "held by a guard"], apply: ["fail", "not applied"],
  in_effect: ["fail", "not in effect"], evidence: ["fail", "evidence against it"],
};

/** A word with a shape and a colour. @param {string} word @param {string} [instead] another text */
export function mark(word, instead) {
  const [shape, text] = kMarks[word] ?? ["unsure", word];
  return h("span", {class: `mark ${shape}`}, icon(shape), instead ?? text);
}

/** @param {{state: string, verdict: string|null, error: string|null}} run */
export function verdict_word(run) {
  if (run.error !== null) return "error";
  return run.state === "running" ? "running" : run.verdict ?? "unknown";
}

/** @param {string|null} utc @param {"full"|"clock"|"day"} [form] */
export function time(utc, form) {
  return h("time", {datetime: utc, title: utc_title(utc)}, local_time(utc, form));
}

/** @param {number} done @param {number|null} planned @param {string} label */
export function progress_bar(done, planned, label) {
  return h("progress", {max: Math.max(planned ?? done, 1), value: done, "aria-label": label});
}

/** With children the label is what a screen reader says. @param {string} label @param {() => void} action @param {Record<string, any>} [attributes] @param {...Child} children */
export function button(label, action, attributes = {}, ...children) {
  const named = children.length ? {"aria-label": label, title: label} : {};
  return h("button", {type: "button", ...named, on: {click: action}, ...attributes}, ...(children.length ? children : [label]));
}

/** @param {unknown} error */
export function error_box(error) {
  return h("div", {class: "message bad", role: "alert"}, icon("fail"), h("p", {}, error instanceof Error ? error.message : String(error)));
}

/** The rest of a page while its data is on the way. */
export function loading() {
  return h("p", {class: "muted loading"}, "Loading…");
}

/** Replaces content and gives the focus back to what has the same `data-focus`. @param {Element} container @param {() => void} action */
export function keep_focus(container, action) {
  const focused = document.activeElement instanceof HTMLElement && container.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  action();
  if (focused === undefined) return;
  for (const element of container.querySelectorAll("[data-focus]")) {
    if (element instanceof HTMLElement && element.dataset.focus === focused) element.focus({preventScroll: true});
  }
}

let announced_at = 0;
/** Says it to a screen reader, at most once in two seconds unless it is urgent. @param {string} text @param {boolean} [urgent] */
export function announce(text, urgent = false) {
  const region = document.getElementById("announcements");
  if (!region || (!urgent && Date.now() - announced_at < 2000)) return;
  announced_at = Date.now();
  region.textContent = text;
}

/** @template {any[]} A @param {(...rest: A) => void} action @param {number} wait_ms */
export function debounce(action, wait_ms) {
  let timer = 0;
  return (/** @type {A} */ ...rest) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...rest), wait_ms);
  };
}
