// `soak replay`: one strategy over one feed, with the models chosen by name.

#include "sim/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/stop_signal.h"
#include "sim/feed.h"
#include "sim/hft_convert.h"

namespace soak::cli {
namespace {

struct ReplayArguments {
  std::string feed;
  std::string format;
  double interval_ms = 100;
  std::string mode = "cancelall";
  std::string queue = "risk-averse";
  std::string exchange = "no-partial-fill";
  std::string order_latency_us = "2000,2000";
  double tick = 0.1;
  double lot = 0.001;
  sim::ReplayStrategyOptions strategy;
  std::string latency_table;
  std::optional<double> service_rate_per_s;
  double maker_fee = -0.00005;
  double taker_fee = 0.0004;
  std::string fee_tiers;
  bool json = false;
};

// Whichever of the two owns the rows, and what reading them took.
struct LoadedFeed {
  std::optional<sim::Feed> feed;
  std::optional<sim::HftConverted> converted;
  double load_s = 0;
  double convert_s = 0;

  sim::ReplayFeed view() const { return feed ? sim::replay_feed(*feed) : converted->feed(); }
};

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - since_).count();
    since_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

Result<LoadedFeed> load(const ReplayArguments& request) {
  LoadedFeed loaded;
  Stopwatch watch;
  const bool native = request.format.empty() ? sim::is_feed_file(request.feed) : request.format == "feed";
  if (native) {
    auto feed = sim::Feed::open(request.feed);
    if (!feed) return tl::unexpected(feed.error());
    if (!feed->wide_quantities().empty()) {
      return fail(ErrorCode::kUnsupported,
                  "holds quantities of more than 2147483647 lots: import it again with a larger --lot",
                  request.feed);
    }
    loaded.feed = std::move(*feed);
    loaded.load_s = watch.lap();
    return loaded;
  }
  auto rows = sim::HftRows::open(request.feed);
  if (!rows) return tl::unexpected(rows.error());
  loaded.load_s = watch.lap();
  auto converted = sim::HftConverted::convert(*rows, {request.tick, request.lot});
  if (!converted) return tl::unexpected(converted.error());
  loaded.converted = std::move(*converted);
  loaded.convert_s = watch.lap();
  return loaded;
}

template <class Enum>
Enum chosen(std::span<const std::string_view> names, const std::string& name) {
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::optional<sim::ConstantLatency> latency_of(const std::string& text) {
  std::int64_t entry = 0, response = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, entry);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, response);
  constexpr std::int64_t kLatencyUsMax = 3'600'000'000;
  if (second.ec != std::errc() || second.ptr != end || entry < 0 || response < 0 || entry > kLatencyUsMax ||
      response > kLatencyUsMax) {
    return std::nullopt;
  }
  return sim::ConstantLatency{entry * 1000, response * 1000};
}

Result<sim::ReplayOptions> options_of(const ReplayArguments& request) {
  sim::ReplayOptions options;
  options.interval_ns = std::llround(request.interval_ms * 1e6);
  options.queue = chosen<sim::QueueModel>(sim::queue_model_names(), request.queue);
  options.exchange = chosen<sim::ExchangeModel>(sim::exchange_model_names(), request.exchange);
  options.latency = *latency_of(request.order_latency_us);
  options.strategy = request.strategy;
  options.strategy.fees = {{0, request.maker_fee, request.taker_fee}};
  if (!request.fee_tiers.empty()) {
    auto tiers = sim::read_fee_tiers(request.fee_tiers);
    if (!tiers) return tl::unexpected(tiers.error());
    options.strategy.fees = std::move(*tiers);
  }
  if (!request.latency_table.empty()) {
    auto table = sim::InterpolatedLatency::read(request.latency_table);
    if (!table) return tl::unexpected(table.error());
    options.latency_table = std::move(*table);
  }
  if (request.service_rate_per_s) options.service_ns = std::llround(1e9 / *request.service_rate_per_s);
  options.strategy.mode = chosen<sim::QuoteMode>(sim::quote_mode_names(), request.mode);
  return options;
}

// Without the dust that adding and subtracting in double leaves.
double whole_lots(double quantity, const sim::ReplayFeed& feed) {
  return std::round(quantity / feed.instrument.lot_size) * feed.instrument.lot_size + 0.0;
}

// What was executed at the exchange, beside what the strategy was told of it.
Json json_of(const sim::ReplayOutcome& outcome, const sim::ReplayFeed& feed) {
  const sim::ReplayAccount& account = outcome.account;
  Json json = {{"rows", feed.row_count},
               {"intervals", outcome.intervals},
               {"submits", account.submits},
               {"cancels", account.cancels},
               {"fills", account.fills},
               {"position", whole_lots(account.position, feed)},
               {"balance", account.balance},
               {"fee", account.fee},
               {"equity", outcome.equity()},
               {"executed_position", static_cast<double>(outcome.position_lots) * feed.instrument.lot_size},
               {"executed_quantity", static_cast<double>(outcome.executed_lots) * feed.instrument.lot_size}};
  if (outcome.load) {
    json["wait_ms_mean"] = outcome.load->mean_wait_ns() / 1e6;
    json["wait_ms_max"] = static_cast<double>(outcome.load->waited_ns_max) / 1e6;
  }
  if (outcome.stop_ns != 0) {
    json["stopped"] = {{"exchange_ns", outcome.stop_ns},
                       {"reason", "an order that was filled exactly was touched again"}};
  }
  return json;
}

std::string text_of(const Json& json) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_object()) text += fmt::format("{:<18} {}\n", name, value.dump());
  }
  return text;
}

int run_replay(const ReplayArguments& request) {
  const auto options = options_of(request);
  if (!options) return report_error(options.error(), request.json);
  const auto loaded = load(request);
  if (!loaded) return report_error(loaded.error(), request.json);
  const sim::ReplayFeed feed = loaded->view();
  Stopwatch watch;
  const auto outcome = sim::replay(feed, *options);
  const double seconds = watch.lap();
  if (!outcome) return report_error(outcome.error(), request.json);
  Json json = json_of(*outcome, feed);
  json["seconds"] = seconds;
  json["rows_per_s"] = static_cast<double>(feed.row_count) / seconds;
  json["convert_s"] = loaded->convert_s;
  json["load_s"] = loaded->load_s;
  if (outcome->stop_ns != 0) {
    std::fprintf(stderr,
                 "soak: stopped at exchange time %lld ns, as hftbacktest does: an order that a partial fill "
                 "filled exactly stays in its book, and the market touched it again\n",
                 static_cast<long long>(outcome->stop_ns));
  }
  const bool printed = request.json ? print_json(json, true) : print_text(text_of(json));
  return printed ? kExitOk : kExitError;
}

std::vector<std::string> words(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

// Within bounds; what is no number is within none.
CLI::Validator between(double low, double high) {
  return CLI::Validator(
      [low, high](const std::string& text) {
        double value = 0;
        const bool fits = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return fits ? std::string() : fmt::format("must be a number from {:g} to {:g}", low, high);
      },
      fmt::format("{:g} to {:g}", low, high));
}

void add_models(CLI::App& command, const std::shared_ptr<ReplayArguments>& request) {
  command.add_option("--mode", request->mode, "Cancel every quote each time, or keep one at its price")
      ->check(CLI::IsMember(words(sim::quote_mode_names())))
      ->capture_default_str();
  command.add_option("--queue", request->queue, "Queue model")
      ->check(CLI::IsMember(words(sim::queue_model_names())))
      ->capture_default_str();
  command.add_option("--exchange", request->exchange, "Matching")
      ->check(CLI::IsMember(words(sim::exchange_model_names())))
      ->capture_default_str();
  command
      .add_option("--order-latency-us", request->order_latency_us,
                  "ENTRY,RESPONSE in microseconds: to the exchange, and back")
      ->check([](const std::string& text) {
        return latency_of(text) ? std::string()
                                : "must be ENTRY,RESPONSE in whole microseconds, 0 to an hour";
      })
      ->capture_default_str();
  command.add_option(
      "--latency-table", request->latency_table,
      "Measured latencies in place of the constant ones: lines sent_ns,exchange_ns,received_ns");
  command
      .add_option("--service-rate-per-s", request->service_rate_per_s,
                  "Requests that the exchange serves a second, one after another, on top of the latency")
      ->check(between(0.001, 1e9));
}

void add_strategy(CLI::App& command, const std::shared_ptr<ReplayArguments>& request) {
  sim::ReplayStrategyOptions& strategy = request->strategy;
  const CLI::Validator positive = between(1e-12, 1e15), any = between(-1e15, 1e15);
  command.add_option("--interval-ms", request->interval_ms, "Time between decisions")
      ->check(between(1e-6, 1e12))
      ->capture_default_str();
  command.add_option("--half-spread-ticks", strategy.half_spread_ticks, "Quotes from the reservation price")
      ->check(any)
      ->capture_default_str();
  command.add_option("--skew-ticks", strategy.skew_ticks, "Shift of the reservation price a quantity held")
      ->check(any)
      ->capture_default_str();
  command.add_option("--qty", strategy.quantity, "Order size, base units")
      ->check(positive)
      ->capture_default_str();
  command.add_option("--max-pos", strategy.position_max, "No more quotes on a side beyond this, base units")
      ->check(between(0.0, 1e15))
      ->capture_default_str();
  command.add_option("--maker-fee", request->maker_fee, "Rate of the amount; negative is a rebate")
      ->check(between(-1.0, 1.0))
      ->capture_default_str();
  command.add_option("--taker-fee", request->taker_fee, "Rate of the amount; these orders never take")
      ->check(between(-1.0, 1.0))
      ->capture_default_str();
  command.add_option("--fee-tiers", request->fee_tiers,
                     "Rates by the amount traded so far, a JSON list, in place of the two");
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("replay", "Run a quoting strategy over recorded market data");
  command->preparse_callback([](std::size_t) { watch_lost_recordings(); });
  const auto request = std::make_shared<ReplayArguments>();
  command->add_option("--feed", request->feed, "A .feed file, or hftbacktest events")->required();
  command
      ->add_option("--format", request->format, "What the file is; told from its first bytes where not given")
      ->check(CLI::IsMember({"feed", "hftbacktest"}));
  command->add_option("--tick", request->tick, "Price step of hftbacktest events; a .feed knows its own")
      ->check(between(1e-12, 1e12))
      ->capture_default_str();
  command->add_option("--lot", request->lot, "Quantity step of hftbacktest events; a .feed knows its own")
      ->check(between(1e-12, 1e12))
      ->capture_default_str();
  add_models(*command, request);
  add_strategy(*command, request);
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] { exit_code = run_replay(*request); });
}

}  // namespace soak::cli
