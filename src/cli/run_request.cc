#include "cli/run_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "cli/input.h"
#include "cli/run_target.h"
#include "target/simulated_target.h"

namespace soak::cli {
namespace {

constexpr std::string_view kPlanPrefix = "plan:";
constexpr std::size_t kRunIdDigits = 8;

std::string tuner_of(const RunRequest& request) {
  if (!request.tuner.empty()) return request.tuner;
  return request.auto_tune ? "rules" : "none";
}

// A file's JSON for the journal, and its hash for the options; null for no file.
struct Source {
  Json content;
  Json hash;
};
Result<Source> read_source(const std::string& path) {
  if (path.empty()) return Source{};
  auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  return Source{std::move(file->value), file->state_hash};
}

Result<Json> start_runtime(const RunRequest& request, const Registry& registry) {
  if (request.overrides.empty()) return request.external() ? Json::object() : target::default_runtime();
  auto file = read_json_with_hash(request.overrides);
  if (!file) return tl::unexpected(file.error());
  if (!file->value.is_object()) {
    return fail(ErrorCode::kInvalidValue,
                "is not a JSON object; a runtime looks like {\"risk\":{\"base_spread_bps\":0.25}}",
                request.overrides);
  }
  Json runtime = std::move(file->value);
  for (const Parameter& parameter : registry.all()) {
    const auto section = runtime.find(parameter.section);
    if (section != runtime.end() && !section->is_object()) {
      return fail(
          ErrorCode::kInvalidValue,
          "its section \"" + parameter.section + "\" is not an object; nothing could be applied to it",
          request.overrides);
    }
  }
  for (const auto& [name, value] : get_all_params(runtime, registry)) {
    const auto normal = normalise_value(*registry.find(name), value);
    if (!normal)
      return fail(normal.error().code, name + ": " + normal.error().message, request.overrides, name);
  }
  return runtime;
}

Result<void> check_pins(const RunRequest& request, const Registry& registry) {
  for (const std::string& name : request.pins) {
    if (registry.find(name) == nullptr)
      return fail(ErrorCode::kUnknownParameter, "is no parameter that --pin could hold", {}, name);
  }
  return {};
}

// "4, 7", and of many the first ones.
std::string listed(const std::vector<std::int64_t>& numbers) {
  constexpr std::size_t kListedMax = 20;
  const std::size_t shown = std::min(numbers.size(), kListedMax);
  std::string text = fmt::format(
      "{}", fmt::join(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < numbers.size()) text += fmt::format(" and {} more", numbers.size() - shown);
  return text;
}

Result<void> make_tuner(const RunRequest& request, PreparedRun& run, Json& options) {
  const std::string tuner = tuner_of(request);
  options["tuner"] = tuner;
  if (tuner == "none") run.tuner = tuner::make_no_tuner();
  if (tuner == "rules") run.tuner = tuner::make_rules_tuner();
  if (run.tuner != nullptr) return {};
  const std::string path = tuner.substr(kPlanPrefix.size());
  auto planned = tuner::make_plan_tuner(path, request.iterations, run.registry);
  if (!planned) return tl::unexpected(planned.error());
  run.tuner = std::move(planned->tuner);
  if (!planned->never_used.empty()) {
    run.warnings.push_back(
        fmt::format("{}: not used: the lines for iteration {}, since a run of {} proposes nothing after its "
                    "last iteration",
                    path, listed(planned->never_used), request.iterations));
  }
  const auto bytes = base::read_file(path);
  if (!bytes) return tl::unexpected(bytes.error());
  options["tuner"] = "plan";  // by content: a path is not an option
  options["plan"] = base::sha256_hex(*bytes);
  return {};
}

// Recorded only where they are asked for: a run without them is the run that it always was.
void set_safeguards(const RunRequest& request, PreparedRun& run, Json& options) {
  run.plan.rollback = request.rollback;
  run.plan.stop_on_veto = request.stop_on_veto;
  run.plan.summaries_kept = request.keep_summaries;
  if (request.keep_summaries != journal::kSummariesKept) options["keep_summaries"] = request.keep_summaries;
  if (request.rollback) options["rollback"] = true;
  if (request.stop_on_veto) options["stop_on_veto"] = true;
  if (request.approve) options["approve"] = true;
  if (request.stop_on_veto && !analyze::has_veto(run.profile)) {
    run.warnings.push_back("--stop-on-veto has no effect: the KPI profile " + run.profile.name +
                           " has no veto KPI");
  }
}

void set_times(const RunRequest& request, loop::RunPlan& plan, Json& options) {
  const double settle_s = request.settle_s.value_or(request.iteration_s / 10);
  plan.iteration_length = std::chrono::milliseconds(std::llround(request.iteration_s * 1000));
  plan.settle = std::chrono::milliseconds(std::llround(settle_s * 1000));
  options["iteration_s"] = static_cast<double>(plan.iteration_length.count()) / 1000;
  options["settle_s"] = static_cast<double>(plan.settle.count()) / 1000;
  plan.real_clock = request.external();
  if (plan.real_clock) plan.start = base::RealClock().now();
}

// "20260101T000500123", for a name.
std::string digits_of(base::UtcTime time) {
  std::string text = base::format_utc(time);
  std::erase_if(text,
                [](char letter) { return letter == '-' || letter == ':' || letter == '.' || letter == 'Z'; });
  return text;
}

// The newest run's id, which `latest` points at; empty where there is none.
std::string latest_run_id() {
  std::error_code none;
  const auto target = std::filesystem::read_symlink(std::string(loop::kArtifactsRoot) + "/latest", none);
  const bool ours =
      !none && target.parent_path() == "runs" && target.filename() != ".." && target.filename() != ".";
  return ours ? target.filename().string() : std::string();
}

// The id of a simulated run is a function of seed and options: the same run finds its folder again. No two
// runs of a program are the same, and each has its own: what a resume without --out goes on with is the
// newest.
std::string run_id_of(const RunRequest& request, const loop::RunPlan& plan) {
  const std::string hash = compute_json_hash(plan.header.options).substr(0, kRunIdDigits);
  if (request.external()) {
    const std::string latest = request.resume ? latest_run_id() : std::string();
    return latest.empty() ? fmt::format("run-{}-{}", digits_of(plan.start), hash) : latest;
  }
  return request.feed.empty() ? fmt::format("mock-{}-{}", request.seed, hash) : "feed-" + hash;
}

// Where the run writes.
void place(const RunRequest& request, PreparedRun& run) {
  run.plan.header.run_id = run_id_of(request, run.plan);
  run.folder = request.out;
  while (run.folder.size() > 1 && run.folder.ends_with('/')) run.folder.pop_back();
  if (!run.folder.empty()) return;
  run.latest_root = loop::kArtifactsRoot;
  run.folder = fmt::format("{}/runs/{}", loop::kArtifactsRoot, run.plan.header.run_id);
}

Result<void> read_data(const RunRequest& request, PreparedRun& run, Json& options) {
  auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  run.registry = std::move(*registry);
  auto profile = request.kpi_profile.empty() ? Result<analyze::Profile>(analyze::market_maker_profile())
                                             : analyze::load_profile(request.kpi_profile);
  if (!profile) return tl::unexpected(profile.error());
  run.profile = std::move(*profile);
  auto registry_source = read_source(request.params);
  if (!registry_source) return tl::unexpected(registry_source.error());
  auto profile_source = read_source(request.kpi_profile);
  if (!profile_source) return tl::unexpected(profile_source.error());
  auto runtime = start_runtime(request, run.registry);
  if (!runtime) return tl::unexpected(runtime.error());
  run.plan.registry_source = std::move(registry_source->content);
  run.plan.profile_source = std::move(profile_source->content);
  run.plan.start_runtime = std::move(*runtime);
  options["params"] = std::move(registry_source->hash);
  options["kpi_profile"] = std::move(profile_source->hash);
  options["overrides"] = compute_json_hash(run.plan.start_runtime);
  return {};
}

}  // namespace

std::string check_tuner(const std::string& text) {
  const bool plan = text.starts_with(kPlanPrefix) && text.size() > kPlanPrefix.size();
  return plan || text == "rules" || text == "none" ? std::string() : "a tuner is rules, none or plan:FILE";
}

std::optional<double> parse_duration(const std::string& text) {
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || !std::isfinite(seconds)) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.empty() || unit == "s") return seconds;
  if (unit == "m") return seconds * 60;
  if (unit == "h") return seconds * 3600;
  if (unit == "d") return seconds * 86400;
  return std::nullopt;
}

Result<std::unique_ptr<PreparedRun>> prepare_run(const RunRequest& request) {
  auto run = std::make_unique<PreparedRun>();
  Json options = {{"iterations", request.iterations}};
  if (auto read = read_data(request, *run, options); !read) return tl::unexpected(read.error());
  if (auto checked = check_pins(request, run->registry); !checked) return tl::unexpected(checked.error());
  set_times(request, run->plan, options);
  run->plan.pinned = {request.pins.begin(), request.pins.end()};
  options["pin"] = run->plan.pinned;
  set_safeguards(request, *run, options);
  if (auto made = make_tuner(request, *run, options); !made) return tl::unexpected(made.error());
  if (auto checked = check_target(request, run->registry, options); !checked)
    return tl::unexpected(checked.error());
  run->plan.registry = &run->registry;
  run->plan.profile = &run->profile;
  run->plan.header.iterations = request.iterations;
  run->plan.header.soak_version = SOAK_VERSION;
  run->plan.header.kpi_profile = run->profile.name;
  run->plan.header.options = std::move(options);
  place(request, *run);
  if (request.external() && tuner_of(request) == "rules" &&
      get_all_params(run->plan.start_runtime, run->registry).empty()) {
    run->warnings.emplace_back(
        "the built-in rules move values that the runtime file holds, and it holds none: give them with "
        "--overrides");
  }
  if (auto made = make_target(request, *run); !made) return tl::unexpected(made.error());
  return run;
}

}  // namespace soak::cli
