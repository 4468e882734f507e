#include <soak/result.h>
#include <utility>

#include "base/readable.h"

namespace soak {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kNotAFile:
      return "not_a_file";
    case ErrorCode::kIoError:
      return "io_error";
    case ErrorCode::kInvalidJson:
      return "invalid_json";
    case ErrorCode::kInvalidValue:
      return "invalid_value";
    case ErrorCode::kUnknownParameter:
      return "unknown_parameter";
    case ErrorCode::kOutOfBounds:
      return "out_of_bounds";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kUnknownOutcome:
      return "unknown_outcome";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kLimitExceeded:
      return "limit_exceeded";
    case ErrorCode::kLocked:
      return "locked";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kFeedTooShort:
      return "feed_too_short";
    case ErrorCode::kTargetFailed:
      return "target_failed";
    case ErrorCode::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

Error::Error(ErrorCode kind, std::string text, std::string file_concerned, std::string parameter_concerned)
    : code(kind),
      message(base::readable(std::move(text), kErrorMessageBytesMax)),
      file(std::move(file_concerned)),
      parameter(std::move(parameter_concerned)) {}

std::string to_line(const Error& error) {
  constexpr std::size_t kNameBytesMax = 1000;
  const std::string& name = error.file.empty() ? error.parameter : error.file;
  return name.empty() ? error.message : base::readable(name, kNameBytesMax) + ": " + error.message;
}

}  // namespace soak
