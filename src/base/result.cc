#include <soak/result.h>

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

std::string to_line(const Error& error) {
  if (!error.file.empty()) return error.file + ": " + error.message;
  if (!error.parameter.empty()) return error.parameter + ": " + error.message;
  return error.message;
}

}  // namespace soak
