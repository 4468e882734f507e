// What all charts of a run share: the series, the part of it in view, and the unit of the x axis. The view is kept in iterations.
import {debounce} from "./dom.js";

/** @typedef {import("./source.js").Series} Series */
/** @typedef {import("./source.js").Range} Range */
/** @typedef {{refresh: () => void, rescale: () => void, rebuild: () => void, point_at: (index: number|null) => void, points: () => number}} Member */

const kPointsMin = 300, kPointsMax = 5000;
const kSpanMin = 4;  // iterations; closer than that there is nothing to see
const kRefetchMs = 120;

/** @param {number[]} sorted @param {number} value first index whose value is not below it */
export function lower_bound(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Straight lines through the points, continued at both ends. @param {number[]} xs @param {number[]} ys @param {number} x */
function interpolate(xs, ys, x) {
  if (xs.length < 2) return (ys[0] ?? 0) + (x - (xs[0] ?? 0));
  const right = Math.min(Math.max(lower_bound(xs, x), 1), xs.length - 1), left = right - 1;
  return ys[left] + ((x - xs[left]) * (ys[right] - ys[left])) / (xs[right] - xs[left] || 1);
}

export class ChartRange {
  /**
   * @param {(range: Range) => Promise<Series>} load for a closer look @param {() => void} on_view told after each change of the view
   * @param {(error: unknown) => void} on_error
   */
  constructor(load, on_view, on_error) {
    this.load_ = load;
    this.on_view_ = on_view;
    this.on_error_ = on_error;
    /** @type {Set<Member>} */
    this.members = new Set();
    /** @type {Series|null} */
    this.overview = null;
    /** @type {Series|null} the closer look, where there is one that covers the view */
    this.detail_ = null;
    this.by_time = false;
    this.from = 0;
    this.to = 1;
    this.frame_ = 0;
    this.requests_ = 0;
    /** @type {number[]} */
    this.iterations_ = [];
    /** @type {number[]} */
    this.seconds_ = [];
    this.refetch_ = debounce(() => void this.fetch_detail(), kRefetchMs);
  }

  /** The series to draw: the closer look if it covers the view. @returns {Series} */
  get shown() {
    return /** @type {Series} */ (this.detail_ ?? this.overview);
  }

  get first() {
    return (this.overview?.from ?? 1) - 1;
  }

  get last() {
    return (this.overview?.to ?? 1) + 0.5;
  }

  get is_full() {
    return this.from <= this.first && this.to >= this.last;
  }

  /** Whether there are times to show. */
  get has_time() {
    return this.seconds_.length > 1;
  }

  /** @param {Series} series of the whole run */
  set_overview(series) {
    const was_full = this.overview === null || this.is_full;
    this.overview = series;
    const times = series.utc.map((utc) => Date.parse(utc ?? "") / 1000);
    const known = times.map((_, index) => index).filter((index) => Number.isFinite(times[index]));
    this.iterations_ = known.map((index) => series.iteration[index]);
    this.seconds_ = known.map((index) => times[index]);
    if (was_full) {
      this.from = this.first;
      this.to = this.last;
      this.detail_ = null;
    } else if (this.detail_ && this.to > this.detail_.to) {
      this.refetch_();
    }
    for (const member of this.members) member.refresh();
    this.on_view_();
  }

  /** @param {number} iteration */
  x_of(iteration) {
    return this.by_time ? interpolate(this.iterations_, this.seconds_, iteration) : iteration;
  }

  /** @param {number} x */
  iteration_of(x) {
    return this.by_time ? interpolate(this.seconds_, this.iterations_, x) : x;
  }

  /** The x value of each point of what is shown. */
  xs() {
    return this.by_time ? this.shown.iteration.map((iteration) => this.x_of(iteration)) : this.shown.iteration;
  }

  /** @param {boolean} by_time */
  set_axis(by_time) {
    this.by_time = by_time && this.has_time;
    for (const member of this.members) member.rebuild();
    this.on_view_();
  }

  /** @param {number} from @param {number} to iterations */
  set_view(from, to) {
    if (!this.overview) return;
    const whole = this.last - this.first;
    const span = Math.min(Math.max(to - from, Math.min(kSpanMin, whole)), whole);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - span / 2, this.first), this.last - span);
    this.to = this.from + span;
    if (this.is_full) this.drop_detail_();
    else if (this.detail_ && !this.covered_by_(this.detail_)) this.drop_detail_();
    if (!this.is_full && this.overview.per_point > 1) this.refetch_();
    this.frame_ ||= requestAnimationFrame(() => {
      this.frame_ = 0;
      for (const member of this.members) member.rescale();
      this.on_view_();
    });
  }

  /** @param {number} share of the view, to the right */
  pan(share) {
    const shift = share * (this.to - this.from);
    const room = shift < 0 ? this.first - this.from : this.last - this.to;
    const bounded = shift < 0 ? Math.max(shift, room) : Math.min(shift, room);
    if (bounded !== 0) this.set_view(this.from + bounded, this.to + bounded);
  }

  /** @param {number} factor below 1: closer @param {number} [around] the iteration that stays where it is */
  zoom(factor, around = (this.from + this.to) / 2) {
    this.set_view(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  reset() {
    this.set_view(this.first, this.last);
  }

  /** @param {Member} except @param {number|null} index of the point that the reader looks at */
  point_at(except, index) {
    for (const member of this.members) if (member !== except) member.point_at(index);
  }

  /** @param {Series} series */
  covered_by_(series) {
    return series.from - 1 <= Math.max(this.from, this.first) + 1e-6 && series.to + 0.5 >= Math.min(this.to, this.last) - 1e-6;
  }

  drop_detail_() {
    this.requests_ += 1;
    if (!this.detail_) return;
    this.detail_ = null;
    for (const member of this.members) member.refresh();
  }

  /** As many points as a line has pixels to be seen on. */
  points() {
    const most = Math.max(kPointsMin, ...[...this.members].map((member) => member.points()));
    return Math.min(kPointsMax, Math.round(most));
  }

  async fetch_detail() {
    if (!this.overview || this.is_full) return;
    const request = ++this.requests_;
    const span = this.to - this.from;
    const from = Math.max(this.overview.from, Math.floor(this.from - span)), to = Math.min(this.overview.to, Math.ceil(this.to + span));
    try {
      const series = await this.load_({from, to, points: Math.min(kPointsMax, 3 * this.points())});
      if (request !== this.requests_ || series.iteration.length === 0) return;
      this.detail_ = this.covered_by_(series) ? series : null;
      for (const member of this.members) member.refresh();
      this.on_view_();
    } catch (error) {
      if (request === this.requests_) this.on_error_(error);
    }
  }
}
