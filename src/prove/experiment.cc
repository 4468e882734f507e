#include "prove/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analyze/snapshot.h"
#include "apply/file_store.h"
#include "gate/gate.h"
#include "journal/artifacts.h"
#include "journal/write_artifacts.h"
#include "loop/run_folder.h"
#include "tuner/tuner.h"
#include "verify/verify.h"

namespace soak::prove {
namespace {

constexpr std::int64_t kPassingMax = 6;

class PlannedTuner final : public tuner::Tuner {
 public:
  explicit PlannedTuner(const std::map<std::int64_t, ParamValues>& plan) : plan_(plan) {}
  tuner::Proposal propose(const tuner::TunerInput& input) const override {
    const auto found = plan_.find(input.iteration);
    if (found == plan_.end()) return {{}, "nothing planned", {}, {}};
    return {found->second, "planned", {"plan"}, {}};
  }

 private:
  const std::map<std::int64_t, ParamValues>& plan_;
};

Result<loop::RunOutcome> run_loop(const Experiment& experiment) {
  const loop::RunPlan& plan = *experiment.plan;
  if (auto ready = loop::prepare_run_folder(experiment.folder, loop::FolderUse::kFresh, plan.start_runtime);
      !ready)
    return tl::unexpected(ready.error());
  const std::string runtime_path = experiment.folder + "/" + journal::kRuntimeName;
  apply::FileStore store(runtime_path);
  const PlannedTuner tuner(*experiment.proposals);
  std::int64_t observed = 0;
  loop::RunTools tools;
  tools.folder = experiment.folder;
  tools.target = experiment.target;
  tools.tuner = &tuner;
  tools.store = &store;
  tools.runtime_path = runtime_path;
  tools.stop = experiment.stop;
  tools.before_step = [&](std::string_view step) -> Result<void> {
    if (step == "observed") ++observed;
    return step == "apply" ? experiment.faulty->before_apply(observed) : Result<void>();
  };
  return loop::run_soak(plan, tools);
}

// The recorded faults are the loop's word, and the artifacts without them the verifier's own.
Result<Evidence> look_at(const Experiment& experiment) {
  const Registry& registry = *experiment.plan->registry;
  const analyze::Profile& profile = *experiment.plan->profile;
  auto run = journal::read_run(experiment.folder, registry);
  if (!run) return tl::unexpected(run.error());
  Evidence evidence;
  const verify::VerifyResult verified = verify::verify_run(*run, registry);
  evidence.named = verified.faults;
  evidence.verify_passed = verify::judge(verified, false).passed;
  evidence.strict_verify_passed = verify::judge(verified, true).passed;
  for (const verify::Failure& failure : verified.failures)
    evidence.failures.push_back(verify::to_line(failure));
  gate::GateOptions options;
  options.strict = true;
  options.allow_unfrozen = true;
  const gate::GateResult judged =
      gate::judge(*run, profile, analyze::take_snapshot(*run, profile), &verified, options);
  evidence.gate_passed = judged.passed();
  for (const gate::Check& check : judged.checks) {
    if (check.status == gate::CheckStatus::kFailed) evidence.gate_failures.push_back(check.name);
  }
  for (journal::IterationFacts& facts : run->iterations) {
    auto& recorded = facts.record.target.faults;
    evidence.recorded.insert(evidence.recorded.end(), recorded.begin(), recorded.end());
    recorded.clear();
  }
  evidence.rederived = verify::verify_run(*run, registry).faults;
  return evidence;
}

}  // namespace

Result<analyze::Profile> delivery_profile(std::int64_t iterations) {
  const std::int64_t passing = std::min(iterations, kPassingMax);
  const Json text = {
      {"name", "prove"},
      {"window", 8},
      {"pass_at_least", passing},
      {"warn_at_least", std::max<std::int64_t>(1, passing - 1)},
      {"kpis", {{{"name", "reports"}, {"direction", "at_least"}, {"threshold", 0}, {"sources", {"/seq"}}}}}};
  return analyze::parse_profile(canonical_json(text), "prove");
}

Result<loop::RunEnd> make_experiment(const Experiment& experiment, Trial& trial) {
  const auto outcome = run_loop(experiment);
  if (!outcome) return tl::unexpected(outcome.error());
  if (outcome->end == loop::RunEnd::kInterrupted) return outcome->end;
  auto evidence = look_at(experiment);
  if (!evidence) return tl::unexpected(evidence.error());
  evidence->past = experiment.past;
  evidence->target_ended = outcome->end == loop::RunEnd::kTargetEnded;
  evidence->counted = outcome->faults;
  judge(*experiment.faulty, *evidence, trial);
  return outcome->end;
}

}  // namespace soak::prove
