#include "target/simulated_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/plural.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "sim/feed.h"
#include "sim/feed_windows.h"
#include "sim/synthetic_market.h"
#include "sim/window.h"
#include "target/report.h"

namespace soak::target {
namespace {

constexpr std::uint64_t kMarketStream = 1;
constexpr std::uint64_t kVenueStream = 2;
constexpr char kVersion[] = "soak-sim/1";

// The market maker's capital, in multiples of what usually rests at the touch: small, so that its limits are
// felt.
constexpr double kCapitalTouches = 1.5;
constexpr double kSyntheticTouchBaseUnits = 0.120;  // what the synthetic market shows at its touch on average

// One iteration's market, whoever made it.
struct MarketWindow {
  sim::Instrument instrument;
  std::vector<sim::Level> bids, asks;
  std::vector<sim::MarketEvent> events;
  std::int64_t start_ns = 0, end_ns = 0;
  double capital_base_units = 0;
};

class Market {
 public:
  virtual ~Market() = default;
  virtual std::string symbol() const = 0;
  virtual Result<MarketWindow> window(std::int64_t iteration) = 0;
};

class SyntheticMarket final : public Market {
 public:
  SyntheticMarket(std::uint64_t seed, std::chrono::milliseconds length)
      : seed_(seed), length_ns_(length.count() * 1'000'000) {}
  std::string symbol() const override { return "SYNTHETIC"; }
  Result<MarketWindow> window(std::int64_t iteration) override {
    const std::int64_t start_ns = (iteration - 1) * length_ns_;
    const std::uint64_t seed = base::mix_seed(seed_, static_cast<std::uint64_t>(iteration), kMarketStream);
    sim::SyntheticWindow made = sim::make_synthetic_window({}, seed, start_ns, length_ns_);
    return MarketWindow{sim::kSyntheticInstrument,
                        std::move(made.bids),
                        std::move(made.asks),
                        std::move(made.events),
                        start_ns,
                        start_ns + length_ns_,
                        kCapitalTouches * kSyntheticTouchBaseUnits};
  }

 private:
  std::uint64_t seed_;
  std::int64_t length_ns_;
};

// What rests at the touch on average over the rows of a window, in lots.
double mean_touch_lots(const sim::FeedWindow& window, const std::vector<sim::MarketEvent>& events) {
  sim::Book book;
  for (const sim::Level& level : window.bids)
    book.set(sim::Side::kBuy, level.price_ticks, level.quantity_lots);
  for (const sim::Level& level : window.asks)
    book.set(sim::Side::kSell, level.price_ticks, level.quantity_lots);
  double sum = 0;
  std::int64_t count = 0;
  const auto look = [&] {
    if (!book.two_sided()) return;
    for (const sim::Side side : {sim::Side::kBuy, sim::Side::kSell})
      sum += static_cast<double>(book.quantity(side, *book.best(side)));
    count += 2;
  };
  look();
  for (const sim::MarketEvent& event : events) {
    book.apply(event);
    look();
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

class RecordedMarket final : public Market {
 public:
  static Result<std::unique_ptr<Market>> open(const SimulatedTargetOptions& options) {
    auto feed = sim::Feed::open(options.feed_path);
    if (!feed) return tl::unexpected(feed.error());
    const std::int64_t length_ns = options.iteration_length.count() * 1'000'000;
    const auto held = static_cast<std::int64_t>(sim::whole_windows(*feed, length_ns));
    if (held == 0 || (options.iterations > held && !options.loop_feed)) {
      return fail(
          ErrorCode::kFeedTooShort,
          fmt::format("holds {} of {:g} s, not the {} asked for; ask for {}", base::plural(held, "iteration"),
                      static_cast<double>(options.iteration_length.count()) / 1000, options.iterations,
                      held == 0 ? "shorter ones (--iteration-s)"
                                : "fewer, for shorter ones (--iteration-s), or add --loop-feed"),
          options.feed_path);
    }
    auto market = std::make_unique<RecordedMarket>(std::move(*feed), length_ns);
    auto first = market->windows_.window(0);
    if (!first) return tl::unexpected(first.error());
    const double touch_lots = mean_touch_lots(*first, market->windows_.events(*first));
    if (touch_lots <= 0)
      return fail(ErrorCode::kInvalidValue, "the book is empty on one side in the first iteration",
                  options.feed_path);
    market->capital_base_units_ = kCapitalTouches * touch_lots * market->feed_.instrument().lot_size;
    return market;
  }
  RecordedMarket(sim::Feed feed, std::int64_t length_ns)
      : feed_(std::move(feed)), windows_(feed_, length_ns) {}

  std::string symbol() const override { return feed_.symbol(); }
  Result<MarketWindow> window(std::int64_t iteration) override {
    auto window = windows_.window(static_cast<std::uint64_t>(iteration - 1) % windows_.count());
    if (!window) return tl::unexpected(window.error());
    return MarketWindow{feed_.instrument(),       std::move(window->bids), std::move(window->asks),
                        windows_.events(*window), window->start_ns,        window->end_ns,
                        capital_base_units_};
  }

 private:
  sim::Feed feed_;
  sim::FeedWindows windows_;
  double capital_base_units_ = 0;
};

// What the market maker does with the file: a known parameter inside the registry's bounds, or its own
// default.
class Overrides {
 public:
  explicit Overrides(const Json& runtime) : effective_(get_all_params(runtime)) {}

  double number(const char* name, double otherwise) {
    const Parameter* parameter = Registry::builtin().find(name);
    double value = otherwise;
    const auto found = effective_.find(name);
    if (found != effective_.end() && found->second.is_number()) value = found->second.get<double>();
    if (parameter->min && parameter->min_exclusive && value <= *parameter->min) value = otherwise;
    if (parameter->min) value = std::max(value, *parameter->min);
    if (parameter->max) value = std::min(value, *parameter->max);
    Json used = parameter->type == ParamType::kInteger ? Json(static_cast<std::int64_t>(value)) : Json(value);
    if (found == effective_.end() || !same_value(found->second, used)) effective_[name] = std::move(used);
    return value;
  }
  std::int64_t integer(const char* name, std::int64_t otherwise) {
    return static_cast<std::int64_t>(number(name, static_cast<double>(otherwise)));
  }
  double at_least(const char* name, double otherwise, double minimum) {
    const double value = number(name, otherwise);
    if (value >= minimum) return value;
    effective_[name] = minimum;
    return minimum;
  }
  // The tick is the instrument's, whatever the file says.
  void tick_is(double tick_size) {
    if (effective_.contains("tick_size")) effective_["tick_size"] = tick_size;
  }
  const ParamValues& effective() const { return effective_; }

 private:
  ParamValues effective_;
};

sim::MakerParams maker_params(Overrides& overrides) {
  sim::MakerParams params;
  params.base_spread_bps = overrides.number("base_spread_bps", params.base_spread_bps);
  params.base_spread_bps_delta = overrides.number("base_spread_bps_delta", params.base_spread_bps_delta);
  params.impact_cap_ratio = overrides.number("impact_cap_ratio", params.impact_cap_ratio);
  params.max_delta_ratio = overrides.number("max_delta_ratio", params.max_delta_ratio);
  params.risk_limit_ratio = overrides.number("risk_limit_ratio", params.risk_limit_ratio);
  params.replace_rate_per_min = overrides.integer("replace_rate_per_min", params.replace_rate_per_min);
  params.concurrency_limit = overrides.integer("concurrency_limit", params.concurrency_limit);
  params.tail_age_ms = overrides.integer("tail_age_ms", params.tail_age_ms);
  params.min_interval_ms = overrides.integer("min_interval_ms", params.min_interval_ms);
  params.max_age_ms = overrides.integer("max_age_ms", params.max_age_ms);
  params.min_order_size = overrides.number("min_order_size", params.min_order_size);
  params.max_order_size = overrides.at_least("max_order_size", params.max_order_size, params.min_order_size);
  return params;
}

class SimulatedTarget final : public Target {
 public:
  SimulatedTarget(std::unique_ptr<Market> market, std::uint64_t seed)
      : market_(std::move(market)), seed_(seed) {}

  Result<void> start() override { return {}; }
  std::string name() const override { return "simulated"; }

  Result<IterationOutcome> run_iteration(const IterationRequest& request) override {
    auto file = read_json_with_hash(request.runtime_path);
    if (!file) return tl::unexpected(file.error());
    Overrides overrides(file->value);
    const sim::MakerParams params = maker_params(overrides);
    auto market = market_->window(request.iteration);
    if (!market) return tl::unexpected(market.error());
    overrides.tick_is(market->instrument.tick_size);
    const sim::WindowResult result = run(*market, params, request.iteration);
    if (!result.totals.balanced()) {
      return fail(ErrorCode::kCorrupt, "the accounts of iteration " + std::to_string(request.iteration) +
                                           " do not balance: please report this");
    }
    const base::UtcTime end = request.start + request.length;
    IterationOutcome outcome;
    Json report = {
        {"seq", request.iteration},
        {"totals", edge_totals(result)},
        {"effective",
         {{"state_hash", file->state_hash},
          {"params", nest_params(overrides.effective())},
          {"instance_id", instance_id()}}},
        {"evidence", edge_evidence(result, market->capital_base_units / market->instrument.lot_size)},
        {"runtime", {{"utc", base::format_utc(end)}, {"version", kVersion}}},
        {"symbols", {market_->symbol()}}};
    outcome.reports.push_back(
        {request.iteration, request.iteration, base::format_utc(end), true, std::move(report)});
    return outcome;
  }

 private:
  sim::WindowResult run(const MarketWindow& market, const sim::MakerParams& params,
                        std::int64_t iteration) const {
    sim::WindowInput input;
    input.instrument = market.instrument;
    input.opening_bids = market.bids;
    input.opening_asks = market.asks;
    input.events = market.events;
    input.start_ns = market.start_ns;
    input.end_ns = market.end_ns;
    input.params = params;
    input.settings.capital_base_units = market.capital_base_units;
    input.seed = base::mix_seed(seed_, static_cast<std::uint64_t>(iteration), kVenueStream);
    return sim::run_window(input);
  }
  std::string instance_id() const { return "sim-" + std::to_string(seed_); }

  std::unique_ptr<Market> market_;
  std::uint64_t seed_;
};

}  // namespace

Result<std::unique_ptr<Target>> make_simulated_target(const SimulatedTargetOptions& options) {
  std::unique_ptr<Market> market;
  if (options.feed_path.empty()) {
    market = std::make_unique<SyntheticMarket>(options.seed, options.iteration_length);
  } else {
    auto opened = RecordedMarket::open(options);
    if (!opened) return tl::unexpected(opened.error());
    market = std::move(*opened);
  }
  return std::make_unique<SimulatedTarget>(std::move(market), options.seed);
}

Json default_runtime() {
  return {{"engine",
           {{"concurrency_limit", 12},
            {"max_age_ms", 3000},
            {"min_interval_ms", 30},
            {"replace_rate_per_min", 600},
            {"tail_age_ms", 250}}},
          {"risk",
           {{"base_spread_bps", 1.0},
            {"base_spread_bps_delta", 0.1},
            {"impact_cap_ratio", 0.14},
            {"max_delta_ratio", 0.6},
            {"risk_limit_ratio", 0.3}}}};
}

}  // namespace soak::target
