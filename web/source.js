// Where the data comes from: the server that served the page, or the page itself (a report in one file). Both answer alike.

/** @typedef {import("./api_types").Run} Run */
/** @typedef {import("./api_types").RunList} RunList */
/** @typedef {import("./api_types").Series} Series */
/** @typedef {import("./api_types").Ledger} Ledger */
/** @typedef {import("./api_types").Comparison} Comparison */
/** @typedef {{from?: number, to?: number, points: number}} Range */
/** @typedef {{q?: string, stage?: string, limit?: number, offset?: number}} Filter */
/** @typedef {{run: Run, series: Series, ledger: Ledger}} Embedded */
/**
 * @typedef {object} Source
 * @property {boolean} offline there is one run, embedded in the page, and nothing changes
 * @property {(filter: Filter, signal?: AbortSignal) => Promise<RunList>} runs
 * @property {(id: string, signal?: AbortSignal) => Promise<Run>} run
 * @property {(id: string, range: Range, signal?: AbortSignal) => Promise<Series>} series
 * @property {(id: string, filter: Filter, signal?: AbortSignal) => Promise<Ledger>} ledger
 * @property {(a: string, b: string, signal?: AbortSignal) => Promise<Comparison>} compare
 * @property {(id: string|null, on_event: (name: string, data: any) => void, on_connection: (open: boolean) => void) => () => void} watch
 *   events of one run, or of the list; returns what ends it
 */

/** @param {Record<string, string|number|undefined>} parameters */
function query_of(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== "") query.set(name, String(value));
  const text = query.toString();
  return text ? "?" + text : "";
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
async function get_json(path, signal) {
  const response = await fetch(path, {signal, headers: {accept: "application/json"}});
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  if (response.status === 401) throw new Error("The server wants its token: open the page once with ?token=TOKEN, as soak serve printed it.");
  throw new Error(body?.error?.message ?? `The server answered ${response.status} to ${path}.`);
}

const kRetryMs = 2000;

/** @param {string} path @param {string[]} names @param {(name: string, data: any) => void} on_event @param {(open: boolean) => void} on_connection */
function watch_events(path, names, on_event, on_connection) {
  /** @type {EventSource|null} */
  let events = null;
  let timer = 0;
  const receive = (/** @type {string} */ name, /** @type {Event} */ event) => {
    let data = null;
    try {
      data = JSON.parse(/** @type {MessageEvent} */ (event).data);
    } catch { /* an event without data is one all the same */ }
    on_event(name, data);
  };
  const open = () => {
    events = new EventSource(path);
    events.onopen = () => on_connection(true);
    events.onerror = () => {
      on_connection(false);
      // The browser retries a dropped connection by itself, but not one that was refused.
      if (events?.readyState === EventSource.CLOSED) timer = setTimeout(open, kRetryMs);
    };
    for (const name of names) events.addEventListener(name, (event) => receive(name, event));
  };
  open();
  return () => {
    clearTimeout(timer);
    events?.close();
  };
}

/** @returns {Source} */
export function http_source() {
  const run_path = (/** @type {string} */ id) => `api/v1/runs/${encodeURIComponent(id)}`;
  return {
    offline: false,
    runs: (filter, signal) => get_json("api/v1/runs" + query_of({...filter}), signal),
    run: (id, signal) => get_json(run_path(id), signal),
    series: (id, range, signal) => get_json(`${run_path(id)}/series${query_of({...range})}`, signal),
    ledger: (id, filter, signal) => get_json(`${run_path(id)}/ledger${query_of({...filter})}`, signal),
    compare: (a, b, signal) => get_json("api/v1/compare" + query_of({a, b}), signal),
    watch: (id, on_event, on_connection) =>
      watch_events(id === null ? "api/v1/events" : `${run_path(id)}/events`, ["iteration", "state", "runs"], on_event, on_connection),
  };
}

/** @template T @param {T[]} values @param {number[]} indexes @returns {T[]} */
function picked(values, indexes) {
  return indexes.map((index) => values[index]);
}

/** @template T @param {T[]} values @param {[number, number][]} buckets @param {(bucket: T[]) => T} merge */
function merged(values, buckets, merge) {
  return buckets.map(([first, end]) => merge(values.slice(first, end)));
}

/** @param {(number|null)[]} values @param {(numbers: number[]) => number} how */
function of_numbers(values, how) {
  const numbers = /** @type {number[]} */ (values.filter((value) => value !== null));
  return numbers.length ? how(numbers) : null;
}

const sum_of = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0);
const mean_of = (/** @type {number[]} */ values) => sum_of(values) / values.length;
const last_of = (/** @type {any[]} */ values) => values.reduce((last, value) => value ?? last, null);

/** Which points of a series stand together in a range, as [first, end). @param {Series} series @param {Range} range */
function buckets_of(series, range) {
  const from = range.from ?? series.from, to = range.to ?? series.to;
  const count = series.iteration.length;
  const first = series.iteration.findIndex((iteration) => iteration >= from);
  let end = series.iteration.findIndex((iteration) => iteration >= to);
  end = end < 0 ? count : end + 1;
  const size = Math.max(1, Math.ceil((end - first) / range.points));
  /** @type {[number, number][]} */
  const buckets = [];
  for (let index = first; first >= 0 && index < end; index += size) buckets.push([index, Math.min(index + size, end)]);
  return {buckets, size, from, to};
}

/** The part of a series in a range, thinned as the server would. @param {Series} series @param {Range} range @returns {Series} */
export function thin_series(series, range) {
  const {buckets, size, from, to} = buckets_of(series, range);
  const lasts = buckets.map(([, end]) => end - 1);
  return {
    from, to, per_point: series.per_point * size,
    iteration: picked(series.iteration, lasts), utc: picked(series.utc, lasts),
    verdict: merged(series.verdict, buckets, (b) => (b.includes("FAIL") ? "FAIL" : "PASS")),
    faults: merged(series.faults, buckets, sum_of),
    guards: Object.fromEntries(Object.entries(series.guards).map(([name, values]) => [name, merged(values, buckets, sum_of)])),
    held: merged(series.held, buckets, last_of),
    kpis: Object.fromEntries(Object.entries(series.kpis).map(([name, columns]) => [name, {
      mean: merged(columns.mean, buckets, (b) => of_numbers(b, mean_of)),
      min: merged(columns.min, buckets, (b) => of_numbers(b, (numbers) => Math.min(...numbers))),
      max: merged(columns.max, buckets, (b) => of_numbers(b, (numbers) => Math.max(...numbers))),
    }])),
    parameters: Object.fromEntries(Object.entries(series.parameters).map(([name, steps]) => [name, {
      effective: picked(steps.effective, lasts), proposed: merged(steps.proposed, buckets, last_of), applied: merged(steps.applied, buckets, last_of),
    }])),
  };
}

/** @param {Ledger} ledger @param {Filter} filter @returns {Ledger} */
export function filter_ledger(ledger, filter) {
  const wanted = (filter.q ?? "").toLowerCase();
  const text_of = (/** @type {any} */ value) => (typeof value === "object" ? JSON.stringify(value) : String(value)).toLowerCase();
  const entries = ledger.entries.filter((entry) => (!filter.stage || entry.stage === filter.stage) &&
    (!wanted || Object.values(entry).some((value) => value !== null && text_of(value).includes(wanted))));
  const offset = filter.offset ?? 0;
  return {entries: entries.slice(offset, offset + (filter.limit ?? 200)), total: entries.length, proven: ledger.proven};
}

/** @param {Embedded} data @returns {Source} */
export function embedded_source(data) {
  return {
    offline: true,
    runs: async () => ({runs: [data.run.item], total: 1, problems: [], version: ""}),
    run: async () => data.run,
    series: async (_id, range) => thin_series(data.series, range),
    ledger: async (_id, filter) => filter_ledger(data.ledger, filter),
    compare: () => Promise.reject(new Error("This report holds one run; soak serve compares two.")),
    watch: () => () => undefined,
  };
}

/** The page's data: embedded where there is any. @returns {{source: Source, embedded: Embedded|null}} */
export function open_source() {
  const text = document.getElementById("soak-data")?.textContent?.trim();
  if (!text) return {source: http_source(), embedded: null};
  const embedded = /** @type {Embedded} */ (JSON.parse(text));
  return {source: embedded_source(embedded), embedded};
}
