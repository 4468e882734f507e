#pragma once
// For the loop's tests: a run in a fresh folder, on a target that reads the real runtime file and honours it,
// and a tuner that a test scripts. What the target reports is a function of (iteration, runtime file), as
// with the simulated one.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "apply/file_store.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"
#include "loop/run.h"
#include "loop/run_folder.h"
#include "tuner/tuner.h"

namespace soak::loop {

class HonestTarget : public target::Target {
 public:
  Result<void> start() override {
    ++starts;
    return {};
  }
  Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
    requests.push_back(request);
    if (before_report) before_report(request);
    const auto runtime = read_json_with_hash(request.runtime_path);
    if (!runtime) return tl::unexpected(runtime.error());
    target::IterationOutcome outcome;
    if (outcomes.contains(request.iteration)) outcome = outcomes[request.iteration];
    if (outcome.ended) return outcome;
    const bool steady = steady_from <= request.iteration && request.iteration <= steady_to;
    Json totals = {{"net_bps", steady ? 3.5 : 1.5},
                   {"risk_ratio", steady ? 0.2 : 0.5},
                   {"p95_latency_ms", 300},
                   {"maker_taker_ratio", 0.9},
                   {"neg_edge_drivers", Json::array({"fees_eff_bps"})}};
    Json params = own_values;
    params.merge_patch(runtime->value);
    if (distort) distort(request, totals, params);
    const Json effective = {{"state_hash", runtime->state_hash}, {"params", params}, {"instance_id", "one"}};
    for (std::int64_t part = 1; part <= reports_each; ++part) {
      journal::SeenReport report;
      report.iteration = request.iteration;
      report.seq = (request.iteration - 1) * reports_each + part;
      report.seen_utc = base::format_utc(request.start + request.length * part / reports_each);
      report.report = {{"seq", report.seq}, {"totals", totals}, {"effective", effective}};
      if (distort_report) distort_report(request, report.report);
      outcome.reports.push_back(report);
    }
    return outcome;
  }
  std::string name() const override { return "honest"; }

  Json own_values = Json::object();  // in effect where the file has none, nested
  std::int64_t reports_each = 2;
  std::int64_t steady_from = 1'000'000;
  std::int64_t steady_to = 0;
  std::map<std::int64_t, target::IterationOutcome> outcomes;
  std::function<void(const target::IterationRequest&)> before_report;
  // What it reports, where it is not honest or its market is not kind.
  std::function<void(const target::IterationRequest&, Json& totals, Json& params)> distort;
  std::function<void(const target::IterationRequest&, Json& report)> distort_report;
  std::vector<target::IterationRequest> requests;
  int starts = 0;
};

class ScriptedTuner : public tuner::Tuner {
 public:
  tuner::Proposal propose(const tuner::TunerInput& input) const override {
    asked.push_back(input.iteration);
    if (look) look(input);
    const auto found = plan.find(input.iteration);
    return found == plan.end() ? tuner::Proposal{{}, "nothing planned", {}, {}}
                               : tuner::Proposal{found->second, "scripted", {"script"}, {}};
  }
  std::map<std::int64_t, ParamValues> plan;
  std::function<void(const tuner::TunerInput&)> look;
  mutable std::vector<std::int64_t> asked;
};

class LoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // In memory where there is such a place: these tests look at what is written, not at what a disk makes of
    // it.
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    const std::filesystem::path place = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string pattern = (place / "soak-loop-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    plan_.header.run_id = "test";
    plan_.header.iterations = 6;
    plan_.header.soak_version = "0";
    plan_.header.kpi_profile = "market-maker";
    plan_.header.options = {{"iterations", 6}, {"seed", 1}};
    plan_.start_runtime = {{"engine", {{"min_interval_ms", 100}, {"tail_age_ms", 400}}},
                           {"mine", {{"kept", true}}}};
    plan_.registry = &Registry::builtin();
    plan_.profile = &analyze::market_maker_profile();
    tuner_.plan = {{1, {{"min_interval_ms", 110}}},
                   {3, {{"min_interval_ms", 120}, {"tail_age_ms", 420}}},
                   {4, {{"min_interval_ms", 120}}}};
    use_folder("run");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void use_folder(const std::string& name) {
    folder_ = root_ + "/" + name;
    ASSERT_TRUE(base::make_folders(folder_));
    store_ = std::make_unique<apply::FileStore>(runtime_path());
    target_ = std::make_unique<HonestTarget>();
  }
  std::string runtime_path() const { return folder_ + "/" + journal::kRuntimeName; }

  RunTools tools() {
    RunTools tools;
    tools.folder = folder_;
    tools.target = target_.get();
    tools.tuner = &tuner_;
    tools.store = store_.get();
    tools.runtime_path = runtime_path();
    return tools;
  }
  Result<RunOutcome> run() { return run_soak(plan_, tools()); }
  Result<RunOutcome> run_failing_at_step(int step) {
    RunTools failing = tools();
    failing.before_step = [step, count = 0](std::string_view name) mutable -> Result<void> {
      if (++count == step) return fail(ErrorCode::kIoError, "killed before " + std::string(name));
      return {};
    };
    return run_soak(plan_, failing);
  }

  Json summary(std::int64_t iteration) { return artifact(journal::iteration_summary_name(iteration)); }
  Json artifact(const std::string& name) {
    const auto file = read_json_with_hash(folder_ + "/" + name);
    EXPECT_TRUE(file) << name;
    return file ? file->value : Json();
  }
  // Name → bytes of everything in the folder but the lock, whose content is a process id.
  std::map<std::string, std::string> files() {
    std::map<std::string, std::string> found;
    const auto names = base::list_folder(folder_);
    for (const std::string& name : *names) {
      if (!name.ends_with(".lock")) found[name] = *base::read_file(folder_ + "/" + name);
    }
    return found;
  }
  std::vector<std::string> journal_types() {
    std::vector<std::string> types;
    auto reader = journal::JournalReader::open(folder_ + "/" + journal::kJournalName);
    if (!reader) return types;  // killed before there was a journal
    for (auto record = reader->next(); record && *record; record = reader->next())
      types.emplace_back(record_type_name((*record)->type));
    return types;
  }
  void write_runtime(const Json& runtime) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(runtime_path(), canonical_json(runtime)));
  }

  std::string root_;
  std::string folder_;
  RunPlan plan_;
  ScriptedTuner tuner_;
  std::unique_ptr<HonestTarget> target_;
  std::unique_ptr<apply::FileStore> store_;
};

}  // namespace soak::loop
