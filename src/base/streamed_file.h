#pragma once
// Files that are too large to be held in memory, given piece by piece. Errors name the file. Thread safe.

#include <soak/result.h>
#include <functional>
#include <string>
#include <string_view>

namespace soak::base {

// Takes a file's bytes piece by piece; an error ends the work.
using Put = std::function<Result<void>(std::string_view bytes)>;
// Gives a file's bytes piece by piece, the same at each call.
using Produce = std::function<Result<void>(const Put& put)>;

// As write_file_atomic_not_durable() of file.h.
Result<void> write_streamed_not_durable(const std::string& path, const Produce& produce);

// Whether `path` is a plain file, and no link to one, of exactly these bytes. Errors: of `produce`, and
// where the file is there and cannot be read.
Result<bool> file_holds(const std::string& path, const Produce& produce);

}  // namespace soak::base
