#include "sim/hft_rows.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/descriptor.h"
#include "base/file.h"

namespace soak::sim {

void HftUnmap::operator()(const std::byte* bytes) const {
  ::munmap(const_cast<std::byte*>(bytes), size);
}

Result<HftRows> HftRows::open(const std::string& path) {
  const base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  HftRows rows;
  rows.path_ = path;
  rows.size_ = static_cast<std::size_t>(status.st_size);
  if (rows.size_ == 0 || rows.size_ % sizeof(HftRow) != 0) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("{} bytes are no whole number of 64-byte rows: not an hftbacktest file, or torn at "
                    "offset {}",
                    rows.size_, rows.size_ / sizeof(HftRow) * sizeof(HftRow)),
        path);
  }
  void* mapped = ::mmap(nullptr, rows.size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor.get(), 0);
  if (mapped == MAP_FAILED) return tl::unexpected(base::error_from_errno(errno, "cannot map", path));
  rows.bytes_ = {static_cast<const std::byte*>(mapped), HftUnmap{rows.size_}};
  return rows;
}

Result<std::span<const HftRow>> HftRows::next() {
  if (at_end_) return std::span<const HftRow>{};
  at_end_ = true;
  return std::span(reinterpret_cast<const HftRow*>(bytes_.get()), size_ / sizeof(HftRow));
}

}  // namespace soak::sim
