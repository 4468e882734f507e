// What can be tried without a browser: `node --test web/pure_test.mjs`.
import assert from "node:assert/strict";
import test from "node:test";
import {format_duration, format_number, format_value, iteration_texts, local_time, percent, signed, tick_texts, time_texts, with_unit} from "./format.js";
import {filter_ledger, thin_series} from "./source.js";
import {ChartRange, lower_bound} from "./range.js";

test("numbers are written as people read them", () => {
  const cases = [[0.1 + 0.2, "0.3"], [0, "0"], [10000, "10,000"], [2.7, "2.7"], [3.484283, "3.484"], [-0.0363, "−0.0363"], [122919.646, "122,920"], [2519.84, "2,519.8"], [0.00001234, "1.23e−5"], [0.0001234, "0.0001234"], [-1234567.8, "−1,234,568"], [999.95, "1,000"], [1e21, "1.00e21"], [1000, "1,000"],
    [null, "–"], [undefined, "–"], [NaN, "–"], [1 / 3, "0.3333"]];
  for (const [value, text] of cases) assert.equal(format_number(value), text);
});

test("units follow numbers, except where there is none to write", () => {
  assert.equal(with_unit(2.7, "bps"), "2.7\u00a0bps");
  assert.equal(with_unit(0.42, "ratio"), "0.42");
  assert.equal(with_unit(null, "ms"), "–");
  assert.equal(with_unit(308, "order replacements a minute"), "308");
  assert.equal(signed(0.5, "bps"), "+0.5\u00a0bps");
  assert.equal(signed(null, "bps"), "–");
  assert.equal(format_value({at_least: 31}, "ms"), "at least 31\u00a0ms");
  assert.equal(format_value(false), "false");
});

test("durations have two units at most, shares one decimal", () => {
  const cases = [[0.25, "0.3 s"], [59.4, "59 s"], [59.6, "1 min"], [60, "1 min"], [3600, "1 h"], [60000, "16 h 40 min"], [3e6, "34 d 17 h"], [null, "–"], [-1, "–"]];
  for (const [seconds, text] of cases) assert.equal(format_duration(seconds).replaceAll("\u00a0", " "), text);
  assert.equal(percent(22, 24), "91.7\u00a0%");
  assert.equal(percent(0, 0), "–");
});

test("ticks have the decimals that their distance needs", () => {
  assert.deepEqual(tick_texts([1.5, 1.75, 2], 0.25), ["1.50", "1.75", "2.00"]);
  assert.deepEqual(tick_texts([0, 0.1, 0.30000000000000004], 0.1), ["0.0", "0.1", "0.3"]);
  assert.deepEqual(tick_texts([-20000, -2500, 0, 2500, 20000], 2500), ["−20K", "−2,500", "0", "2,500", "20K"]);
  assert.deepEqual(tick_texts([1234567, 1.5e9, 2e12], 1e5), ["1.235M", "1.5B", "2T"]);
  assert.deepEqual(tick_texts([999950, 999999999, 1e34], 1e5), ["1M", "1B", "1e34"]);
  assert.deepEqual(iteration_texts([0, 1500, 10000]), ["", "1,500", "10,000"]);
});

test("times are local, and tell the day where it changes", () => {
  const noon = new Date(2026, 8, 4, 12, 5, 9);
  assert.equal(local_time(noon.toISOString()), "4 Sep 2026, 12:05:09");
  assert.equal(local_time(noon.toISOString(), "clock"), "12:05:09");
  assert.equal(local_time("nothing"), "–");
  const at = noon.getTime() / 1000;
  assert.deepEqual(time_texts([at, at + 60, at + 86400], 60), ["12:05\n4 Sep", "12:06", "12:05\n5 Sep"]);
  assert.deepEqual(time_texts([at, at + 1], 1), ["12:05:09\n4 Sep", "12:05:10"]);
});

function series_of(count) {
  const iteration = Array.from({length: count}, (_, index) => index + 1);
  return {
    from: 1, to: count, per_point: 1, iteration, utc: iteration.map((at) => new Date(at * 1000).toISOString()), verdict: iteration.map((at) => (at === 5 ? "FAIL" : "PASS")),
    faults: iteration.map((at) => (at === 5 ? 2 : 0)), guards: {freeze: iteration.map(() => 1)}, held: iteration.map((at) => (at === 2 ? "velocity" : null)),
    kpis: {net_bps: {mean: iteration.map((at) => (at === 3 ? null : at)), min: iteration, max: iteration}},
    parameters: {x: {effective: iteration.map((at) => at * 10), proposed: iteration.map((at) => (at % 2 ? at : null)), applied: iteration.map(() => null)}},
  };
}

test("an embedded series is thinned as the server thins it", () => {
  const thin = thin_series(series_of(8), {points: 3});
  assert.equal(thin.per_point, 3);
  assert.deepEqual(thin.iteration, [3, 6, 8]);
  assert.deepEqual(thin.verdict, ["PASS", "FAIL", "PASS"]);
  assert.deepEqual(thin.faults, [0, 2, 0]);
  assert.deepEqual(thin.guards.freeze, [3, 3, 2]);
  assert.deepEqual(thin.held, ["velocity", null, null]);
  assert.deepEqual(thin.kpis.net_bps.mean, [1.5, 5, 7.5]);
  assert.deepEqual(thin.kpis.net_bps.min, [1, 4, 7]);
  assert.deepEqual(thin.kpis.net_bps.max, [3, 6, 8]);
  assert.deepEqual(thin.parameters.x.effective, [30, 60, 80]);
  assert.deepEqual(thin.parameters.x.proposed, [3, 5, 7]);
});

test("a part of an embedded series is that part", () => {
  const part = thin_series(series_of(8), {from: 3, to: 6, points: 100});
  assert.deepEqual(part.iteration, [3, 4, 5, 6]);
  assert.deepEqual(thin_series(series_of(0), {points: 10}).iteration, []);
});

test("an embedded ledger is filtered by text and stage, and paged", () => {
  const entry = (iteration, parameter, stage) => ({iteration, parameter, stage, evidence: {at_least: 31}, before: null});
  const ledger = {entries: [entry(3, "b", "proven"), entry(2, "b", "guards"), entry(1, "a", "proven")], total: 3, proven: 2};
  assert.equal(filter_ledger(ledger, {q: "B"}).total, 2);
  assert.equal(filter_ledger(ledger, {stage: "proven"}).total, 2);
  assert.equal(filter_ledger(ledger, {q: "at_least"}).total, 3);
  assert.deepEqual(filter_ledger(ledger, {limit: 1, offset: 1}).entries.map(({iteration}) => iteration), [2]);
});

test("a view stays inside the run, and keeps the place that is zoomed at", () => {
  globalThis.requestAnimationFrame = () => 1;
  const range = new ChartRange(async () => series_of(100), () => undefined, assert.fail);
  range.set_overview(series_of(100));
  assert.ok(range.is_full);
  range.zoom(0.5, 20);
  assert.ok(Math.abs((20 - range.from) / (range.to - range.from) - 20 / 100.5) < 1e-9);
  range.pan(-10);
  assert.equal(range.from, range.first);
  range.pan(100);
  assert.ok(Math.abs(range.to - range.last) < 1e-9);
  range.zoom(1e-9);
  assert.ok(range.to - range.from >= 3.9);
  range.reset();
  assert.ok(range.is_full);
});

test("time and iteration are turned into each other", () => {
  const range = new ChartRange(async () => series_of(3), () => undefined, assert.fail);
  range.set_overview(series_of(100));
  range.set_axis(true);
  assert.equal(range.x_of(50.5), 50.5);
  assert.equal(range.iteration_of(range.x_of(0)), 0);
  assert.equal(lower_bound([1, 3, 5], 4), 2);
});
