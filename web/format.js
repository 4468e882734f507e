// Numbers, times and values as people read them. Pure.

const kSpace = "\u00a0";  // no line break between a number and its unit
const kMissing = "–";
const kUnitMax = 8;  // a longer one ("order replacements a minute") stands beside the name, once

// Made once: to make a formatter costs a hundred times what it costs to use it, and a chart that is panned formats all its ticks in each frame.
const kWhole = new Intl.NumberFormat("en-GB", {maximumFractionDigits: 0});
const kTenths = new Intl.NumberFormat("en-GB", {maximumFractionDigits: 1});
const kFourDigits = new Intl.NumberFormat("en-GB", {maximumSignificantDigits: 4});
const kCompact = new Intl.NumberFormat("en-GB", {notation: "compact", maximumSignificantDigits: 4});
const kDecimals = Array.from({length: 9}, (_, digits) => new Intl.NumberFormat("en-GB", {minimumFractionDigits: digits, maximumFractionDigits: digits}));
const kClock = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"});
const kDay = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short", year: "numeric"});
const kShortDay = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short"});

/** @param {string} text */
const with_minus = (text) => text.replace(/^-/, "−");

/** Four significant digits; whole numbers in full. @param {number|null|undefined} value */
export function format_number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(2).replace(/-/g, "−");
  const whole = Number.isInteger(value) || size >= 1000;
  return with_minus((whole ? (size >= 1e4 ? kWhole : kTenths) : kFourDigits).format(value));
}

/** @param {string} unit */
export function is_ratio(unit) {
  return unit === "ratio" || unit.startsWith("share of");
}

/** Whether the unit is written after each number. @param {string} unit */
export function is_short_unit(unit) {
  return unit.length <= kUnitMax || is_ratio(unit);
}

/** A ratio stands alone; every other unit follows its number. @param {number|null|undefined} value @param {string} unit */
export function with_unit(value, unit) {
  const text = format_number(value);
  return text === kMissing || unit === "" || unit.length > kUnitMax || is_ratio(unit) ? text : text + kSpace + unit;
}

/** A parameter's value, or what was measured. @param {any} value @param {string} [unit] @returns {string} */
export function format_value(value, unit = "") {
  if (value === null || value === undefined) return kMissing;
  if (typeof value === "number") return with_unit(value, unit);
  if (typeof value === "object") return Object.entries(value).map(([key, inner]) => `${key.replace(/_/g, " ")} ${format_value(inner, unit)}`).join(", ");
  return String(value);
}

/** With its sign, for differences. @param {number|null} value @param {string} unit */
export function signed(value, unit) {
  return (value !== null && value > 0 ? "+" : "") + with_unit(value, unit);
}

/** @param {number} part @param {number} whole */
export function percent(part, whole) {
  if (whole === 0) return kMissing;
  const share = (100 * part) / whole;
  return `${Number.isInteger(share) ? share : share.toFixed(1)}${kSpace}%`;
}

/** Two neighbouring units at most. @param {number|null} seconds */
export function format_duration(seconds) {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return kMissing;
  if (seconds < 59.5) return `${seconds < 9.95 ? Math.round(seconds * 10) / 10 : Math.round(seconds)}${kSpace}s`;
  const units = /** @type {[string, number][]} */ ([["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]);
  const total = Math.round(seconds);
  const first = units.findIndex(([, size]) => total >= size);
  const [name, size] = units[first], [next_name, next_size] = units[first + 1];
  const rest = Math.floor((total % size) / next_size);
  return `${Math.floor(total / size)}${kSpace}${name}${rest ? ` ${rest}${kSpace}${next_name}` : ""}`;
}

/** @param {string|null} utc @param {"full"|"clock"|"day"} [form] */
export function local_time(utc, form = "full") {
  const date = new Date(utc ?? NaN);
  if (Number.isNaN(date.getTime())) return kMissing;
  if (form === "clock") return kClock.format(date);
  return form === "day" ? kDay.format(date) : `${kDay.format(date)}, ${kClock.format(date)}`;
}

/** @param {string|null} utc */
export function utc_title(utc) {
  return utc ? `${utc.replace("T", " ").replace("Z", "")} UTC` : null;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function count_of(count, one, many = one + "s") {
  return `${format_number(count)}${kSpace}${count === 1 ? one : many}`;
}

/** Of an axis: as many decimals as the distance of two ticks needs. @param {number[]} ticks @param {number} step */
export function tick_texts(ticks, step) {
  let decimals = 0;
  while (decimals < 8 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) decimals += 1;
  return ticks.map((tick) => with_minus((Math.abs(tick) >= 1e4 ? kCompact : kDecimals[decimals]).format(tick)));
}

/** There is no iteration 0. @param {number[]} ticks */
export function iteration_texts(ticks) {
  return ticks.map((tick) => (tick === 0 ? "" : kWhole.format(tick)));
}

/** Clock times; the day where it changes. @param {number[]} ticks seconds @param {number} step */
export function time_texts(ticks, step) {
  let day = "";
  return ticks.map((tick) => {
    const today = kShortDay.format(tick * 1000), clock = kClock.format(tick * 1000);
    const text = step >= 86400 ? today : (step >= 60 ? clock.slice(0, 5) : clock) + (today === day ? "" : "\n" + today);
    day = today;
    return text;
  });
}
