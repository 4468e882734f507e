#include "fuzz/feed_seal.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "sim/feed_format.h"

namespace soak::fuzz {
namespace {

using sim::FeedHeader;
using sim::FeedKeyframe;

class Sealer {
 public:
  explicit Sealer(std::string& bytes) : bytes_(bytes) { std::memcpy(&header_, bytes.data(), sizeof header_); }

  void seal() {
    header_.file_bytes = bytes_.size();
    seal_keyframes();
    seal_blocks();
    const std::uint64_t index = std::min<std::uint64_t>(header_.keyframe_index_offset, bytes_.size());
    header_.index_crc = crc(index, bytes_.size() - index);
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    header_.header_crc = crc(0, offsetof(FeedHeader, header_crc));
    std::memcpy(bytes_.data(), &header_, sizeof header_);
  }

 private:
  bool inside(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  std::uint32_t crc(std::uint64_t offset, std::uint64_t size) const {
    if (!inside(offset, size)) return 0;
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes_.data() + offset), size));
  }

  void seal_keyframes() {
    std::uint64_t at = header_.keyframe_index_offset;
    for (std::uint64_t k = 0; k < header_.keyframe_count && inside(at, sizeof(FeedKeyframe)); ++k) {
      FeedKeyframe keyframe;
      std::memcpy(&keyframe, bytes_.data() + at, sizeof keyframe);
      keyframe.crc = crc(keyframe.offset,
                         (std::uint64_t{keyframe.bid_count} + keyframe.ask_count) * sizeof(sim::FeedLevel));
      std::memcpy(bytes_.data() + at, &keyframe, sizeof keyframe);
      at += sizeof keyframe;
    }
  }

  void seal_blocks() {
    if (header_.rows_per_block == 0) return;
    std::uint64_t at = header_.checksums_offset;
    for (std::uint64_t first = 0; first < header_.row_count; first += header_.rows_per_block) {
      const std::uint64_t count = std::min<std::uint64_t>(header_.rows_per_block, header_.row_count - first);
      const std::uint64_t before = at;
      for (const std::uint64_t column : {header_.exchange_offset, header_.local_offset, header_.rows_offset,
                                         header_.quantity_offset, header_.joined_offset}) {
        if (column == 0) continue;
        if (!inside(at, sizeof(std::uint32_t)) || at < sizeof header_) return;
        const std::uint32_t sum = crc(column + first * 8, count * 8);
        std::memcpy(bytes_.data() + at, &sum, sizeof sum);
        at += sizeof sum;
      }
      if (at == before) return;  // no columns, however many rows
    }
  }

  std::string& bytes_;
  FeedHeader header_;
};

}  // namespace

void seal_feed(std::string& bytes) {
  if (bytes.size() >= sizeof(FeedHeader)) Sealer(bytes).seal();
}

}  // namespace soak::fuzz
