// Numbers, times and values as people read them. Pure.

const kSpace = "\u00a0";  // no line break between a number and its unit
const kMissing = "–";
const kUnitMax = 8;  // a longer one ("order replacements a minute") stands beside the name, once

/** Four significant digits; whole numbers in full. @param {number|null|undefined} value */
export function format_number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(2).replace(/-/g, "−");
  const whole = Number.isInteger(value) || size >= 1000;
  return value.toLocaleString("en-GB", whole ? {maximumFractionDigits: size >= 1e4 ? 0 : 1} : {maximumSignificantDigits: 4}).replace(/^-/, "−");
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
  const clock = date.toLocaleTimeString("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"});
  const day = date.toLocaleDateString("en-GB", {day: "numeric", month: "short", year: "numeric"});
  return form === "clock" ? clock : form === "day" ? day : `${day}, ${clock}`;
}

/** @param {string|null} utc */
export function utc_title(utc) {
  return utc ? `${utc.replace("T", " ").replace("Z", "")} UTC` : null;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function count_of(count, one, many = one + "s") {
  return `${format_number(count)}${kSpace}${count === 1 ? one : many}`;
}
