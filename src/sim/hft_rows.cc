#include "sim/hft_rows.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/descriptor.h"
#include "base/file.h"
#include "sim/npy_header.h"
#include "sim/zip_source.h"

namespace soak::sim {
namespace {

Result<Content> content_at_start(int descriptor, const std::string& path) {
  std::array<char, kContentBytes> buffer{};
  const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  return content_of(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
}

tl::unexpected<Error> corrupt(const std::string& path, std::uint64_t offset, std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("offset {}: {}", offset, what), path);
}

// Where the rows begin, and how many there are: the file must hold them and nothing else.
Result<void> check_array(std::string_view bytes, const std::string& path, std::uint64_t& header_bytes) {
  const auto in_file = [&path](Error error) {
    error.message = fmt::format("offset 0: {}", error.message);
    error.file = path;
    return tl::unexpected(std::move(error));
  };
  auto header = npy_header_bytes(bytes.substr(0, kNpyPrefixBytes));
  if (!header) return in_file(header.error());
  if (*header > bytes.size()) return corrupt(path, bytes.size(), "torn within the .npy header");
  const auto rows = npy_event_rows(bytes.substr(0, *header));
  if (!rows) return in_file(rows.error());
  header_bytes = *header;
  const std::uint64_t wanted = *header + *rows * sizeof(HftRow);
  if (bytes.size() < wanted) {
    return corrupt(path, bytes.size(),
                   fmt::format("torn: it ends within row {} of {}",
                               (bytes.size() - *header) / sizeof(HftRow) + 1, *rows));
  }
  if (bytes.size() > wanted)
    return corrupt(path, wanted, fmt::format("bytes behind the array of {} rows", *rows));
  return {};
}

Result<void> check_raw_size(std::uint64_t size, const std::string& path) {
  if (size != 0 && size % sizeof(HftRow) == 0) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} bytes are no whole number of 64-byte rows: not an hftbacktest file, or torn at "
                          "offset {}",
                          size, size / sizeof(HftRow) * sizeof(HftRow)),
              path);
}

}  // namespace

void HftUnmap::operator()(const std::byte* bytes) const {
  ::munmap(const_cast<std::byte*>(bytes), size);
}

Result<HftRows> HftRows::open(const std::string& path, const HftReadOptions& options) {
  // Non-blocking, so that a pipe in the place of a file does not hang.
  const base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  HftRows rows;
  rows.path_ = path;
  const auto told = content_at_start(descriptor.get(), path);
  if (!told) return tl::unexpected(told.error());
  const Content content = *told;
  if (content == Content::kFeed) return fail(ErrorCode::kUnsupported, "is a .feed file already", path);
  std::optional<std::uint64_t> raw_rows;
  Result<void> done;
  if (content == Content::kOther) {
    done = check_raw_size(size, path);
    raw_rows = size / sizeof(HftRow);
  }
  const bool plain = content == Content::kOther || content == Content::kNumpy;
  if (done && plain && options.map) {
    done = rows.map(descriptor.get(), size);
    if (done && rows.bytes_) return rows;
  }
  if (!done) return tl::unexpected(done.error());
  if (content == Content::kZip) {
    auto member = open_zip_member(path, "data.npy");
    if (!member) return tl::unexpected(member.error());
    done = rows.read_pieces(std::move(*member), {});
    if (done && rows.header_bytes_ == 0)
      return fail(ErrorCode::kUnsupported, "the zip archive's member is not a .npy array", path);
  } else {
    auto source = open_byte_source(path);
    if (!source) return tl::unexpected(source.error());
    done = rows.read_pieces(std::move(*source), raw_rows);
  }
  if (!done) return tl::unexpected(done.error());
  return rows;
}

// Leaves bytes_ empty where the rows of a .npy file, written by an old NumPy, do not lie at a multiple of 8.
Result<void> HftRows::map(int descriptor, std::uint64_t file_size) {
  void* mapped = ::mmap(nullptr, file_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  if (mapped == MAP_FAILED) return tl::unexpected(base::error_from_errno(errno, "cannot map", path_));
  bytes_ = {static_cast<const std::byte*>(mapped), HftUnmap{file_size}};
  const std::string_view bytes(static_cast<const char*>(mapped), file_size);
  if (content_of(bytes.substr(0, kContentBytes)) == Content::kNumpy) {
    if (auto checked = check_array(bytes, path_, header_bytes_); !checked) return checked;
    if (header_bytes_ % alignof(HftRow) != 0) {
      bytes_.reset();
      return {};
    }
  }
  mapped_ = {reinterpret_cast<const HftRow*>(bytes_.get() + header_bytes_),
             (file_size - header_bytes_) / sizeof(HftRow)};
  return {};
}

Result<void> HftRows::read_pieces(std::unique_ptr<ByteSource> source, std::optional<std::uint64_t> raw_rows) {
  auto pieces = HftPieces::open(path_, std::move(source), raw_rows);
  if (!pieces) return tl::unexpected(pieces.error());
  header_bytes_ = pieces->header_bytes();
  pieces_.emplace(std::move(*pieces));
  return {};
}

Result<std::span<const HftRow>> HftRows::next() {
  if (pieces_) return pieces_->next();
  if (at_end_) return std::span<const HftRow>{};
  at_end_ = true;
  return mapped_;
}

std::uint64_t HftRows::file_bytes() const {
  if (pieces_) return pieces_->file_bytes();
  return at_end_ ? bytes_.get_deleter().size : 0;
}

}  // namespace soak::sim
