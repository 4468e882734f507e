#include "cli/feed_report.h"

#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"
#include "base/plural.h"
#include "sim/feed_windows.h"

namespace soak::cli {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string utc_of(std::int64_t ns) {
  return base::format_utc(base::UtcTime(std::chrono::milliseconds(ns / 1'000'000)));
}

Json windows_of(const sim::Feed& feed) {
  Json windows = Json::object();
  for (const int seconds : {10, 60, 300})
    windows[std::to_string(seconds)] = sim::whole_windows(feed, seconds * kNsPerSecond);
  return windows;
}

}  // namespace

Json feed_json(const sim::Feed& feed, const sim::FeedSummary& summary) {
  const sim::FeedHeader& h = feed.header();
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  return Json{
      {"file", feed.path()},
      {"format_version", h.version},
      {"source", feed.source()},
      {"symbol", feed.symbol()},
      {"tick", sim::format_decimal(feed.tick())},
      {"lot", sim::format_decimal(feed.lot())},
      {"rows",
       {{"all", h.row_count},
        {"depth", h.depth_rows},
        {"trade", h.trade_rows},
        {"snapshot", h.snapshot_rows},
        {"clear", h.clear_rows}}},
      {"order_by_order", feed.by_order()},
      {"first_utc", utc_of(h.first_exchange_ns)},
      {"last_utc", utc_of(h.last_exchange_ns)},
      {"span_s", static_cast<double>(h.last_exchange_ns - h.first_exchange_ns) / 1e9},
      {"longest_gap_s", static_cast<double>(summary.gap_ns_max) / 1e9},
      {"longest_gap_ends_utc", utc_of(feed.exchange_ns()[summary.gap_row])},
      {"long_gaps", summary.long_gaps},
      {"windows", windows_of(feed)},
      {"book_states", summary.book_states},
      {"crossed_states", summary.crossed_states},
      {"first_crossed_row", summary.crossed_states == 0 ? Json() : Json(summary.first_crossed_row)},
      {"one_sided_states", summary.one_sided_states},
      {"sequence_breaks", h.sequence_breaks},
      {"states_compared", h.states_compared},
      {"states_agreed", h.states_agreed},
      {"times_raised", h.times_raised},
      {"spread",
       {{"median_ticks", summary.spread_ticks_median},
        {"p95_ticks", summary.spread_ticks_p95},
        {"median_bps", summary.spread_bps_median},
        {"mean_bps", summary.spread_bps_mean}}},
      {"touch",
       {{"median_lots", summary.touch_lots_median},
        {"median_base", static_cast<double>(summary.touch_lots_median) * feed.instrument().lot_size}}},
      {"mid",
       {{"first", summary.mid_first},
        {"last", summary.mid_last},
        {"min", summary.mid_min},
        {"max", summary.mid_max}}},
      {"traded_base", summary.traded_base},
      {"latency_ms",
       {{"min", ms(summary.latency_ns_min)},
        {"median", ms(summary.latency_ns_median)},
        {"p95", ms(summary.latency_ns_p95)},
        {"max", ms(summary.latency_ns_max)}}},
      {"local_shift_ms", ms(h.local_shift_ns)},
      {"latency_floor_ms", ms(h.latency_floor_ns)},
      {"file_bytes", h.file_bytes},
  };
}

std::string feed_text(const sim::Feed& feed, const sim::FeedSummary& s) {
  const sim::FeedHeader& h = feed.header();
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::string text =
      fmt::format("{}: {} from {}, tick {}, lot {}, {} bytes\n", feed.path(),
                  feed.symbol().empty() ? "unnamed" : feed.symbol(), feed.source(),
                  sim::format_decimal(feed.tick()), sim::format_decimal(feed.lot()), h.file_bytes);
  text += fmt::format("rows      {}: {} depth, {}, {} snapshot, {} clear\n", h.row_count, h.depth_rows,
                      base::plural(h.trade_rows, "trade"), h.snapshot_rows, h.clear_rows);
  text += feed.by_order() ? "queues    order by order: a replay with --queue fifo knows who stands ahead\n"
                          : "queues    by level only: no replay with --queue fifo\n";
  text += fmt::format("span      {} to {}, {:.3f} s, longest gap {:.3f} s, {} of {} s and more\n",
                      utc_of(h.first_exchange_ns), utc_of(h.last_exchange_ns),
                      static_cast<double>(h.last_exchange_ns - h.first_exchange_ns) / 1e9,
                      static_cast<double>(s.gap_ns_max) / 1e9, s.long_gaps, sim::kLongGapNs / kNsPerSecond);
  text += fmt::format(
      "windows   {} of 300 s, {} of 60 s, {} of 10 s\n", sim::whole_windows(feed, 300 * kNsPerSecond),
      sim::whole_windows(feed, 60 * kNsPerSecond), sim::whole_windows(feed, 10 * kNsPerSecond));
  text += fmt::format(
      "book      {}, {} crossed, {} one-sided, {}, {} of {} agree with the source's best bid and ask\n",
      base::plural(s.book_states, "state"), s.crossed_states, s.one_sided_states,
      base::plural(h.sequence_breaks, "sequence break"), h.states_agreed, h.states_compared);
  text += fmt::format(
      "spread    median {} ticks ({:.4f} bps), p95 {} ticks, mean {:.4f} bps; touch {} lots a side\n",
      s.spread_ticks_median, s.spread_bps_median, s.spread_ticks_p95, s.spread_bps_mean, s.touch_lots_median);
  text += fmt::format("mid       {:.10g} to {:.10g}, from {:.10g} to {:.10g}; {:.6g} traded\n", s.mid_first,
                      s.mid_last, s.mid_min, s.mid_max, s.traded_base);
  text += fmt::format(
      "latency   min {:.3f} ms, median {:.3f} ms, p95 {:.3f} ms, max {:.3f} ms; local times shifted by "
      "{:.3f} ms\n",
      ms(s.latency_ns_min), ms(s.latency_ns_median), ms(s.latency_ns_p95), ms(s.latency_ns_max),
      ms(h.local_shift_ns));
  return text;
}

}  // namespace soak::cli
