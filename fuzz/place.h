#pragma once
// Files for code that reads from a path, in a folder of the process's own: in memory where the system has
// such a place, and gone when the process ends as it should. One thread at a time.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace soak::fuzz {

// Without a slash at its end.
const std::string& place();
// Writes the file, in place of one that is there, and gives its path. `name` has no slash.
std::string put_file(std::string_view name, std::string_view bytes);
// Nothing where there is no such file.
std::optional<std::string> file_of(const std::string& path);
// Removes everything in the folder.
void clear_place();

// The pieces of an input between lines "---", at most `most`; the last one holds the rest.
std::vector<std::string_view> pieces_of(std::string_view bytes, std::size_t most);

}  // namespace soak::fuzz
