#pragma once
// Errors as values. Whatever a user or the world can cause (a missing file, torn JSON, a full disk, an
// unknown parameter) comes back as an Error inside a Result; a programmer's mistake is an assert. No
// exception crosses a room.

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace soak {

// What kind of thing went wrong; error_code_name() gives the same word that --json prints.
enum class ErrorCode {
  kInvalidArgument,   // the call itself makes no sense
  kNotFound,          // no such file or folder
  kPermissionDenied,  // the file system says no
  kNotAFile,          // a folder, a device or a hard link where a plain file belongs
  kIoError,           // any other failure of the file system or a system call
  kInvalidJson,       // bytes that are not one strict JSON document
  kInvalidValue,      // JSON of the wrong shape, a value of the wrong type, a number that is not finite
  kUnknownParameter,  // a parameter that the registry does not have
  kOutOfBounds,       // a value outside the registry's bounds (with --enforce-bounds)
  kConflict,          // the file is not the one that the caller expected
  kUnknownOutcome,    // an error after the rename: the new bytes may or may not be in place
  kAlreadyExists,     // would overwrite what a user has
  kLimitExceeded,     // larger, deeper or longer than we accept
  kLocked,            // another process holds the lock
  kCorrupt,           // a checksum or a sequence number is wrong
  kFeedTooShort,      // the recorded data ends before the run would
  kTargetFailed,      // the target died, hung or stopped reporting
  kUnsupported,       // known, and not possible here
};

// "invalid_json", "unknown_parameter", ...: stable words for scripts.
std::string_view error_code_name(ErrorCode code);

// What may be quoted of outside bytes ends here: of a longer message the middle is left out.
inline constexpr std::size_t kErrorMessageBytesMax = 800;

struct Error {
  Error() = default;
  // Makes `text` one line of UTF-8 within kErrorMessageBytesMax, whatever it quotes, so that any error can be
  // printed, and can stand in any JSON.
  Error(ErrorCode kind, std::string text, std::string file_concerned = {},
        std::string parameter_concerned = {});

  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;    // one sentence, no newline: what is wrong and what to do
  std::string file;       // the file concerned, or empty; as it was given
  std::string parameter;  // the parameter concerned, or empty; as it was given
};

// "FILE: message" or "PARAMETER: message" for stderr: one readable line, whatever the name holds, of a few
// kilobytes at most.
std::string to_line(const Error& error);

template <class T>
using Result = tl::expected<T, Error>;

// Shorthand for returning an error: `return fail(ErrorCode::kNotFound, "...", path);`.
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string file = {},
                                  std::string parameter = {}) {
  return tl::unexpected<Error>(Error(code, std::move(message), std::move(file), std::move(parameter)));
}

}  // namespace soak
