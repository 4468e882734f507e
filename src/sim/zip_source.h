#pragma once
// One member of a zip archive (stored or deflated, zip64), read as a stream: memory stays flat. Its checksum
// is proven when the end is reached.

#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/byte_source.h"

namespace soak::sim {

class ZipMember : public ByteSource {
 public:
  virtual const std::string& name() const = 0;
  virtual std::uint64_t size() const = 0;  // unpacked
};

// The member of that name or, where there is but one, that one. kNotFound names those that there are;
// kCorrupt for a torn archive, kUnsupported for an encrypted member or an unknown compression. Offsets in
// errors of read() are those in the unpacked member.
Result<std::unique_ptr<ZipMember>> open_zip_member(const std::string& path, std::string_view name);

}  // namespace soak::sim
