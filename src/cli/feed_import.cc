#include "cli/feed_import.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/feed_report.h"
#include "sim/binance_raw.h"
#include "sim/feed.h"
#include "sim/feed_summary.h"
#include "sim/hft_import.h"
#include "sim/lobster_import.h"

namespace soak::cli {
namespace {

constexpr const char* kBinanceRaw = "binance-raw";
constexpr const char* kHftbacktest = "hftbacktest";
constexpr const char* kLobster = "lobster";

struct ImportRequest {
  std::vector<std::string> files;
  std::string format;
  std::string out;
  std::string tick;
  std::string lot;
  std::string symbol;
  std::string date;
  std::optional<std::int64_t> latency_floor_us;
  bool resync = false;
  bool json = false;
};

using Progress = std::function<void(std::uint64_t bytes_read)>;

// What an importer counted, for both ways to print it.
struct Imported {
  Json counts;
  std::string text;
};

double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

// Options that every importer has.
template <class Options>
Options common_options(const ImportRequest& request, const Progress& progress) {
  Options options;
  if (!request.tick.empty()) options.tick = sim::parse_decimal(request.tick);
  if (!request.lot.empty()) options.lot = sim::parse_decimal(request.lot);
  if (request.latency_floor_us) options.latency_floor_ns = *request.latency_floor_us * 1000;
  options.progress = progress;
  return options;
}

Result<Imported> import_binance(const ImportRequest& request, const Progress& progress) {
  auto options = common_options<sim::BinanceImportOptions>(request, progress);
  options.resync = request.resync;
  const auto imported = sim::import_binance_raw(request.files, request.out, options);
  if (!imported) return tl::unexpected(imported.error());
  const sim::BinanceImportCounts& c = imported->counts;
  return Imported{
      Json{{"lines", c.lines},
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
           {"local_delay_ms_max", ms(c.local_delay_ns_max)}},
      fmt::format(
          "read      {} lines: {} depth ({} dropped), {} trades ({} before the book, {} ids "
          "missing), {} bookTicker, {} snapshot, {} other\n"
          "order     {} messages put back into exchange order (seen at most {:.3f} ms later for it), {} "
          "exchange times raised\n",
          c.lines, c.depth_messages, c.depth_dropped, c.trade_messages, c.trades_dropped, c.trade_ids_missing,
          c.ticker_messages, c.snapshots, c.other_messages, c.messages_reordered, ms(c.local_delay_ns_max),
          c.times_raised)};
}

Result<Imported> import_hft(const ImportRequest& request, const Progress& progress) {
  auto options = common_options<sim::HftImportOptions>(request, progress);
  options.symbol = request.symbol;
  const auto imported = sim::import_hftbacktest(request.files, request.out, options);
  if (!imported) return tl::unexpected(imported.error());
  const sim::HftImportCounts& c = imported->counts;
  const Json first_crossed = c.crossed_states == 0 ? Json() : Json(c.first_crossed);
  return Imported{
      Json{{"rows", c.rows},
           {"depth_rows", c.depth_rows},
           {"trade_rows", c.trade_rows},
           {"snapshot_rows", c.snapshot_rows},
           {"clear_rows", c.clear_rows},
           {"order_rows", c.order_rows},
           {"trades_told_by_fills", c.trades_told_by_fills},
           {"local_only_rows", c.local_only_rows},
           {"other_rows", c.other_rows},
           {"levels_cleared", c.levels_cleared},
           {"local_times_raised", c.local_times_raised},
           {"local_delay_ms_max", ms(c.local_delay_ns_max)},
           {"crossed_states", c.crossed_states},
           {"first_crossed", first_crossed}},
      fmt::format(
          "read      {} rows: {} depth, {} trades, {} snapshot, {} clear, {} order by order, {} for the "
          "subscriber alone, {} other\n"
          "order     {} local times raised to keep the exchange's order (seen at most {:.3f} ms later "
          "for it)\n{}",
          c.rows, c.depth_rows, c.trade_rows, c.snapshot_rows, c.clear_rows, c.order_rows, c.local_only_rows,
          c.other_rows, c.local_times_raised, ms(c.local_delay_ns_max),
          c.crossed_states == 0 ? std::string()
                                : fmt::format("crossed   {} moments, the first ends at {}\n",
                                              c.crossed_states, c.first_crossed))};
}

Result<Imported> import_pair(const ImportRequest& request, const Progress& progress) {
  auto options = common_options<sim::LobsterImportOptions>(request, progress);
  options.symbol = request.symbol;
  options.date = request.date;
  const auto imported = sim::import_lobster(request.files[0], request.files[1], request.out, options);
  if (!imported) return tl::unexpected(imported.error());
  const sim::LobsterImportCounts& c = imported->counts;
  return Imported{
      Json{{"messages", c.messages},
           {"levels", c.levels},
           {"visible_executions", c.visible_executions},
           {"hidden_executions", c.hidden_executions},
           {"hidden_between_ticks", c.hidden_between_ticks},
           {"cross_trades", c.cross_trades},
           {"halts", c.halts},
           {"trades_dropped", c.trades_dropped},
           {"orders_without_id", c.orders_without_id},
           {"unseen_executions", c.unseen_executions}},
      fmt::format("read      {} messages, {} levels a side: {} visible and {} hidden executions ({} of these "
                  "between two ticks), {} cross trades and {} halts left out\n",
                  c.messages, c.levels, c.visible_executions, c.hidden_executions, c.hidden_between_ticks,
                  c.cross_trades, c.halts)};
}

// On a terminal only, one line that is rewritten.
Progress progress_line(const std::vector<std::string>& files) {
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

int run_import(const ImportRequest& request) {
  const Progress progress = progress_line(request.files);
  const auto started = std::chrono::steady_clock::now();
  auto imported = request.format == kLobster       ? import_pair(request, progress)
                  : request.format == kHftbacktest ? import_hft(request, progress)
                                                   : import_binance(request, progress);
  if (progress) std::fputs("\r\033[K", stderr);
  if (!imported) return report_error(imported.error(), request.json);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const auto feed = sim::Feed::open(request.out);
  if (!feed) return report_error(feed.error(), request.json);
  const sim::FeedSummary summary = sim::summarize(*feed);
  bool printed = false;
  if (request.json) {
    Json result = feed_json(*feed, summary);
    imported->counts["seconds"] = seconds;
    result["import"] = imported->counts;
    printed = print_json(result, true);
  } else {
    printed =
        print_text(imported->text + fmt::format("took      {:.2f} s\n", seconds) + feed_text(*feed, summary));
  }
  return printed ? kExitOk : kExitError;
}

std::string positive_decimal(const std::string& text) {
  const auto value = sim::parse_decimal(text);
  return value && value->mantissa > 0 ? std::string()
                                      : text + " is not a positive decimal number such as 0.01";
}

// An option that the format knows nothing of would be dropped in silence.
void check_options(const ImportRequest& request) {
  const bool binance = request.format == kBinanceRaw;
  if (request.resync && !binance) throw CLI::ValidationError("--resync", "is for --format binance-raw");
  if (!request.symbol.empty() && binance)
    throw CLI::ValidationError("--symbol", "stands in the recording with --format binance-raw");
  const bool lobster = request.format == kLobster;
  if (!request.date.empty() && !lobster) throw CLI::ValidationError("--date", "is for --format lobster");
  if (lobster && request.files.size() != 2)
    throw CLI::ValidationError("FILE",
                               "--format lobster takes two: the message file, then the order-book file");
}

std::string short_name(const std::string& text) {
  return text.size() < 32 ? std::string() : "at most 31 bytes";
}

int checked_import(const ImportRequest& request) {
  check_options(request);
  return run_import(request);
}

}  // namespace

void add_feed_import(CLI::App& feed, int& exit_code) {
  auto request = std::make_shared<ImportRequest>();
  CLI::App* import = feed.add_subcommand("import", "Turn recordings into a .feed file");
  import->add_option("FILE", request->files, "Recordings, in order of time; plain, gzip or zstd")->required();
  import
      ->add_option(
          "--format", request->format,
          "What the recordings are. binance-raw: lines of a local time and a websocket message; "
          "hftbacktest: event files, raw, .npy or .npz; lobster: a message file and its order-book file")
      ->required()
      ->check(CLI::IsMember({kBinanceRaw, kHftbacktest, kLobster}));
  import->add_option("--out", request->out, "The .feed file to write; one that is there is replaced")
      ->required();
  import
      ->add_option("--tick", request->tick,
                   "Price step; otherwise the smallest decimal step seen (lobster: 0.01)")
      ->check(positive_decimal);
  import
      ->add_option("--lot", request->lot,
                   "Quantity step; otherwise the smallest decimal step seen (lobster: 1)")
      ->check(positive_decimal);
  import->add_option("--symbol", request->symbol, "The instrument, where the recording does not say it")
      ->check(short_name);
  import->add_option("--date", request->date,
                     "YYYY-MM-DD of a lobster pair; otherwise that of the message file's name");
  import
      ->add_option(
          "--latency-floor-us", request->latency_floor_us,
          "What the fastest message is assumed to have taken, in microseconds: all local times move later "
          "where it took less. Otherwise 1000, and 0 for hftbacktest")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{60'000'000}));
  import->add_flag("--resync", request->resync, "After a gap, go on at the next snapshot");
  import->add_flag("--json", request->json, "Print one JSON document");
  import->callback([request, &exit_code] { exit_code = checked_import(*request);
});
}  // namespace soak::cli

}  // namespace soak::cli
