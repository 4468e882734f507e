#pragma once
// hftbacktest's event files: 64-byte rows, little-endian, as its users have them. They are read in pieces, a
// plain file in one piece as it lies mapped. Source of the layout: hftbacktest, types.rs (Event and the event
// flags). Not thread safe.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

namespace soak::sim {

struct HftRow {
  std::uint64_t event;  // kind in the low byte, flags below
  std::int64_t exchange_ns;
  std::int64_t local_ns;
  double price;
  double quantity;
  std::uint64_t order_id;
  std::int64_t integer;
  double number;
};
static_assert(sizeof(HftRow) == 64 && std::is_trivially_copyable_v<HftRow>);

inline constexpr std::uint64_t kHftExchange = std::uint64_t{1} << 31;  // the exchange sees it, at exchange_ns
inline constexpr std::uint64_t kHftLocal = std::uint64_t{1} << 30;     // the subscriber sees it, at local_ns
inline constexpr std::uint64_t kHftBuy = std::uint64_t{1} << 29;       // bids; of a trade: the aggressor
inline constexpr std::uint64_t kHftSell = std::uint64_t{1} << 28;
enum HftKind : std::uint8_t {
  kHftDepth = 1,
  kHftTrade = 2,
  kHftDepthClear = 3,  // levels of a side up to `price`; without a side: the whole book
  kHftDepthSnapshot = 4,
};

struct HftUnmap {
  std::size_t size = 0;
  void operator()(const std::byte* bytes) const;
};

class HftRows {
 public:
  // Raw rows. kCorrupt for a file that is no whole number of rows, kNotFound, kNotAFile, kPermissionDenied.
  static Result<HftRows> open(const std::string& path);

  const std::string& path() const { return path_; }
  // As the file tells before it is read; 0 where it does not.
  std::uint64_t row_count() const { return size_ / sizeof(HftRow); }
  // The next rows, at least one; none at the end. Valid until the next call.
  Result<std::span<const HftRow>> next();

 private:
  HftRows() = default;

  std::string path_;
  std::unique_ptr<const std::byte, HftUnmap> bytes_;
  std::size_t size_ = 0;
  bool at_end_ = false;
};

}  // namespace soak::sim
