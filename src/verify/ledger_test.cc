#include "verify/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soak::verify {
namespace {

using journal::IterationFacts;
using journal::RunArtifacts;
using testing::HasSubstr;

constexpr char kSpread[] = "base_spread_bps";
constexpr char kAge[] = "tail_age_ms";

// Iteration 1 proposes spread 0.25 and age 700; iteration 2 reports what it is told to.
class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    iteration(0.2, 600).record.tuning.proposed_deltas = {{kSpread, 0.25}, {kAge, 700}};
    tuning().applied = true;
    tuning().old_hash = "aaaaaaaaaaaaaaaa";
    tuning().state_hash = "bbbbbbbbbbbbbbbb";
  }
  IterationFacts& iteration(double spread, int age) {
    IterationFacts facts;
    facts.has_summary = facts.has_effective = true;
    facts.record.iteration = static_cast<std::int64_t>(run_.iterations.size()) + 1;
    facts.record.summary.runtime_utc = "end of " + std::to_string(facts.record.iteration);
    facts.effective = {{kSpread, spread}, {kAge, age}};
    run_.iterations.push_back(std::move(facts));
    return run_.iterations.back();
  }
  void report(double spread, int age, const Json& evidence = nullptr, bool settled = true) {
    run_.foreign = false;
    journal::SeenReport seen{2, ++seq_, "moment " + std::to_string(seq_), settled, {}};
    seen.report = {{"effective", {{"params", {{kSpread, spread}, {kAge, age}}}}}};
    if (!evidence.is_null()) seen.report["evidence"] = evidence;
    run_.reports.push_back(std::move(seen));
  }
  journal::Tuning& tuning() { return run_.iterations[0].record.tuning; }
  std::vector<LedgerEntry> ledger(std::string_view name = {}) const {
    return ledger_of(run_, verify_run(run_, Registry::builtin()), Registry::builtin(), name);
  }
  LedgerEntry only(std::string_view name) const {
    const auto entries = ledger(name);
    EXPECT_EQ(entries.size(), 1U);
    return entries.at(0);
  }

  RunArtifacts run_;
  std::int64_t seq_ = 0;
};

TEST_F(LedgerTest, TellsAProvenChangeFromProposalToEvidence) {
  iteration(0.25, 700);
  report(0.2, 600, nullptr, false);
  report(0.25, 700);
  report(0.25, 700, {{kAge, {{"at_least", 702}}}});
  const LedgerEntry entry = only(kAge);
  EXPECT_EQ(entry.stage, Stage::kProven);
  EXPECT_EQ(entry.before, 600);
  EXPECT_EQ(entry.proposed_utc, "end of 1");
  EXPECT_EQ(entry.effective, 700);
  EXPECT_EQ(entry.effective_utc, "moment 2") << "what came within the settle time proves nothing";
  EXPECT_EQ(entry.evidence, (Json{{"at_least", 702}}));
  EXPECT_TRUE(entry.why.empty());
  EXPECT_EQ(to_line(entry),
            "iteration 1: tail_age_ms 600 -> 700: applied end of 1 (aaaaaaaa -> bbbbbbbb), in effect in "
            "iteration 2 at moment 2, proven by report and evidence {\"at_least\":702}");
  EXPECT_THAT(to_line(only(kSpread)), HasSubstr("nothing measured"));
}

TEST_F(LedgerTest, StopsWhereTheTargetKeptTheOldValue) {
  iteration(0.25, 600);
  report(0.25, 600);
  EXPECT_EQ(only(kSpread).stage, Stage::kProven);
  const LedgerEntry entry = only(kAge);
  EXPECT_EQ(entry.stage, Stage::kInEffect);
  EXPECT_THAT(entry.why, HasSubstr("half applied"));
  EXPECT_THAT(to_line(entry), HasSubstr("in iteration 2 it is 600; stopped at in_effect: half applied"));
}

TEST_F(LedgerTest, StopsAtTheEvidenceThatConvictsAnEcho) {
  iteration(0.25, 700);
  report(0.25, 700, {{kAge, {{"at_least", 300}}}});
  const LedgerEntry entry = only(kAge);
  EXPECT_EQ(entry.stage, Stage::kEvidence);
  EXPECT_THAT(entry.why, HasSubstr("300"));
}

TEST_F(LedgerTest, StopsAtTheGuardThatHeldIt) {
  tuning().applied = false;
  tuning().skip_reason = SkipReason{.freeze = true, .note = "freeze guard active"};
  iteration(0.2, 600);
  const LedgerEntry entry = only(kSpread);
  EXPECT_EQ(entry.stage, Stage::kGuards);
  EXPECT_EQ(entry.guard, "freeze");
  EXPECT_EQ(to_line(entry), "iteration 1: base_spread_bps 0.2 -> 0.25: held (freeze): freeze guard active");
}

TEST_F(LedgerTest, SaysThatAChangeWasNeverWritten) {
  tuning().applied = false;
  iteration(0.2, 600);
  EXPECT_EQ(only(kSpread).stage, Stage::kApply);
}

TEST_F(LedgerTest, LeavesTheLastChangeOfForeignArtifactsPending) {
  EXPECT_EQ(only(kSpread).stage, Stage::kPending);
}

TEST_F(LedgerTest, TellsOfAnApplyAfterWhichTheRunBrokeOff) {
  tuning() = {};
  run_.foreign = false;
  run_.broken_off = journal::BrokenOff{2, {{kSpread, 0.3}}};
  const LedgerEntry entry = only(kSpread);
  EXPECT_EQ(entry.iteration, 2);
  EXPECT_NE(entry.stage, Stage::kProven);
  EXPECT_FALSE(entry.why.empty());
}

TEST_F(LedgerTest, ProvenValuesAreThoseWrittenLastAndStillInEffect) {
  iteration(0.25, 700);
  iteration(0.25, 650);
  const VerifyResult verified = verify_run(run_, Registry::builtin());
  const ProvenValues proven = proven_values(run_, verified, ledger());
  EXPECT_EQ(proven.values, (ParamValues{{kSpread, 0.25}}));
  EXPECT_THAT(proven.left_out.at(kAge), HasSubstr("650"));
}

TEST_F(LedgerTest, AValueThatWasNotTakenOrWasAtFaultLaterIsNotProven) {
  iteration(0.25, 600);
  iteration(0.25, 600).record.target.faults = {{3, "drifted", kSpread, "for a while"}};
  const VerifyResult verified = verify_run(run_, Registry::builtin());
  const ProvenValues proven = proven_values(run_, verified, ledger());
  EXPECT_TRUE(proven.values.empty());
  EXPECT_EQ(proven.left_out.size(), 2U);
}

TEST_F(LedgerTest, WritesEveryMemberToJson) {
  iteration(0.25, 700);
  report(0.25, 700);
  const Json json = to_json(only(kSpread));
  EXPECT_EQ(json.at("stage"), "proven");
  EXPECT_EQ(json.at("guard"), nullptr);
  EXPECT_EQ(json.at("next_iteration"), 2);
  EXPECT_EQ(json.at("state_hash"), "bbbbbbbbbbbbbbbb");
}

}  // namespace
}  // namespace soak::verify
