// soak feed import | info | check: recorded market data.

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/command.h"
#include "sim/binance_raw.h"
#include "sim/feed.h"
#include "sim/feed_summary.h"
#include "sim/feed_windows.h"

namespace soak::cli {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct FeedOptions {
  std::vector<std::string> files;
  std::string format;
  std::string out;
  std::string tick;
  std::string lot;
  std::int64_t latency_floor_us = 1000;
  bool resync = false;
  std::string feed;
  std::int64_t window_s = 300;
  bool json = false;
};

int print_or_fail(bool printed) {
  return printed ? kExitOk : kExitError;
}

std::string utc_of(std::int64_t ns) {
  return base::format_utc(base::UtcTime(std::chrono::milliseconds(ns / 1'000'000)));
}

Json windows_of(const sim::Feed& feed) {
  Json windows = Json::object();
  for (const int seconds : {10, 60, 300})
    windows[std::to_string(seconds)] = sim::whole_windows(feed, seconds * kNsPerSecond);
  return windows;
}

Json info_of(const sim::Feed& feed, const sim::FeedSummary& summary) {
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
      {"first_utc", utc_of(h.first_exchange_ns)},
      {"last_utc", utc_of(h.last_exchange_ns)},
      {"span_s", static_cast<double>(h.last_exchange_ns - h.first_exchange_ns) / 1e9},
      {"longest_gap_s", static_cast<double>(summary.gap_ns_max) / 1e9},
      {"windows", windows_of(feed)},
      {"book_states", summary.book_states},
      {"crossed_states", summary.crossed_states},
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

std::string info_text(const sim::Feed& feed, const sim::FeedSummary& s) {
  const sim::FeedHeader& h = feed.header();
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::string text =
      fmt::format("{}: {} from {}, tick {}, lot {}, {} bytes\n", feed.path(), feed.symbol(), feed.source(),
                  sim::format_decimal(feed.tick()), sim::format_decimal(feed.lot()), h.file_bytes);
  text += fmt::format("rows      {}: {} depth, {}, {} snapshot, {} clear\n", h.row_count, h.depth_rows,
                      base::plural(h.trade_rows, "trade"), h.snapshot_rows, h.clear_rows);
  text += fmt::format("span      {} to {}, {:.3f} s, longest gap {:.3f} s\n", utc_of(h.first_exchange_ns),
                      utc_of(h.last_exchange_ns),
                      static_cast<double>(h.last_exchange_ns - h.first_exchange_ns) / 1e9,
                      static_cast<double>(s.gap_ns_max) / 1e9);
  text += fmt::format(
      "windows   {} of 300 s, {} of 60 s, {} of 10 s\n", sim::whole_windows(feed, 300 * kNsPerSecond),
      sim::whole_windows(feed, 60 * kNsPerSecond), sim::whole_windows(feed, 10 * kNsPerSecond));
  text += fmt::format(
      "book      {}, {} crossed, {} one-sided, {}, {} of {} agree with the source's "
      "best bid and ask\n",
      base::plural(s.book_states, "state"), s.crossed_states, s.one_sided_states,
      base::plural(h.sequence_breaks, "sequence break"), h.states_agreed, h.states_compared);
  text += fmt::format(
      "spread    median {} ticks ({:.4f} bps), p95 {} ticks, mean {:.4f} bps; touch {} lots a side\n",
      s.spread_ticks_median, s.spread_bps_median, s.spread_ticks_p95, s.spread_bps_mean, s.touch_lots_median);
  text += fmt::format("mid       {} to {}, from {} to {}; {:.6g} traded\n", s.mid_first, s.mid_last,
                      s.mid_min, s.mid_max, s.traded_base);
  text += fmt::format(
      "latency   min {:.3f} ms, median {:.3f} ms, p95 {:.3f} ms, max {:.3f} ms; local times shifted by "
      "{:.3f} ms\n",
      ms(s.latency_ns_min), ms(s.latency_ns_median), ms(s.latency_ns_p95), ms(s.latency_ns_max),
      ms(h.local_shift_ns));
  return text;
}

Json import_json(const sim::BinanceImport& imported, double seconds) {
  const sim::BinanceImportCounts& c = imported.counts;
  return Json{{"lines", c.lines},
              {"depth_messages", c.depth_messages},
              {"trade_messages", c.trade_messages},
              {"ticker_messages", c.ticker_messages},
              {"snapshots", c.snapshots},
              {"other_messages", c.other_messages},
              {"depth_dropped", c.depth_dropped},
              {"trades_dropped", c.trades_dropped},
              {"snapshots_ignored", c.snapshots_ignored},
              {"trade_ids_missing", c.trade_ids_missing},
              {"messages_reordered", c.messages_reordered},
              {"local_delay_ms_max", static_cast<double>(c.local_delay_ns_max) / 1e6},
              {"seconds", seconds}};
}

std::string import_text(const sim::BinanceImport& imported, double seconds) {
  const sim::BinanceImportCounts& c = imported.counts;
  return fmt::format(
      "read      {} in {:.2f} s: {} depth ({} dropped), {} ({} before the book, {} missing), {} bookTicker, "
      "{} snapshot, {} other\n"
      "order     {} put back into exchange order (seen at most {:.3f} ms later for it), {} exchange "
      "times raised\n",
      base::plural(c.lines, "line"), seconds, c.depth_messages, c.depth_dropped,
      base::plural(c.trade_messages, "trade"), c.trades_dropped, base::plural(c.trade_ids_missing, "id"),
      c.ticker_messages, c.snapshots, c.other_messages, base::plural(c.messages_reordered, "message"),
      static_cast<double>(c.local_delay_ns_max) / 1e6, c.times_raised);
}

// On a terminal only, one line that is rewritten.
std::function<void(std::uint64_t)> progress_line(const std::vector<std::string>& files) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0) total += static_cast<std::uint64_t>(status.st_size);
  }
  return [total, shown = -1](std::uint64_t bytes_read) mutable {
    const int percent = total == 0 ? 0 : static_cast<int>(bytes_read * 100 / total);
    if (percent != shown) std::fprintf(stderr, "\rimport %3d %%", shown = percent);
  };
}

int run_import(const FeedOptions& options) {
  sim::BinanceImportOptions import;
  if (!options.tick.empty()) import.tick = sim::parse_decimal(options.tick);
  if (!options.lot.empty()) import.lot = sim::parse_decimal(options.lot);
  import.latency_floor_ns = options.latency_floor_us * 1000;
  import.resync = options.resync;
  import.progress = progress_line(options.files);
  const auto started = std::chrono::steady_clock::now();
  const auto imported = sim::import_binance_raw(options.files, options.out, import);
  if (import.progress) std::fputs("\r\033[K", stderr);
  if (!imported) return report_error(imported.error(), options.json);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const auto feed = sim::Feed::open(options.out);
  if (!feed) return report_error(feed.error(), options.json);
  const sim::FeedSummary summary = sim::summarize(*feed);
  if (!options.json)
    return print_or_fail(print_text(import_text(*imported, seconds) + info_text(*feed, summary)));
  Json result = info_of(*feed, summary);
  result["import"] = import_json(*imported, seconds);
  return print_or_fail(print_json(result, true));
}

int run_info(const FeedOptions& options) {
  const auto feed = sim::Feed::open(options.feed);
  if (!feed) return report_error(feed.error(), options.json);
  const sim::FeedSummary summary = sim::summarize(*feed);
  return print_or_fail(options.json ? print_json(info_of(*feed, summary), true)
                                    : print_text(info_text(*feed, summary)));
}

int run_check(const FeedOptions& options) {
  const auto feed = sim::Feed::open(options.feed);
  if (!feed) return report_error(feed.error(), options.json);
  const auto reasons = sim::unfit_reasons(*feed, sim::summarize(*feed), options.window_s * kNsPerSecond);
  if (options.json) {
    const Json json = {{"file", options.feed}, {"fit", reasons.empty()}, {"reasons", reasons}};
    return print_json(json, true) && reasons.empty() ? kExitOk : kExitError;
  }
  std::string text = reasons.empty() ? fmt::format("{}: fit for a soak\n", options.feed) : "";
  for (const std::string& reason : reasons) text += fmt::format("{}: unfit: {}\n", options.feed, reason);
  return print_text(text) && reasons.empty() ? kExitOk : kExitError;
}

std::string positive_decimal(const std::string& text) {
  const auto value = sim::parse_decimal(text);
  return value && value->mantissa > 0 ? std::string()
                                      : text + " is not a positive decimal number such as 0.01";
}

void add_import(CLI::App& feed, const std::shared_ptr<FeedOptions>& options, int& exit_code) {
  CLI::App* import = feed.add_subcommand("import", "Turn recordings into a .feed file");
  import->add_option("FILE", options->files, "Recordings, gzip or plain, in order of time")->required();
  import->add_option("--format", options->format, "What the recordings are")
      ->required()
      ->check(CLI::IsMember({"binance-raw"}));
  import->add_option("--out", options->out, "The .feed file to write; one that is there is replaced")
      ->required();
  import->add_option("--tick", options->tick, "Price step; otherwise the smallest decimal step seen")
      ->check(positive_decimal);
  import->add_option("--lot", options->lot, "Quantity step; otherwise the smallest decimal step seen")
      ->check(positive_decimal);
  import
      ->add_option("--latency-floor-us", options->latency_floor_us,
                   "What the fastest message is assumed to have taken, in microseconds")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{60'000'000}))
      ->capture_default_str();
  import->add_flag("--resync", options->resync, "After a gap, go on at the next snapshot");
  import->add_flag("--json", options->json, "Print one JSON document");
  import->callback([options, &exit_code] { exit_code = run_import(*options);
});
}  // namespace

}  // namespace soak::cli

void add_feed(CLI::App& app, int& exit_code) {
  CLI::App* feed = app.add_subcommand("feed", "Market data: import, info, check, stats, synth");
  feed->require_subcommand(1);
  auto options = std::make_shared<FeedOptions>();
  add_import(*feed, options, exit_code);
  add_feed_synth(*feed, exit_code);
  add_feed_stats(*feed, exit_code);

  CLI::App* info = feed->add_subcommand("info", "Say what a .feed file holds");
  info->add_option("FEED", options->feed, "The .feed file")->required();
  info->add_flag("--json", options->json, "Print one JSON document");
  info->callback([options, &exit_code] { exit_code = run_info(*options); });

  CLI::App* check = feed->add_subcommand("check", "Exit 1 where a .feed file is not fit for a soak");
  check->add_option("FEED", options->feed, "The .feed file")->required();
  check->add_option("--window-s", options->window_s, "Length of an iteration, in seconds")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  check->add_flag("--json", options->json, "Print one JSON document");
  check->callback([options, &exit_code] { exit_code = run_check(*options); });
}

}  // namespace soak::cli
