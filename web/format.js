// Numbers, times and values as people read them. Pure.

const kSpace = "\u00a0";  // no line break between a number and its unit
const kMissing = "–";
const kUnitMax = 8;  // a longer one ("order replacements a minute") stands beside the name, once

const kMonths = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// By hand: the first Intl formatter of a page takes longer to make than the whole first view takes to draw.

/** Thousands are set apart. @param {string} text of toFixed */
const grouped = (text) => text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
/** @param {number} number */
const two_digits = (number) => String(number).padStart(2, "0");
/** @param {Date} date */
const clock_of = (date) => [date.getHours(), date.getMinutes(), date.getSeconds()].map(two_digits).join(":");
/** @param {Date} date */
const day_of = (date) => `${date.getDate()} ${kMonths[date.getMonth()]}`;

/** Four significant digits and a letter for the thousands. @param {number} value at least 1000 in size */
function compact(value) {
  const units = /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]]);
  const rounded = Number(value.toPrecision(4));
  if (Math.abs(rounded) >= 1e16) return rounded.toExponential().replace("+", "");
  const [size, letter] = units.find(([size]) => Math.abs(rounded) >= size) ?? [1e3, "K"];
  return Number((rounded / size).toPrecision(4)) + letter;
}

/** @param {string} text */
const with_minus = (text) => text.replace(/^-/, "−");

/** Four significant digits; whole numbers in full. @param {number|null|undefined} value */
export function format_number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const size = Math.abs(value);
  if ((size !== 0 && size < 1e-4) || size >= 1e21) return value.toExponential(2).replace("+", "").replace(/-/g, "−");
  const whole = Number.isInteger(value) || size >= 1000;
  return with_minus(whole ? grouped(size >= 1e4 ? value.toFixed(0) : String(Number(value.toFixed(1)))) : grouped(String(Number(value.toPrecision(4)))));
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
  if (form === "clock") return clock_of(date);
  const day = `${day_of(date)} ${date.getFullYear()}`;
  return form === "day" ? day : `${day}, ${clock_of(date)}`;
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
  return ticks.map((tick) => with_minus(Math.abs(tick) >= 1e4 ? compact(tick) : grouped(tick.toFixed(decimals))));
}

/** There is no iteration 0. @param {number[]} ticks */
export function iteration_texts(ticks) {
  return ticks.map((tick) => (tick === 0 ? "" : grouped(tick.toFixed(0))));
}

/** Clock times; the day where it changes. @param {number[]} ticks seconds @param {number} step */
export function time_texts(ticks, step) {
  let day = "";
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const today = day_of(date), clock = clock_of(date);
    const text = step >= 86400 ? today : (step >= 60 ? clock.slice(0, 5) : clock) + (today === day ? "" : "\n" + today);
    day = today;
    return text;
  });
}
