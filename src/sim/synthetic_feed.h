#pragma once
// Synthetic markets as files: a .feed, or hftbacktest's raw 64-byte rows. Memory stays flat for a file of any
// length. The file appears whole and durable, by a rename, or not at all; one that is there is replaced. Same
// options, same bytes. Not thread safe.

#include <soak/result.h>
#include <cstdint>
#include <string>

namespace soak::sim {

enum class SyntheticFormat { kFeed, kHftbacktest };

struct SyntheticFile {
  std::string path;
  SyntheticFormat format = SyntheticFormat::kFeed;
  std::uint64_t seed = 0;
};

// Beyond this the price, a random walk, could come to zero.
inline constexpr std::int64_t kSyntheticSecondsMax = 7 * 24 * 3600;

// The regime market of a mock run (synthetic_market.h), as one market without a break: the opening book, then
// `seconds` of events and the first one beyond, so that the feed holds that many whole seconds. Up to the
// length of an iteration it is the market of the mock's first iteration with this seed. Time begins where the
// mock's clock does, 2026-01-01T00:00:00Z. Gives the number of rows. `seconds` is in [1,
// kSyntheticSecondsMax].
Result<std::uint64_t> write_synthetic_market(std::int64_t seconds, const SyntheticFile& file);

// The feed of the replay benchmark (random_walk_l2.h), at most `rows_max` rows, at least 2. Gives their
// number.
Result<std::uint64_t> write_random_walk(std::uint64_t rows_max, const SyntheticFile& file);

}  // namespace soak::sim
