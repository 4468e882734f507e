#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/log.h"

namespace soak::cli {
namespace {

int report(const Error& error, std::string_view code, bool json, int exit_code) {
  Json body = {{"code", code}, {"message", error.message}};
  if (!error.file.empty()) body["file"] = error.file;
  if (!error.parameter.empty()) body["parameter"] = error.parameter;
  log_line(LogLevel::kError, "error", to_line(error), {{"error", body}});
  if (!json) return exit_code;
  static_cast<void>(print_json(Json{{"error", body}}));
  return exit_code;
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict:
      return kExitConflict;
    case ErrorCode::kUnknownOutcome:
      return kExitUnknownOutcome;
    case ErrorCode::kTargetFailed:
      return kExitTargetFailed;
    default:
      return kExitError;
  }
}

}  // namespace

int report_error(const Error& error, bool json) {
  return report(error, error_code_name(error.code), json, exit_code_of(error));
}

int report_usage_error(const std::string& message, bool json) {
  return report({ErrorCode::kInvalidArgument, message, {}, {}}, "usage", json, kExitUsage);
}

bool print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  report_error(base::error_from_errno(errno, "cannot write to standard output", {}));
  return false;
}

bool print_json(const Json& value, bool pretty) {
  // A file's name may be no valid UTF-8, and an error about it must still be printed.
  return print_text(value.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace soak::cli
