#include "sim/synthetic_feed.h"

#include <cassert>
#include <memory>
#include <span>
#include <vector>

#include "base/descriptor.h"
#include "base/staged_file.h"
#include "sim/feed_writer.h"
#include "sim/hft_row.h"
#include "sim/random_walk_l2.h"
#include "sim/synthetic_market.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kStartNs = 1'767'225'600 * kNsPerSecond;  // 2026-01-01T00:00:00Z
constexpr std::size_t kEventsAtOnce = 1 << 14;

// What a model's integers mean, exactly and as floating-point numbers.
struct Steps {
  std::uint8_t price_decimals = 0;
  std::uint8_t quantity_decimals = 0;
  Instrument instrument;
};
constexpr Steps kMarketSteps{3, 3, kSyntheticInstrument};
constexpr Steps kRandomWalkSteps{1, 3, kRandomWalkInstrument};

class EventFile {
 public:
  virtual ~EventFile() = default;
  virtual Result<void> append(std::span<const MarketEvent> events) = 0;
  virtual Result<void> finish() = 0;
};

class FeedFile final : public EventFile {
 public:
  FeedFile(FeedWriter writer, const char* model, const Steps& steps)
      : writer_(std::move(writer)), model_(model), steps_(steps) {}
  Result<void> append(std::span<const MarketEvent> events) override {
    for (const MarketEvent& e : events) {
      const Decimal price{e.price_ticks, steps_.price_decimals};
      const Decimal quantity{e.quantity_lots, steps_.quantity_decimals};
      if (auto done = writer_.append({e.exchange_ns, e.local_ns, price, quantity, e.kind, e.side}); !done)
        return done;
    }
    return {};
  }
  Result<void> finish() override {
    FeedMeta meta;
    meta.symbol = "SYNTHETIC";
    meta.source = model_;
    meta.tick = Decimal{1, steps_.price_decimals};
    meta.lot = Decimal{1, steps_.quantity_decimals};
    auto written = writer_.finish(meta);
    if (!written) return tl::unexpected(written.error());
    return {};
  }

 private:
  FeedWriter writer_;
  const char* model_;
  Steps steps_;
};

class HftFile final : public EventFile {
 public:
  HftFile(base::StagedFile file, std::string path, const Steps& steps)
      : file_(std::move(file)), path_(std::move(path)), steps_(steps) {}
  Result<void> append(std::span<const MarketEvent> events) override {
    rows_.clear();
    for (const MarketEvent& event : events) rows_.push_back(hft_row_of(event, steps_.instrument));
    return base::write_all(file_.descriptor(),
                           {reinterpret_cast<const char*>(rows_.data()), rows_.size() * sizeof(HftRow)},
                           path_);
  }
  Result<void> finish() override { return file_.commit(); }

 private:
  base::StagedFile file_;
  std::string path_;
  Steps steps_;
  std::vector<HftRow> rows_;
};

Result<std::unique_ptr<EventFile>> create(const SyntheticFile& file, const char* model, const Steps& steps) {
  if (file.format == SyntheticFormat::kFeed) {
    auto writer = FeedWriter::create(file.path);
    if (!writer) return tl::unexpected(writer.error());
    return std::make_unique<FeedFile>(std::move(*writer), model, steps);
  }
  auto staged = base::StagedFile::create(file.path);
  if (!staged) return tl::unexpected(staged.error());
  return std::make_unique<HftFile>(std::move(*staged), file.path, steps);
}

// `next` appends the next events to a vector and says whether more may follow.
template <class Next>
Result<std::uint64_t> write_events(EventFile& out, Next next) {
  std::vector<MarketEvent> events;
  std::uint64_t written = 0;
  for (bool more = true; more;) {
    events.clear();
    while (events.size() < kEventsAtOnce && (more = next(events))) {
    }
    if (auto done = out.append(events); !done) return tl::unexpected(done.error());
    written += events.size();
  }
  if (auto done = out.finish(); !done) return tl::unexpected(done.error());
  return written;
}

void append_opening(const SyntheticMarket& market, std::int64_t local_ns, std::vector<MarketEvent>& out) {
  for (const Side side : {Side::kBuy, Side::kSell}) {
    for (const Level& level : market.book().levels(side, SIZE_MAX))
      out.push_back({kStartNs, local_ns, level.price_ticks, EventKind::kSnapshot, side, level.quantity_lots});
  }
}

}  // namespace

Result<std::uint64_t> write_synthetic_market(std::int64_t seconds, const SyntheticFile& file) {
  assert(seconds >= 1 && seconds <= kSyntheticSecondsMax);
  auto out = create(file, "market", kMarketSteps);
  if (!out) return tl::unexpected(out.error());
  const SyntheticSettings settings;
  SyntheticMarket market(settings, synthetic_window_seed(file.seed, 1), kStartNs);
  const std::int64_t end_ns = kStartNs + seconds * kNsPerSecond;
  bool opened = false;
  std::int64_t last_ns = kStartNs;
  return write_events(**out, [&](std::vector<MarketEvent>& events) {
    if (!opened) append_opening(market, kStartNs + settings.feed_latency_ns, events);
    opened = true;
    market.next(events);
    if (!events.empty()) last_ns = events.back().exchange_ns;
    return last_ns < end_ns;
  });
}

Result<std::uint64_t> write_random_walk(std::uint64_t rows_max, const SyntheticFile& file) {
  auto out = create(file, "random-walk-l2", kRandomWalkSteps);
  if (!out) return tl::unexpected(out.error());
  RandomWalkL2 walk(rows_max, file.seed);
  return write_events(**out, [&](std::vector<MarketEvent>& events) { return walk.next(events); });
}

}  // namespace soak::sim
