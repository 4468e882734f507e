#pragma once
// Whole-file reads and the few questions about the file system that several rooms ask. Errors name the file.

#include <soak/result.h>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace soak::base {

// Of files that are read whole and then parsed: a value takes many times the room of its text.
inline constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

// The whole content of a plain file. kNotFound, kPermissionDenied, kNotAFile (a folder, a device),
// kLimitExceeded.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = kFileBytesMax);

// Replaces `path` through a temp file and a rename, so that a reader never sees half of it. NOT durable: no
// fsync. For artifacts that the journal can rebuild. The folder must exist. A new file is 0600, an old one
// keeps its mode. A symbolic link at `path` itself is replaced, not followed; kNotAFile where a folder, a
// device, a pipe or a socket has the name. An error names `path`, not the temp file.
Result<void> write_file_atomic_not_durable(const std::string& path, std::string_view bytes);

// Creates the folder and its parents (0755); the names that are new are durable. Fails with kNotAFile where a
// file is in the way.
Result<void> make_folders(const std::string& path);

// The folder that the path lies in: "." where it says none.
std::string folder_of(const std::string& path);

// fsync of a folder: the names in it are durable.
Result<void> sync_folder(const std::string& path);

// Removes a file or a symbolic link; one that is gone already is no error.
Result<void> remove_file(const std::string& path);

bool file_exists(const std::string& path);
bool is_link(const std::string& path);
// A symbolic link that leads to nothing. Never true for a path that is no link, however fast files come and
// go there.
bool is_dangling_link(const std::string& path);
bool is_folder(const std::string& path);
// An error says why it is not one: kNotFound, kNotAFile, or what keeps it from being looked at.
Result<void> require_folder(const std::string& path);

// Names (not paths) in a folder, sorted by byte; without "." and "..".
Result<std::vector<std::string>> list_folder(const std::string& path);

// kNotFound, kPermissionDenied or kIoError from an errno, with a message such as "cannot read: Permission
// denied".
Error error_from_errno(int error_number, std::string_view action, const std::string& path);

}  // namespace soak::base
