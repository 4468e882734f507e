#include "prove/trial.h"

#include <unistd.h>

#include <utility>

#include "analyze/profile.h"
#include "analyze/snapshot.h"
#include "apply/file_store.h"
#include "base/file.h"
#include "gate/gate.h"
#include "journal/artifacts.h"
#include "journal/write_artifacts.h"
#include "loop/run.h"
#include "loop/run_folder.h"
#include "prove/judgement.h"
#include "tuner/tuner.h"
#include "verify/verify.h"

namespace soak::prove {
namespace {

using target::FaultKind;

// Every iteration with a report passes: what fails the gate is delivery, and nothing else.
constexpr char kProfile[] = R"json({
  "name": "prove", "window": 8, "pass_at_least": 6, "warn_at_least": 5,
  "kpis": [{"name": "reports", "direction": "at_least", "threshold": 0, "sources": ["/seq"]}]
})json";

class ScenarioTuner final : public tuner::Tuner {
 public:
  explicit ScenarioTuner(const Scenario& scenario) : plan_(scenario.plan) {}
  tuner::Proposal propose(const tuner::TunerInput& input) const override {
    const auto found = plan_.find(input.iteration);
    if (found == plan_.end()) return {{}, "nothing planned", {}, {}};
    return {found->second, "planned", {"plan"}, {}};
  }

 private:
  const std::map<std::int64_t, ParamValues>& plan_;
};

loop::RunPlan plan_of(const Scenario& scenario, const analyze::Profile& profile,
                      const std::string& soak_version) {
  loop::RunPlan plan;
  plan.header.run_id = "prove-" + scenario.name;
  plan.header.iterations = scenario.iterations;
  plan.header.soak_version = soak_version;
  plan.header.kpi_profile = profile.name;
  plan.header.options = {{"prove", fault_kind_name(scenario.target.kind)}, {"seed", scenario.seed}};
  plan.start_runtime = scenario.start_runtime;
  plan.registry = &Registry::builtin();
  plan.profile = &profile;
  plan.iteration_length = scenario.iteration_length;
  plan.settle = scenario.settle;
  return plan;
}

Result<loop::RunOutcome> run_loop(const Scenario& scenario, const loop::RunPlan& plan,
                                  const std::string& folder, target::FaultyTarget& faulty,
                                  target::Target& target) {
  if (auto ready = loop::prepare_run_folder(folder, loop::FolderUse::kFresh, plan.start_runtime); !ready)
    return tl::unexpected(ready.error());
  const std::string runtime_path = folder + "/" + journal::kRuntimeName;
  apply::FileStore store(runtime_path);
  const ScenarioTuner tuner(scenario);
  std::int64_t observed = 0;
  loop::RunTools tools;
  tools.folder = folder;
  tools.target = &target;
  tools.tuner = &tuner;
  tools.store = &store;
  tools.runtime_path = runtime_path;
  tools.before_step = [&](std::string_view step) -> Result<void> {
    if (step == "observed") ++observed;
    return step == "apply" ? faulty.before_apply(observed) : Result<void>();
  };
  return loop::run_soak(plan, tools);
}

// The recorded faults are the loop's word, and the artifacts without them the verifier's own.
Result<Evidence> look_at(const std::string& folder, const analyze::Profile& profile) {
  auto run = journal::read_run(folder, Registry::builtin());
  if (!run) return tl::unexpected(run.error());
  Evidence evidence;
  const verify::VerifyResult verified = verify::verify_run(*run, Registry::builtin());
  evidence.named = verified.faults;
  evidence.verify_passed = verify::judge(verified, false).passed;
  evidence.strict_verify_passed = verify::judge(verified, true).passed;
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
  evidence.rederived = verify::verify_run(*run, Registry::builtin()).faults;
  return evidence;
}

Result<void> run_and_look(const Scenario& scenario, const std::string& folder,
                          const std::string& soak_version, const Wrap& wrap, Trial& trial) {
  static const Result<analyze::Profile> profile = analyze::parse_profile(kProfile, "prove");
  if (!profile) return tl::unexpected(profile.error());
  target::FaultyTargetOptions options = scenario.target;
  options.scratch_path = folder + ".values";
  auto faulty = target::make_faulty_target(options);
  if (!faulty) return tl::unexpected(faulty.error());
  const std::unique_ptr<target::Target> wrapped = wrap ? wrap(**faulty) : nullptr;
  const loop::RunPlan plan = plan_of(scenario, *profile, soak_version);
  const auto outcome =
      run_loop(scenario, plan, folder, **faulty, wrapped ? *wrapped : static_cast<target::Target&>(**faulty));
  ::unlink(options.scratch_path.c_str());
  if (!outcome) return tl::unexpected(outcome.error());
  auto evidence = look_at(folder, *profile);
  if (!evidence) return tl::unexpected(evidence.error());
  evidence->target_ended = outcome->end == loop::RunEnd::kTargetEnded;
  evidence->counted = outcome->faults;
  judge(**faulty, *evidence, trial);
  return {};
}

}  // namespace

Trial run_trial(const Scenario& scenario, const std::string& folder, const std::string& soak_version,
                const Wrap& wrap) {
  Trial trial;
  trial.kind = scenario.target.kind;
  trial.seed = scenario.seed;
  trial.named_as = "nothing";
  if (auto done = run_and_look(scenario, folder, soak_version, wrap, trial); !done) {
    trial.detected = false;
    trial.problems.push_back("the run failed: " + to_line(done.error()));
  }
  return trial;
}

}  // namespace soak::prove
