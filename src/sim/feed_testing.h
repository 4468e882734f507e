#pragma once
// Helpers that the tests of feeds share: a fresh folder, whole files, gzip and zstd, and a seeded feed to
// write.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/testing.h"
#include "sim/feed.h"
#include "sim/feed_writer.h"

namespace soak::sim {

using base::TempFolder;
using base::write_bytes;

inline void write_gzip(const std::string& path, const std::string& bytes) {
  gzFile file = ::gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  ASSERT_EQ(::gzclose(file), Z_OK);
}

inline std::string gzip_of(const std::string& bytes) {
  TempFolder folder;
  write_gzip(folder.file("x"), bytes);
  return base::bytes_of(folder.file("x"));
}

// One frame with a checksum.
inline std::string zstd_of(const std::string& bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&::ZSTD_freeCCtx)> context(::ZSTD_createCCtx(), ::ZSTD_freeCCtx);
  ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(::ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(::ZSTD_compress2(context.get(), packed.data(), packed.size(), bytes.data(), bytes.size()));
  return packed;
}

inline Decimal cents(std::int64_t price) {
  return {price, 2};
}

// An opening book of 40 levels, then changes of random levels around it and trades, with times that stand
// still now and then.
inline std::vector<FeedEvent> random_events(std::size_t count, std::uint64_t seed) {
  base::Rng rng(seed);
  std::vector<FeedEvent> events;
  std::int64_t exchange_ns = 1'700'000'000'000'000'000, local_ns = exchange_ns + 500;
  for (std::int64_t k = 0; k < 20 && events.size() < count; ++k) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      const std::int64_t price = side == Side::kBuy ? 9999 - k : 10001 + k;
      events.push_back({exchange_ns, local_ns, cents(price), {5, 0}, EventKind::kSnapshot, side});
    }
  }
  while (events.size() < count) {
    if (rng.below(3) > 0) exchange_ns += static_cast<std::int64_t>(rng.below(2'000'000));
    local_ns = std::max(local_ns, exchange_ns + 500 + static_cast<std::int64_t>(rng.below(3'000'000)));
    const auto away = static_cast<std::int64_t>(1 + rng.below(60));
    const Side side = rng.below(2) == 0 ? Side::kBuy : Side::kSell;
    const bool trade = rng.below(8) == 0;
    const auto quantity = static_cast<std::int64_t>(rng.below(4) == 0 && !trade ? 0 : 1 + rng.below(9000));
    const std::int64_t price = side == Side::kBuy ? 10000 - away : 10000 + away;
    events.push_back({exchange_ns,
                      local_ns,
                      cents(price),
                      {quantity, 3},
                      trade ? EventKind::kTrade : EventKind::kDepth,
                      side});
  }
  return events;
}

inline Result<FeedWritten> write_feed(const std::string& path, const std::vector<FeedEvent>& events,
                                      const FeedMeta& meta) {
  auto writer = FeedWriter::create(path);
  if (!writer) return tl::unexpected(writer.error());
  for (const FeedEvent& event : events) {
    if (auto appended = writer->append(event); !appended) return tl::unexpected(appended.error());
  }
  return writer->finish(meta);
}

inline FeedMeta test_meta() {
  FeedMeta meta;
  meta.symbol = "TESTUSDT";
  meta.source = "test";
  return meta;
}

// "kind side price quantity" of each row.
inline std::vector<std::string> rows_of(const std::string& path) {
  const auto feed = Feed::open(path);
  EXPECT_TRUE(feed.has_value());
  std::vector<std::string> rows;
  for (std::size_t k = 0; feed && k < feed->size(); ++k) {
    const MarketEvent e = feed->event(k);
    constexpr const char* kKinds[] = {"depth", "trade", "snapshot", "clear"};
    rows.push_back(fmt::format("{} {} {} {}", kKinds[static_cast<int>(e.kind)],
                               e.side == Side::kBuy ? "buy" : "sell", e.price_ticks, e.quantity_lots));
  }
  return rows;
}

}  // namespace soak::sim
