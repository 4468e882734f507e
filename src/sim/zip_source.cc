#include "sim/zip_source.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zip.h>

#include <cerrno>

#include "base/file.h"

namespace soak::sim {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { ::zip_discard(archive); }  // nothing was changed in it
};
struct CloseMember {
  void operator()(zip_file_t* member) const { ::zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

class Member : public ZipMember {
 public:
  Member(std::string path, Archive archive, zip_file_t* member, const zip_stat_t& status)
      : path_(std::move(path)),
        archive_(std::move(archive)),
        member_(member),
        name_(status.name),
        size_(status.size),
        packed_bytes_(status.comp_size) {}

  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(char* to, std::size_t size) override;
  // As if every part were packed alike.
  std::uint64_t file_bytes() const override {
    const double share = size_ == 0 ? 1 : static_cast<double>(given_) / static_cast<double>(size_);
    return static_cast<std::uint64_t>(share * static_cast<double>(packed_bytes_));
  }

 private:
  tl::unexpected<Error> error(std::string_view what) const {
    return fail(ErrorCode::kCorrupt, fmt::format("offset {} of {}: {}", given_, name_, what), path_);
  }

  std::string path_;
  Archive archive_;
  std::unique_ptr<zip_file_t, CloseMember> member_;
  std::string name_;
  std::uint64_t size_;
  std::uint64_t packed_bytes_;
  std::uint64_t given_ = 0;
};

Result<std::size_t> Member::read(char* to, std::size_t size) {
  const zip_int64_t got = ::zip_fread(member_.get(), to, size);
  if (got < 0)
    return error(fmt::format("the zip archive is damaged or torn ({})", ::zip_file_strerror(member_.get())));
  given_ += static_cast<std::uint64_t>(got);
  if (got == 0 && given_ != size_)
    return error(fmt::format("the member ends here, the archive says {} bytes", size_));
  return static_cast<std::size_t>(got);
}

tl::unexpected<Error> open_error(int code, const std::string& path) {
  if (code == ZIP_ER_OPEN || code == ZIP_ER_NOENT || code == ZIP_ER_READ)
    return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  const long long bytes = ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
  if (code == ZIP_ER_NOZIP) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("offset {}: the zip archive is torn: the directory that belongs at its end is missing",
                    bytes),
        path);
  }
  zip_error_t error;
  ::zip_error_init_with_code(&error, code);
  const std::string what = ::zip_error_strerror(&error);
  ::zip_error_fini(&error);
  return fail(ErrorCode::kCorrupt,
              fmt::format("offset {}: the zip archive's directory is damaged ({})", bytes, what), path);
}

std::string names_in(zip_t* archive, zip_int64_t count) {
  constexpr zip_int64_t kNamesMax = 8;
  std::string names;
  for (zip_int64_t k = 0; k < count && k < kNamesMax; ++k) {
    const char* name = ::zip_get_name(archive, static_cast<zip_uint64_t>(k), 0);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name == nullptr ? "?" : name);
  }
  return count > kNamesMax ? names + ", ..." : names;
}

}  // namespace

Result<std::unique_ptr<ZipMember>> open_zip_member(const std::string& path, std::string_view name) {
  int code = 0;
  Archive archive(::zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive) return open_error(code, path);
  const zip_int64_t count = ::zip_get_num_entries(archive.get(), 0);
  zip_int64_t index = ::zip_name_locate(archive.get(), std::string(name).c_str(), 0);
  if (index < 0 && count == 1) index = 0;
  if (index < 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no {} in the zip archive, which holds {}", name,
                            count == 0 ? "nothing" : names_in(archive.get(), count)),
                path);
  }
  zip_stat_t status;
  if (::zip_stat_index(archive.get(), static_cast<zip_uint64_t>(index), 0, &status) != 0)
    return fail(ErrorCode::kCorrupt, "the zip archive's directory is damaged", path);
  zip_file_t* member = ::zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(index), 0);
  if (member == nullptr) {
    const int why = ::zip_error_code_zip(::zip_get_error(archive.get()));
    const bool damaged =
        why == ZIP_ER_INCONS || why == ZIP_ER_READ || why == ZIP_ER_SEEK || why == ZIP_ER_EOF;
    return fail(
        damaged ? ErrorCode::kCorrupt : ErrorCode::kUnsupported,
        fmt::format("offset 0 of {}: cannot unpack it ({})", status.name, ::zip_strerror(archive.get())),
        path);
  }
  return std::make_unique<Member>(path, std::move(archive), member, status);
}

}  // namespace soak::sim
