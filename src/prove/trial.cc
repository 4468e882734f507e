#include "prove/trial.h"

#include <unistd.h>

#include <utility>

#include "prove/experiment.h"

namespace soak::prove {
namespace {

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

Result<void> run_and_look(const Scenario& scenario, const std::string& folder,
                          const std::string& soak_version, const Wrap& wrap, Trial& trial) {
  const auto profile = delivery_profile(scenario.iterations);
  if (!profile) return tl::unexpected(profile.error());
  target::FaultyTargetOptions options = scenario.target;
  options.scratch_path = folder + ".values";
  auto faulty = target::make_faulty_target(options);
  if (!faulty) return tl::unexpected(faulty.error());
  const std::unique_ptr<target::Target> wrapped = wrap ? wrap(**faulty) : nullptr;
  const loop::RunPlan plan = plan_of(scenario, *profile, soak_version);
  Experiment experiment;
  experiment.plan = &plan;
  experiment.proposals = &scenario.plan;
  experiment.faulty = faulty->get();
  experiment.target = wrapped ? wrapped.get() : faulty->get();
  experiment.folder = folder;
  const auto end = make_experiment(experiment, trial);
  ::unlink(options.scratch_path.c_str());
  return end ? Result<void>() : tl::unexpected(end.error());
}

}  // namespace

Trial run_trial(const Scenario& scenario, const std::string& folder, const std::string& soak_version,
                const Wrap& wrap) {
  Trial trial;
  trial.kind = scenario.target.kind;
  trial.name = scenario.name;
  trial.seed = scenario.seed;
  trial.named_as = "nothing";
  if (auto done = run_and_look(scenario, folder, soak_version, wrap, trial); !done) {
    trial.detected = false;
    trial.problems.push_back("the run failed: " + to_line(done.error()));
  }
  return trial;
}

}  // namespace soak::prove
