#include "apply/file_store.h"

#include "base/file.h"
#include "base/sha256.h"

namespace soak::apply {
namespace {

// No file there: absence, unless a file could not be put there either. Found out now, so that a guard or a
// dry run does not hide it.
Result<Loaded> load_absent(const std::string& path) {
  if (path.empty()) return fail(ErrorCode::kInvalidArgument, "the runtime's path is empty");
  if (base::is_dangling_link(path))
    return fail(ErrorCode::kNotFound, "is a symbolic link to a file that does not exist", path);
  if (path.ends_with('/')) return fail(ErrorCode::kNotAFile, "is a folder, not a file", path);
  const auto folder = base::require_folder(base::folder_of(path));
  if (folder) return Loaded{"", base::kAbsent, false};
  if (folder.error().code != ErrorCode::kNotFound) return tl::unexpected(folder.error());
  return fail(ErrorCode::kNotFound, "its folder does not exist; create it first", path);
}

}  // namespace

Result<Loaded> FileStore::load() {
  if (links_ == Links::kRefuse && base::is_link(path_))
    return fail(ErrorCode::kNotAFile, "is a symbolic link, which is not followed here", path_);
  auto bytes = base::read_file(path_);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return load_absent(path_);
  if (!bytes) return tl::unexpected(bytes.error());
  std::string version = base::sha256_hex(*bytes);
  return Loaded{std::move(*bytes), std::move(version), true};
}

Result<std::string> FileStore::replace(const std::string& version, std::string_view bytes,
                                       const BeforeCommit& before_commit) {
  base::ReplaceOptions options;
  options.expected_hash = version;
  options.remove_stale_temps = !cleaned_;
  options.refuse_link = links_ == Links::kRefuse;
  if (before_commit) options.before_rename = [&](const std::string&) { return before_commit(); };
  auto replaced = base::replace_file(path_, bytes, options);
  if (!replaced) return tl::unexpected(replaced.error());
  cleaned_ = true;
  return replaced->new_hash;
}

}  // namespace soak::apply
