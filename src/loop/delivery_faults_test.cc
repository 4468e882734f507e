// Faulty targets: what the loop names as faults while it runs is what verify finds in the journal afterwards.

#include <gmock/gmock.h>

#include <random>
#include <utility>
#include <vector>

#include "loop/loop_fixture.h"
#include "loop/run.h"
#include "verify/verify.h"

namespace soak::loop {
namespace {

using ::testing::ElementsAre;

// Says what the test has it say; where the test says nothing, the values of the runtime file.
class ScriptedTarget final : public HonestTarget {
 public:
  struct Said {
    ParamValues values;  // in the place of the file's
    bool settled = true;
    std::string instance = "one";
    bool again = false;             // the report before once more
    bool silent_on_values = false;  // no `effective`
    bool behind = false;            // the values of the file that the iteration before had
  };

  Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
    if (before_report) before_report(request);
    const auto runtime = read_json_with_hash(request.runtime_path);
    if (!runtime) return tl::unexpected(runtime.error());
    const ParamValues now = get_all_params(runtime->value, Registry::builtin());
    const ParamValues before = std::exchange(file_, now);
    target::IterationOutcome outcome;
    const auto script = says.find(request.iteration);
    const std::vector<Said> honest(1);
    for (const Said& said : script == says.end() ? honest : script->second) {
      if (said.again && !last_.report.is_null()) {
        outcome.reports.push_back(last_);
        outcome.reports.back().iteration = request.iteration;
        continue;
      }
      ParamValues values = said.behind ? before : now;
      for (const auto& [name, value] : said.values) values[name] = value;
      last_.iteration = request.iteration;
      // A function of the iteration, as the loop promises the same bytes after a resume only for such
      // targets.
      last_.seq = request.iteration * 100 + static_cast<std::int64_t>(outcome.reports.size());
      last_.settled = said.settled;
      last_.report = {{"seq", last_.seq}, {"totals", {{"net_bps", 3.0}}}};
      if (!said.silent_on_values) {
        last_.report["effective"] = {
            {"params", values}, {"instance_id", said.instance}, {"state_hash", runtime->state_hash}};
      }
      outcome.reports.push_back(last_);
    }
    return outcome;
  }

  std::map<std::int64_t, std::vector<Said>> says;

 private:
  journal::SeenReport last_;
  ParamValues file_;
};

class DeliveryFaults : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    plan_.start_runtime = {
        {"engine", {{"tail_age_ms", 600}, {"max_age_ms", 900}}},
        {"tuner", {{"oscillation_window", 0}, {"velocity_cap", 1000}, {"cooldown_iters", 0}}}};
    tuner_.plan = {};
    use_folder("faulty");
  }
  Result<RunOutcome> run_scripted() {
    RunTools tools_now = tools();
    tools_now.target = &scripted_;
    tools_now.on_iteration = on_iteration_;
    return run_soak(plan_, tools_now);
  }
  verify::VerifyResult verified() {
    const auto run = journal::read_run(folder_, Registry::builtin());
    EXPECT_TRUE(run) << run.error().file << ": " << run.error().message;
    return verify::verify_run(*run, Registry::builtin());
  }
  std::vector<journal::Fault> recorded() {
    const auto run = journal::read_run(folder_, Registry::builtin());
    EXPECT_TRUE(run) << run.error().file << ": " << run.error().message;
    std::vector<journal::Fault> faults;
    for (const journal::IterationFacts& facts : run->iterations)
      faults.insert(faults.end(), facts.record.target.faults.begin(), facts.record.target.faults.end());
    return faults;
  }
  static std::vector<std::string> names(const std::vector<journal::Fault>& faults) {
    std::vector<std::string> out;
    for (const journal::Fault& fault : faults)
      out.push_back(std::to_string(fault.iteration) + " " + fault.kind +
                    (fault.parameter.empty() ? "" : " " + fault.parameter));
    return out;
  }
  // All that the loop named, but for an omission whose value came late.
  void expect_agreement(std::int64_t counted, const std::string& trace) {
    const std::vector<journal::Fault> found = verified().faults;
    std::vector<journal::Fault> named = recorded();
    std::erase_if(named, [&](const journal::Fault& fault) {
      if (fault.kind != "ignored" && fault.kind != "half_applied") return false;
      if (std::find(found.begin(), found.end(), fault) != found.end()) return false;
      return std::any_of(found.begin(), found.end(), [&](const journal::Fault& late) {
        return late.kind == "late" && late.parameter == fault.parameter && late.iteration > fault.iteration;
      });
    });
    EXPECT_THAT(named, ::testing::UnorderedElementsAreArray(found))
        << trace << "\nthe loop: " << ::testing::PrintToString(names(named))
        << "\nverify: " << ::testing::PrintToString(names(found));
    EXPECT_EQ(counted, static_cast<std::int64_t>(found.size())) << trace;
  }

  ScriptedTarget scripted_;
  std::function<void(const journal::IterationRecord&)> on_iteration_;
};

TEST_F(DeliveryFaults, HalfAppliedAndMadeGoodByANewerApplyStaysHalfApplied) {
  tuner_.plan = {{1, {{"tail_age_ms", 610}, {"max_age_ms", 910}}}, {2, {{"tail_age_ms", 620}}}};
  scripted_.says = {{2, {{.values = {{"tail_age_ms", 600}}}}}};
  const auto outcome = run_scripted();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(names(recorded()), ElementsAre("2 half_applied tail_age_ms"));
  expect_agreement(outcome->faults, "half applied");
}

TEST_F(DeliveryFaults, OmittedAndThereAnIterationLaterIsLateForBoth) {
  tuner_.plan = {{1, {{"tail_age_ms", 610}}}, {2, {{"max_age_ms", 910}}}};
  scripted_.says = {{2, {{.values = {{"tail_age_ms", 600}}}}}};
  const auto outcome = run_scripted();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(names(recorded()), ElementsAre("2 ignored tail_age_ms", "3 late tail_age_ms"));
  EXPECT_THAT(names(verified().faults), ElementsAre("3 late tail_age_ms"));
  expect_agreement(outcome->faults, "late");
}

TEST_F(DeliveryFaults, AlwaysOneApplyBehindIsLateForBoth) {
  tuner_.plan = {{1, {{"tail_age_ms", 610}}}, {2, {{"tail_age_ms", 620}}}, {3, {{"tail_age_ms", 630}}}};
  for (std::int64_t i = 1; i <= 6; ++i) {
    scripted_.says[i] = {ScriptedTarget::Said()};
    scripted_.says[i].front().behind = i > 1;
  }
  const auto outcome = run_scripted();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(names(verified().faults),
              ElementsAre("3 late tail_age_ms", "4 late tail_age_ms", "5 late tail_age_ms"));
  expect_agreement(outcome->faults, "one behind");
}

TEST_F(DeliveryFaults, AReportSeenTwiceIsStaleForBoth) {
  scripted_.says[3] = {ScriptedTarget::Said()};
  scripted_.says[3].front().again = true;
  const auto outcome = run_scripted();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(names(recorded()), ElementsAre("3 stale_report"));
  expect_agreement(outcome->faults, "seen twice");
}

TEST_F(DeliveryFaults, ATargetThatDoesNotFollowAnEditMadeWhileItRanHasDriftedForBoth) {
  scripted_.before_report = [&](const target::IterationRequest& request) {
    if (request.iteration == 2) write_runtime({{"engine", {{"tail_age_ms", 700}, {"max_age_ms", 900}}}});
  };
  for (std::int64_t i = 2; i <= 6; ++i) scripted_.says[i] = {{.values = {{"tail_age_ms", 600}}}};
  const auto outcome = run_scripted();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(names(recorded()), ElementsAre("2 wrong_hash", "2 foreign_edit", "3 drifted tail_age_ms"));
  expect_agreement(outcome->faults, "edited");
}

// ---- any sequence ----

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

 private:
  std::mt19937 random_;  // its numbers are the same everywhere
};

ScriptedTarget::Said anything(Chance& chance) {
  ScriptedTarget::Said said;
  for (const char* name : {"tail_age_ms", "max_age_ms"}) {
    const int base = std::string(name) == "tail_age_ms" ? 600 : 900;
    if (chance.below(3) == 0) said.values[name] = base + 10 * chance.below(4);
  }
  said.settled = chance.below(5) != 0;
  said.instance = chance.below(8) == 0 ? "two" : "one";
  said.again = chance.below(10) == 0;
  said.behind = chance.below(3) == 0;
  if (said.behind) said.values.clear();
  said.silent_on_values = chance.below(8) == 0;
  return said;
}

TEST_F(DeliveryFaults, LoopAndVerifyAgreeOnAnySequence) {
  std::int64_t late = 0;
  std::int64_t taken_back = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Chance chance(seed);
    use_folder("seed-" + std::to_string(seed));
    plan_.header.iterations = 9;
    tuner_.plan.clear();
    scripted_ = {};
    for (std::int64_t i = 1; i <= plan_.header.iterations; ++i) {
      if (chance.below(3) != 0) tuner_.plan[i]["tail_age_ms"] = 600 + 10 * chance.below(4);
      if (chance.below(3) == 0) tuner_.plan[i]["max_age_ms"] = 900 + 10 * chance.below(4);
      if (chance.below(4) == 0) continue;
      for (int reports = chance.below(4); reports > 0; --reports)
        scripted_.says[i].push_back(anything(chance));
    }
    const std::int64_t edited = chance.below(12);  // while that iteration runs, or before it
    const auto edit = [&] {
      write_runtime({{"engine", {{"tail_age_ms", 600 + 10 * chance.below(4)}, {"max_age_ms", 900}}},
                     {"tuner", plan_.start_runtime["tuner"]},
                     {"hand", {{"seed", seed}}}});
    };
    const bool while_it_runs = chance.below(2) == 0;
    scripted_.before_report = [&](const target::IterationRequest& request) {
      if (while_it_runs && request.iteration == edited) edit();
    };
    on_iteration_ = [&](const journal::IterationRecord& record) {
      if (!while_it_runs && record.iteration + 1 == edited) edit();
    };
    const auto outcome = run_scripted();
    ASSERT_TRUE(outcome) << "seed " << seed << ": " << outcome.error().message;
    expect_agreement(outcome->faults, "seed " + std::to_string(seed));
    for (const journal::Fault& fault : verified().faults) late += fault.kind == "late";
    taken_back += static_cast<std::int64_t>(recorded().size() - verified().faults.size());
    // What a resume rebuilds from the journal counts the same.
    const auto again = run_scripted();
    ASSERT_TRUE(again) << "seed " << seed << ": " << again.error().message;
    EXPECT_EQ(again->faults, outcome->faults) << "seed " << seed;
    if (HasFailure()) return;
  }
  EXPECT_GT(late, 20);  // or the sequences show nothing
  EXPECT_GT(taken_back, 5);
}

}  // namespace
}  // namespace soak::loop
