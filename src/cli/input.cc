#include "cli/input.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "base/file.h"

namespace soak::cli {
namespace {

Result<std::string> read_standard_input(std::size_t bytes_max) {
  const std::string name = "standard input";
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", name));
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max)
      return fail(ErrorCode::kLimitExceeded, "larger than " + std::to_string(bytes_max) + " bytes", name);
  }
}

// The C library reads more as a number than JSON does (inf, nan, 1e400, 0x10, .5): none of it was meant as
// text.
bool looks_like_a_number(const std::string& text) {
  char* end = nullptr;
  static_cast<void>(std::strtod(text.c_str(), &end));
  return !text.empty() && end == text.c_str() + text.size();
}

Result<Json> parse_value(const std::string& name, const std::string& text) {
  if (auto value = parse_json(text, "")) return *value;
  const bool structured =
      !text.empty() && (text.front() == '{' || text.front() == '[' || text.front() == '"');
  if (!structured && !looks_like_a_number(text)) return Json(text);
  return fail(ErrorCode::kInvalidValue, "\"" + text + "\" is not a value that JSON can hold", {}, name);
}

Result<void> set_flag(GuardFlags& flags, const std::string& key, const Json& value,
                      const std::string& source) {
  if (key == "cooldown_iters_left") {
    if (value.is_null()) return {};
    const Parameter count{key, "", ParamType::kInteger, "", 0, 1'000'000'000, false, {}, {}};
    auto left = normalise_value(count, value, true);
    if (!left) return fail(ErrorCode::kInvalidValue, key + " " + left.error().message, source);
    flags.cooldown_iters_left = left->get<int>();
    return {};
  }
  bool* flag = key == "freeze_triggered"       ? &flags.freeze_triggered
               : key == "oscillation_detected" ? &flags.oscillation_detected
               : key == "velocity_violation"   ? &flags.velocity_violation
               : key == "cooldown_active"      ? &flags.cooldown_active
                                               : nullptr;
  if (flag == nullptr) {
    return fail(ErrorCode::kInvalidValue,
                "\"" + key +
                    "\" is not a guard flag; the flags are freeze_triggered, oscillation_detected, "
                    "velocity_violation, cooldown_active and the number cooldown_iters_left",
                source);
  }
  if (!value.is_boolean())
    return fail(ErrorCode::kInvalidValue, "the guard flag " + key + " must be true or false", source);
  *flag = value.get<bool>();
  return {};
}

}  // namespace

Result<std::string> read_input(const std::string& path, std::size_t bytes_max) {
  return path == "-" ? read_standard_input(bytes_max) : base::read_file(path, bytes_max);
}

std::string check_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seed);
  return problem == std::errc() && end == text.data() + text.size()
             ? ""
             : "must be a whole number from 0 to 2^64 - 1";
}

std::string check_assignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) return {};
  return "\"" + text + "\" is not of the form name=value";
}

Result<ParamValues> parse_assignments(const std::vector<std::string>& assignments) {
  ParamValues values;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    auto value = parse_value(name, assignment.substr(equals + 1));
    if (!value) return tl::unexpected(value.error());
    values.insert_or_assign(name, std::move(*value));
  }
  return values;
}

Result<ParamValues> read_deltas(const std::string& path) {
  auto text = read_input(path);
  if (!text) return tl::unexpected(text.error());
  auto object = parse_json(*text, path);
  if (!object) return tl::unexpected(object.error());
  if (!object->is_object())
    return fail(ErrorCode::kInvalidValue, "is not a JSON object of parameter names and values", path);
  return object->get<ParamValues>();
}

Result<GuardFlags> read_guards(const std::string& path_or_json) {
  const std::size_t first = path_or_json.find_first_not_of(" \t\r\n");
  const bool inline_json = first != std::string::npos && path_or_json[first] == '{';
  const std::string source = inline_json ? "--guards" : path_or_json;
  auto text = inline_json ? Result<std::string>(path_or_json) : read_input(path_or_json);
  if (!text) return tl::unexpected(text.error());
  auto object = parse_json(*text, source);
  if (!object) return tl::unexpected(object.error());
  if (!object->is_object())
    return fail(ErrorCode::kInvalidValue, "is not a JSON object of guard flags", source);
  GuardFlags flags;
  for (const auto& [key, value] : object->items()) {
    if (auto set = set_flag(flags, key, value, source); !set) return tl::unexpected(set.error());
  }
  return flags;
}

Result<Registry> load_registry(const std::string& path) {
  if (path.empty()) return Registry::builtin();
  return Registry::load(path);
}

}  // namespace soak::cli
