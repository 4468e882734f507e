#include "target/simulated_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/plural.h"
#include "base/sha256.h"
#include "sim/feed.h"
#include "sim/feed_windows.h"
#include "sim/synthetic_market.h"
#include "target/maker_overrides.h"
#include "target/market_window.h"
#include "target/report.h"

namespace soak::target {
namespace {

constexpr char kVersion[] = "soak-sim/1";

constexpr double kSyntheticTouchBaseUnits = 0.120;  // what the synthetic market shows at its touch on average

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
    const std::uint64_t seed = sim::synthetic_window_seed(seed_, iteration);
    sim::SyntheticWindow made = sim::make_synthetic_window({}, seed, start_ns, length_ns_);
    MarketWindow window;
    window.made.emplace(sim::kSyntheticInstrument, made.bids, made.asks, made.events);
    window.bids = std::move(made.bids);
    window.asks = std::move(made.asks);
    window.start_ns = start_ns;
    window.end_ns = start_ns + length_ns_;
    window.capital_base_units = capital_base_units(kSyntheticTouchBaseUnits);
    return window;
  }

 private:
  std::uint64_t seed_;
  std::int64_t length_ns_;
};

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
    const auto capital = recorded_capital_base_units(market->feed_, market->windows_);
    if (!capital) return tl::unexpected(capital.error());
    market->capital_base_units_ = *capital;
    return market;
  }
  RecordedMarket(sim::Feed feed, std::int64_t length_ns)
      : feed_(std::move(feed)), windows_(feed_, length_ns) {}

  std::string symbol() const override { return feed_.symbol(); }
  Result<MarketWindow> window(std::int64_t iteration) override {
    auto window =
        recorded_window(feed_, windows_, static_cast<std::uint64_t>(iteration - 1) % windows_.count());
    if (window) window->capital_base_units = capital_base_units_;
    return window;
  }

 private:
  sim::Feed feed_;
  sim::FeedWindows windows_;
  double capital_base_units_ = 0;
};

class SimulatedTarget final : public Target {
 public:
  SimulatedTarget(std::unique_ptr<Market> market, std::uint64_t seed)
      : market_(std::move(market)), seed_(seed) {}

  Result<void> start() override { return {}; }
  std::string name() const override { return "simulated"; }

  Result<IterationOutcome> run_iteration(const IterationRequest& request) override {
    auto file = read_json_with_hash(request.runtime_path);
    if (!file) return tl::unexpected(file.error());
    auto market = market_->window(request.iteration);
    if (!market) return tl::unexpected(market.error());
    const sim::Instrument instrument = market->feed().instrument;
    const MakerOverrides overrides = maker_overrides(file->value, instrument);
    const sim::WindowResult result =
        sim::run_window(window_input(*market, overrides.params, seed_, request.iteration), workspace_);
    if (!result.totals.balanced()) {
      return fail(ErrorCode::kCorrupt, "the accounts of iteration " + std::to_string(request.iteration) +
                                           " do not balance: please report this");
    }
    const base::UtcTime end = request.start + request.length;
    IterationOutcome outcome;
    Json report = {{"seq", request.iteration},
                   {"totals", edge_totals(result)},
                   {"effective",
                    {{"state_hash", file->state_hash},
                     {"params", nest_params(overrides.effective)},
                     {"instance_id", instance_id()}}},
                   {"evidence", edge_evidence(result, market->capital_base_units / instrument.lot_size)},
                   {"runtime", {{"utc", base::format_utc(end)}, {"version", kVersion}}},
                   {"symbols", {market_->symbol()}}};
    outcome.reports.push_back(
        {request.iteration, request.iteration, base::format_utc(end), true, std::move(report)});
    return outcome;
  }

 private:
  std::string instance_id() const { return "sim-" + std::to_string(seed_); }

  std::unique_ptr<Market> market_;
  sim::WindowWorkspace workspace_;
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
