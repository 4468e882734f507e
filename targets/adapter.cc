#include "targets/adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/file.h"

namespace soak::targets {
namespace {

volatile std::sig_atomic_t g_ended = 0;

std::string words(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "" : ", ") + choice;
  return text;
}

}  // namespace

Result<Adapter> Adapter::from_environment() {
  const char* runtime = std::getenv("SOAK_RUNTIME_OVERRIDES");
  const char* report = std::getenv("SOAK_REPORT");
  if (runtime == nullptr || report == nullptr) {
    return fail(
        ErrorCode::kInvalidArgument,
        "SOAK_RUNTIME_OVERRIDES and SOAK_REPORT must be set: start it as a target of `soak run ... -- `");
  }
  return Adapter(runtime, report);
}

std::optional<Json> Adapter::changed(const std::string& section) {
  const auto file = read_json_with_hash(runtime_path_);
  if (!file) {
    const std::string complaint = to_line(file.error());
    if (complaint != complaint_) std::fprintf(stderr, "%s\n", complaint.c_str());
    complaint_ = complaint;
    return std::nullopt;
  }
  complaint_.clear();
  if (file->state_hash == state_hash_) return std::nullopt;
  state_hash_ = file->state_hash;
  if (!file->value.is_object() || !file->value.contains(section) || !file->value[section].is_object())
    return Json::object();
  return file->value[section];
}

Result<void> Adapter::report(const Report& report) {
  Json json = {
      {"seq", ++seq_},
      {"kpis", report.kpis},
      {"effective",
       {{"state_hash", state_hash_}, {"params", report.params}, {"instance_id", report.instance_id}}}};
  if (!report.evidence.is_null()) json["evidence"] = report.evidence;
  return base::write_file_atomic_not_durable(report_path_, canonical_json(json));
}

Result<std::string> checked_text(const std::vector<Setting>& allowed, const std::string& name,
                                 const Json& value) {
  const auto setting =
      std::find_if(allowed.begin(), allowed.end(), [&](const Setting& each) { return each.name == name; });
  if (setting == allowed.end())
    return fail(ErrorCode::kUnknownParameter, "is not on the list of what may be set", {}, name);
  if (!setting->choices.empty()) {
    const bool known = value.is_string() && std::find(setting->choices.begin(), setting->choices.end(),
                                                      value.get<std::string>()) != setting->choices.end();
    if (known) return value.get<std::string>();
    return fail(ErrorCode::kInvalidValue, "must be one of " + words(setting->choices), {}, name);
  }
  const bool whole = value.is_number_integer() && value >= setting->min && value <= setting->max;
  if (whole) return std::to_string(value.get<std::int64_t>());
  return fail(ErrorCode::kInvalidValue,
              fmt::format("must be a whole number from {} to {}", setting->min, setting->max), {}, name);
}

void RecentLatencies::add(std::chrono::steady_clock::time_point at, double milliseconds, bool good) {
  requests_.push_back({at, milliseconds, good});
}

void RecentLatencies::forget_before(std::chrono::steady_clock::time_point now) {
  const auto first = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const Request& request) { return request.at >= now - span_; });
  requests_.erase(requests_.begin(), first);
}

std::optional<double> RecentLatencies::p95_ms(std::chrono::steady_clock::time_point now) {
  forget_before(now);
  if (requests_.empty()) return std::nullopt;
  std::vector<double> all;
  for (const Request& request : requests_) all.push_back(request.milliseconds);
  const auto rank = static_cast<std::ptrdiff_t>((all.size() * 95 + 99) / 100 - 1);
  std::nth_element(all.begin(), all.begin() + rank, all.end());
  return all[static_cast<std::size_t>(rank)];
}

std::optional<double> RecentLatencies::good_ratio(std::chrono::steady_clock::time_point now) {
  forget_before(now);
  if (requests_.empty()) return std::nullopt;
  const auto good =
      std::count_if(requests_.begin(), requests_.end(), [](const Request& r) { return r.good; });
  return static_cast<double>(good) / static_cast<double>(requests_.size());
}

std::size_t RecentLatencies::count(std::chrono::steady_clock::time_point now) {
  forget_before(now);
  return requests_.size();
}

bool ended() {
  return g_ended != 0;
}
void end_on_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { g_ended = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace soak::targets
